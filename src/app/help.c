/* SPDX-License-Identifier: Apache-2.0 */
#include "app/help.h"

#include "app/completion.h"
#include "app/verbs.h"

#include <stdio.h>
#include <string.h>

enum { LINE_WIDTH = 80, NAME_WIDTH = 22 };

static const char global_help[] =
    "Options, before or after the verb:\n"
    "  -f, --config FILE    the configuration; else $ROSTER_CONFIG, else /etc/roster/rosterd.conf\n"
    "      --json           print JSON\n"
    "      --plain          print lines with tabs, for scripts\n"
    "      --no-color       print no colours; $NO_COLOR does the same\n"
    "  -v, --verbose        say more on standard error\n"
    "  -h, --help           help, also for a verb: rosterctl VERB --help\n"
    "  -V, --version        print the version\n";

static void print_verb_line(const struct verb *verb)
{
	printf("  %-*s %s\n", NAME_WIDTH, verb->name, verb->summary);
}

static void print_all(void)
{
	puts("usage: rosterctl [OPTION...] VERB [ARGUMENT...]\n");
	for (size_t f = 0; verb_families[f] != NULL; f++) {
		printf("%s:\n", verb_families[f]->title);
		for (size_t i = 0; i < verb_families[f]->count; i++)
			print_verb_line(&verb_families[f]->verbs[i]);
		putchar('\n');
	}
	fputs(global_help, stdout);
}

/* Words of a paragraph, as many on a line as fit. */
static void print_paragraph(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t size = strcspn(text, " ");
		if (column > 0 && column + 1 + size > LINE_WIDTH) {
			putchar('\n');
			column = 0;
		}
		printf("%s%.*s", column == 0 ? "" : " ", (int)size, text);
		column += size + (column == 0 ? 0 : 1);
		text += size + strspn(text + size, " ");
	}
	putchar('\n');
}

static void print_one(const struct verb *verb)
{
	printf("usage: rosterctl %s%s%s\n\n", verb->name, verb->usage[0] == '\0' ? "" : " ", verb->usage);
	print_paragraph(verb->help);
	printf("\nexample: rosterctl %s\n", verb->example);
}

/* How many verbs of two words begin with this one. */
static size_t print_beginning(const char *first)
{
	size_t family = 0, index = 0, count = 0, size = strlen(first);
	const struct verb *verb;

	while ((verb = verb_next(&family, &index)) != NULL) {
		if (strncmp(verb->name, first, size) != 0 || verb->name[size] != ' ')
			continue;
		print_verb_line(verb);
		count++;
	}
	return count;
}

int help_print(const char *topic, struct error *err)
{
	const struct verb *verb = topic == NULL ? NULL : verb_named(topic);
	int used;

	if (topic == NULL)
		print_all();
	else if (verb != NULL)
		print_one(verb);
	else if (print_beginning(topic) == 0)
		return verb_find((char *const[]){(char *)topic}, 1, &verb, &used, err);
	return 0;
}

static int cmd_help(struct app *app, int argc, char **argv, struct error *err)
{
	struct str topic = {0};
	int rc;

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 2, err) != 0)
		return -1;
	for (int i = 0; i < argc; i++)
		str_printf(&topic, "%s%s", i == 0 ? "" : " ", argv[i]);
	rc = help_print(argc == 0 ? NULL : str_text(&topic), err);
	str_free(&topic);
	return rc;
}

static const struct verb verbs[] = {
    {
	.name = "help",
	.usage = "[VERB]",
	.summary = "list the verbs, or explain one",
	.help = "The same as --help.",
	.example = "help group members",
	.run = cmd_help,
    },
    {
	.name = "completion",
	.usage = "bash|zsh",
	.summary = "print what a shell needs to complete words",
	.help = "Source the output, or keep it where the shell looks for completions.",
	.example = "completion bash >/etc/bash_completion.d/rosterctl",
	.run = cmd_completion,
    },
};

const struct verb_family help_family = {"Help", verbs, sizeof verbs / sizeof verbs[0]};
