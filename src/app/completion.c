/* SPDX-License-Identifier: Apache-2.0 */
#include "app/completion.h"

#include "app/verbs.h"

#include <ctype.h>
#include <string.h>

static const char global_words[] = "--config --json --plain --no-color --verbose --help --version";

/* The options in a usage: every word that begins with "--". */
static void add_options(struct str *out, const char *usage)
{
	for (const char *at = strstr(usage, "--"); at != NULL; at = strstr(at, "--")) {
		size_t size = 2;
		while (islower((unsigned char)at[size]) || at[size] == '-')
			size++;
		str_add_char(out, ' ');
		str_append(out, at, size);
		at += size;
	}
}

/* Words in capitals are places to fill; small ones, as "bash|zsh", can be offered. */
static void add_words(struct str *out, const char *usage)
{
	for (const char *at = usage; *at != '\0';) {
		size_t size = 0;
		while (islower((unsigned char)at[size]))
			size++;
		bool alone = at == usage || strchr(" [|", at[-1]) != NULL;
		if (size > 0 && alone) {
			str_add_char(out, ' ');
			str_append(out, at, size);
		}
		at += size > 0 ? size : 1;
	}
}

static bool begins(const struct verb *verb, const struct verb *before)
{
	size_t size = strcspn(verb->name, " ");

	return before == NULL || strncmp(verb->name, before->name, size) != 0 || strcspn(before->name, " ") != size;
}

static void add_first_words(struct str *out)
{
	size_t family = 0, index = 0;
	const struct verb *verb, *before = NULL;

	for (; (verb = verb_next(&family, &index)) != NULL; before = verb)
		if (begins(verb, before))
			str_printf(out, "%s%.*s", out->size == 0 ? "" : " ", (int)strcspn(verb->name, " "), verb->name);
}

/* The second words behind every first one. */
static void print_second_words(void)
{
	size_t family = 0, index = 0;
	const struct verb *verb, *before = NULL;

	for (; (verb = verb_next(&family, &index)) != NULL; before = verb) {
		const char *second = strchr(verb->name, ' ');
		if (begins(verb, before) && before != NULL)
			puts("\" ;;");
		if (begins(verb, before))
			printf("\t%.*s) second=\"", (int)strcspn(verb->name, " "), verb->name);
		printf("%s", second == NULL ? "" : second);
	}
	puts("\" ;;");
}

static void print_options(void)
{
	size_t family = 0, index = 0;
	const struct verb *verb;

	while ((verb = verb_next(&family, &index)) != NULL) {
		struct str words = {0};
		add_options(&words, verb->usage);
		add_words(&words, verb->usage);
		if (words.size > 0)
			printf("\t\"%s\") words=\"%s\" ;;\n", verb->name, str_text(&words) + 1);
		str_free(&words);
	}
}

/* One function serves both shells: zsh brings what bash's completion needs. */
static void print_script(bool zsh)
{
	struct str first = {0};

	add_first_words(&first);
	if (zsh)
		puts("autoload -U +X bashcompinit && bashcompinit");
	printf("_rosterctl() {\n"
	       "\tlocal word=\"${COMP_WORDS[COMP_CWORD]}\" verb=\"\" second=\"\" words=\"\" i\n"
	       "\tlocal -a said=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase \"${COMP_WORDS[i]}\" in\n"
	       "\t\t-f | --config) i=$((i + 1)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) said+=(\"${COMP_WORDS[i]}\") ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tset -- \"${said[@]}\"\n"
	       "\tcase \"$1\" in\n"
	       "\t\"\") words=\"%s\" ;;\n",
	       str_text(&first));
	print_second_words();
	puts("\tesac\n"
	     "\tverb=\"$1\"\n"
	     "\tcase \" $second \" in *\" ${2:--} \"*) verb=\"$1 $2\"; second=\"\" ;; esac\n"
	     "\t[ $# -lt 2 ] || [ \"$verb\" != \"$1\" ] || second=\"\"\n"
	     "\tcase \"$verb\" in");
	print_options();
	printf("\tesac\n"
	       "\tCOMPREPLY=($(compgen -W \"$second $words %s\" -- \"$word\"))\n"
	       "}\n"
	       "complete -o default -F _rosterctl rosterctl\n",
	       global_words);
	str_free(&first);
}

int cmd_completion(struct app *app, int argc, char **argv, struct error *err)
{
	if (app_options(app->verb, &argc, argv, NULL, 0, 1, 1, err) != 0)
		return -1;
	bool zsh = strcmp(argv[0], "zsh") == 0;
	if (!zsh && strcmp(argv[0], "bash") != 0)
		return error_set(err, ERR_USAGE, "there is no completion for \"%s\", only for bash and zsh", argv[0]);
	print_script(zsh);
	return 0;
}
