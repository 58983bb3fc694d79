/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/app.h"

#include <string.h>

enum { CANDIDATES_MOST = 16, VALUES_MOST = 256 };

/* The values given so far for an option that takes several. */
struct list {
	const char *values[VALUES_MOST];
	size_t count;
};

/* Where we are in the words of a verb. */
struct scan {
	const struct verb *verb;
	const struct words *words;
	int at, kept;
	struct list *lists; /* one for each option; NULL without an arena */
};

static int refuse_option(const struct scan *scan, const char *word, struct error *err)
{
	const char *names[CANDIDATES_MOST];
	size_t count = 0;
	size_t size = strcspn(word, "=");
	char name[64];

	for (; count < scan->words->option_count && count < CANDIDATES_MOST; count++)
		names[count] = scan->words->options[count].name;
	if (size < sizeof name) {
		memcpy(name, word, size);
		name[size] = '\0';
		const char *near = text_nearest(name, names, count);
		if (near != NULL)
			return error_set(err, ERR_USAGE, "\"%s\" has no option %s; did you mean %s?", scan->verb->name,
					 name, near);
	}
	return error_set(err, ERR_USAGE, "\"%s\" has no option %.*s; see: rosterctl help %s", scan->verb->name,
			 (int)size, word, scan->verb->name);
}

static struct option_value *find_option(const struct words *words, const char *word)
{
	size_t size = strcspn(word, "=");

	for (size_t i = 0; i < words->option_count; i++) {
		const char *name = words->options[i].name;
		if ((strncmp(name, word, size) == 0 && name[size] == '\0') || (size == 2 && word[1] == name[2]))
			return &words->options[i];
	}
	return NULL;
}

/* The value of an option: behind "=", or the next word. */
static const char *take_value(struct scan *scan, const char *word)
{
	const char *value = strchr(word, '=');

	if (value != NULL)
		return value + 1;
	return scan->at < *scan->words->argc ? scan->words->argv[scan->at++] : NULL;
}

static int keep_in_list(struct scan *scan, struct option_value *option, const char *value, struct error *err)
{
	struct list *list = &scan->lists[option - scan->words->options];
	struct str text = {0};

	if (list->count == VALUES_MOST)
		return error_set(err, ERR_USAGE, "%s is given more than %d times", option->name, VALUES_MOST);
	list->values[list->count++] = value;
	pg_array(list->values, list->count, &text);
	option->value = arena_strdup(scan->words->arena, str_text(&text));
	str_free(&text);
	return 0;
}

static int take_option(struct scan *scan, const char *word, struct error *err)
{
	struct option_value *option = find_option(scan->words, word);
	const char *value = "";

	if (option == NULL)
		return refuse_option(scan, word, err);
	if (option->kind == OPTION_FLAG && strchr(word, '=') != NULL)
		return error_set(err, ERR_USAGE, "%s takes no value", option->name);
	if (option->kind != OPTION_FLAG && (value = take_value(scan, word)) == NULL)
		return error_set(err, ERR_USAGE, "%s needs a value", option->name);
	if (option->kind == OPTION_LIST && scan->lists != NULL)
		return keep_in_list(scan, option, value, err);
	if (option->value != NULL)
		return error_set(err, ERR_USAGE, "%s is given twice", option->name);
	option->value = value;
	return 0;
}

static int check_count(const struct scan *scan, struct error *err)
{
	if (scan->kept < scan->words->least)
		return error_set(err, ERR_USAGE, "\"%s\" needs more words: rosterctl %s %s", scan->verb->name,
				 scan->verb->name, scan->verb->usage);
	if (scan->kept > scan->words->most)
		return error_set(err, ERR_USAGE, "\"%s\" is one word too many: rosterctl %s%s%s",
				 scan->words->argv[scan->words->most], scan->verb->name, *scan->verb->usage ? " " : "",
				 scan->verb->usage);
	return 0;
}

int app_take_options(const struct verb *verb, const struct words *words, struct error *err)
{
	struct scan scan = {.verb = verb, .words = words};
	bool plain = false;

	if (words->arena != NULL)
		scan.lists = arena_alloc_array(words->arena, words->option_count + 1, sizeof *scan.lists);
	while (scan.at < *words->argc) {
		char *word = words->argv[scan.at++];
		if (!plain && strcmp(word, "--") == 0)
			plain = true;
		else if (plain || word[0] != '-' || word[1] == '\0')
			words->argv[scan.kept++] = word;
		else if (take_option(&scan, word, err) != 0)
			return -1;
	}
	*words->argc = scan.kept;
	return check_count(&scan, err);
}
