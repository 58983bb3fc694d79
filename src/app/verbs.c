/* SPDX-License-Identifier: Apache-2.0 */
#include "app/verbs.h"

#include <string.h>

static const struct verb sync_verbs[] = {
    {
	.name = "plan",
	.usage = "[--source SOURCE] [-o|--output FILE] [--exit-code] [--local]",
	.summary = "show what sync would change",
	.help =
	    "The rosterd that leads a source reads it, takes the same road as sync and takes it back at the end; "
	    "with --local this process does. A plan saved with --output is applied by `rosterctl sync --plan FILE` as "
	    "long as it is still what there is to do. With --exit-code the exit code is 2 when something would "
	    "change or waits for a decision. Only a platform administrator may ask rosterd.",
	.example = "plan --source corp -o plan.json",
	.run = cmd_plan,
    },
    {
	.name = "sync",
	.usage = "[--source SOURCE] [--plan FILE] [--full] [--wait | --no-wait] [--local]",
	.summary = "read the sources now and apply what follows",
	.help =
	    "Asks the rosterd that leads each source and waits for the end, as --wait says too, unless --no-wait is "
	    "given; with --local "
	    "this process does it, and prints the first 10000 changes unless --plain or --json is given. Changes "
	    "within "
	    "the limits of safety: { ... } are applied; those above them are "
	    "held. The exit code is 1 while anything is held that nobody has decided about, also by an earlier run. "
	    "With --plan exactly the plan of that file is applied, or nothing when it "
	    "has changed since. With --full everything is read, of a server that lags too when no other can be had, "
	    "and everybody is compared. Only a platform "
	    "administrator may ask rosterd.",
	.example = "sync --source corp",
	.run = cmd_sync,
    },
    {
	.name = "approve",
	.usage = "RUN [--local]",
	.summary = "release what a run holds",
	.help = "Applies the held changes of a run that are still asked for. The directory is not read again. Only "
		"a platform administrator may.",
	.example = "approve corp/12",
	.run = cmd_approve,
    },
    {
	.name = "reject",
	.usage = "RUN [--local]",
	.summary = "drop what a run holds",
	.help = "What the held changes would take away stays until the directory entries they follow from change "
		"again. A run that is held as a whole does nothing, nor do those after it, as long as they would do "
		"the same. Needs no rosterd. Only a platform administrator may.",
	.example = "reject corp/12",
	.run = cmd_reject,
    },
    {
	.name = "revert",
	.usage = "REVISION|RUN [--plan] [--yes]",
	.summary = "take back what a revision or a run did",
	.help =
	    "As one new revision, as far as everything still is as that left it: what was changed again since, and "
	    "what "
	    "cannot be as it was, is left and named. A bare number is a revision; a run is written as runs prints it. "
	    "--plan only shows what would be taken back. What a source would do again at its next run is held, as if "
	    "the "
	    "limits had held it; approve lets it go. What is above the limits of safety: { ... } needs --yes. Only a "
	    "platform administrator may, with a second factor where it is about production.",
	.example = "revert corp/12 --plan",
	.run = cmd_revert,
    },
    {
	.name = "pause",
	.usage = "SOURCE|TARGET",
	.summary = "leave a source or a target alone",
	.help =
	    "rosterd leaves out its polls of this source; plan, sync and approve work as before, and a run under way "
	    "goes on to its end. A target is told nothing; what it is owed it gets when it is resumed. What nobody has "
	    "read or told yet is paused from the beginning. Only a platform administrator may.",
	.example = "pause corp",
	.run = cmd_pause,
    },
    {
	.name = "resume",
	.usage = "SOURCE|TARGET",
	.summary = "undo pause, or switch a target on again",
	.help =
	    "A poll that was left out is made up for at once. A target that wanted no more messages, or that fails, is "
	    "tried at once. Only a platform administrator may.",
	.example = "resume corp",
	.run = cmd_resume,
    },
    {
	.name = "reload",
	.usage = "[--wait | --no-wait]",
	.summary = "have every rosterd read its configuration again",
	.help = "Each rosterd that works with this database reads its own file and tries what it names, as by SIGHUP; "
		"what is "
		"wrong leaves the old configuration in force. This waits until all have, and shows what became of it; "
		"the exit "
		"code is 1 when one refused. Only a platform administrator may.",
	.example = "reload",
	.run = cmd_reload,
    },
};

static const struct verb_family sync_family = {"Synchronisation", sync_verbs, sizeof sync_verbs / sizeof sync_verbs[0]};

const struct verb_family *const verb_families[] = {
    &config_family, &database_family,  &sync_family,   &delivery_family, &status_family, &ask_family,
    &user_family,   &signin_family,    &group_family,  &app_family,      &role_family,   &access_group_family,
    &node_family,   &namespace_family, &import_family, &report_family,   &help_family,   NULL};

const struct verb *verb_next(size_t *family, size_t *index)
{
	while (verb_families[*family] != NULL && *index == verb_families[*family]->count) {
		++*family;
		*index = 0;
	}
	return verb_families[*family] == NULL ? NULL : &verb_families[*family]->verbs[(*index)++];
}

const struct verb *verb_named(const char *name)
{
	size_t family = 0, index = 0;
	const struct verb *verb;

	while ((verb = verb_next(&family, &index)) != NULL)
		if (strcmp(verb->name, name) == 0)
			break;
	return verb;
}

/* The second word of a verb that begins with this one; NULL when it has another first word or only one. */
static const char *second_word(const struct verb *verb, const char *first)
{
	size_t size = strlen(first);

	return strncmp(verb->name, first, size) == 0 && verb->name[size] == ' ' ? verb->name + size + 1 : NULL;
}

enum { NAMES_MOST = 192, WORD_ROOM = 32 };

struct names {
	char words[NAMES_MOST][WORD_ROOM];
	const char *items[NAMES_MOST];
	size_t count;
};

static void add_name(struct names *names, const char *word)
{
	size_t size = strcspn(word, " ");

	if (names->count == NAMES_MOST || size >= WORD_ROOM)
		return;
	memcpy(names->words[names->count], word, size);
	names->words[names->count][size] = '\0';
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], names->words[names->count]) == 0)
			return;
	names->items[names->count] = names->words[names->count];
	names->count++;
}

/* The words that may follow first; the first words themselves when it is NULL. */
static void collect(struct names *names, const char *first)
{
	size_t family = 0, index = 0;
	const struct verb *verb;

	while ((verb = verb_next(&family, &index)) != NULL) {
		const char *word = first == NULL ? verb->name : second_word(verb, first);
		if (word != NULL)
			add_name(names, word);
	}
}

static int refuse_first(const char *first, struct error *err)
{
	struct names names = {.count = 0};
	const char *near;

	if (first == NULL)
		return error_set(err, ERR_USAGE, "say what to do; see: rosterctl help");
	collect(&names, NULL);
	near = text_nearest(first, names.items, names.count);
	if (near != NULL)
		return error_set(err, ERR_USAGE, "there is no verb \"%s\"; did you mean \"%s\"?", first, near);
	return error_set(err, ERR_USAGE, "there is no verb \"%s\"; see: rosterctl help", first);
}

/* first begins verbs of two words; second is none of theirs, or missing. */
static int refuse_second(const struct names *names, const char *first, const char *second, struct error *err)
{
	const char *near = second == NULL ? NULL : text_nearest(second, names->items, names->count);
	struct str list = {0};

	for (size_t i = 0; i < names->count; i++)
		str_printf(&list, "%s%s", i == 0 ? "" : ", ", names->items[i]);
	if (second == NULL)
		error_set(err, ERR_USAGE, "\"%s\" needs a second word: %s", first, str_text(&list));
	else if (near != NULL)
		error_set(err, ERR_USAGE, "there is no verb \"%s %s\"; did you mean \"%s %s\"?", first, second, first,
			  near);
	else
		error_set(err, ERR_USAGE, "there is no verb \"%s %s\" (there are: %s)", first, second, str_text(&list));
	str_free(&list);
	return -1;
}

int verb_find(char *const words[], int count, const struct verb **ret, int *used, struct error *err)
{
	const char *first = count > 0 ? words[0] : NULL;
	const char *second = count > 1 && words[1][0] != '-' ? words[1] : NULL;
	struct names seconds = {.count = 0};
	struct str name = {0};

	if (first == NULL)
		return refuse_first(NULL, err);
	*used = 2;
	str_printf(&name, "%s %s", first, second == NULL ? "" : second);
	*ret = verb_named(str_text(&name));
	str_free(&name);
	if (*ret != NULL)
		return 0;
	*used = 1;
	*ret = verb_named(first);
	collect(&seconds, first);
	if (*ret != NULL && (second == NULL || seconds.count == 0))
		return 0;
	if (seconds.count > 0)
		return refuse_second(&seconds, first, second, err);
	return refuse_first(first, err);
}
