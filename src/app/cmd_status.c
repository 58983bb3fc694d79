/* SPDX-License-Identifier: Apache-2.0 */
/* State: sources, runs, what could not be used, figures. */
#include "app/call.h"
#include "app/output.h"
#include "app/sources.h"
#include "app/verbs.h"

#include <string.h>

/* Which list, how it is called, and how many of it at most. */
struct list {
	enum model_call call;
	const char *name, *most;
};

static int print_list(struct app *app, const struct list *list, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (app_connect(app, STORE_OPERATOR, &store, err) == 0 &&
	    model_call(store, list->call, &list->most, &rows, err) == 0)
		rc = app_print_rows(app, list->name, rows, err);
	pg_free(&rows);
	store_close(&store);
	return rc;
}

static int print_latest(struct app *app, int argc, char **argv, struct list *list, struct error *err)
{
	struct option_value options[] = {{"--most", OPTION_VALUE, NULL}};

	if (app_options(app->verb, &argc, argv, options, 1, 0, 0, err) != 0)
		return -1;
	const char *most = options[0].value == NULL ? "20" : options[0].value;
	if (most[0] == '\0' || strspn(most, "0123456789") != strlen(most) || strlen(most) > 9 ||
	    strspn(most, "0") == strlen(most))
		return error_set(err, ERR_USAGE, "--most needs a number above 0, not \"%s\"", most);
	list->most = most;
	return print_list(app, list, err);
}

static int cmd_runs(struct app *app, int argc, char **argv, struct error *err)
{
	return print_latest(app, argc, argv, &(struct list){.call = MODEL_RUN_LIST, .name = "runs"}, err);
}

static int cmd_requests(struct app *app, int argc, char **argv, struct error *err)
{
	return print_latest(app, argc, argv, &(struct list){.call = MODEL_REQUEST_LIST, .name = "requests"}, err);
}

enum { SOURCES, TARGETS, LANES, WRITERS, DAEMONS, DOUBTS, STATUS_LISTS };

/* The lists say that it is so, not why, nor what can be done. */
static void warn_doubts(const struct pg_rows *doubts)
{
	enum { SOURCE, DOUBT, SEE };
	struct str text = {0};

	for (size_t i = 0; i < pg_count(doubts); i++) {
		str_clear(&text);
		output_add_text(&text, pg_text(doubts, i, DOUBT));
		fprintf(stderr, "%s: %s (see: %s)\n", pg_text(doubts, i, SOURCE), str_text(&text),
			pg_text(doubts, i, SEE));
	}
	str_free(&text);
}

/* Until somebody says so they are kept: a rosterd may have been started with the wrong file. */
static void warn_absent_targets(const struct pg_rows *targets)
{
	enum { NAME, KIND, STATE };
	size_t count = 0;

	for (size_t i = 0; i < pg_count(targets); i++)
		if (strcmp(pg_text(targets, i, STATE), "not in the configuration") == 0)
			fprintf(stderr, "%s%s", count++ == 0 ? "no longer in the configuration: " : ", ",
				pg_text(targets, i, NAME));
	if (count > 0)
		fprintf(stderr, " (see: rosterctl target forget TARGET)\n");
}

/* Whoever changes something has the lock for a moment. When others have to wait for it, that moment may be a forgotten
 * session. */
static void warn_writer(const struct pg_rows *writers)
{
	enum { LOGIN, PROCESS, WAITING, SINCE };

	for (size_t i = 0; i < pg_count(writers); i++)
		if (strcmp(pg_text(writers, i, WAITING), "0") != 0)
			fprintf(stderr,
				"%s changes something, and %s wait%s for the end of it since %.19s (process %s of the "
				"server; "
				"it is ended by: select pg_terminate_backend(%s))\n",
				pg_text(writers, i, LOGIN), pg_text(writers, i, WAITING),
				strcmp(pg_text(writers, i, WAITING), "1") == 0 ? "s" : "", pg_text(writers, i, SINCE),
				pg_text(writers, i, PROCESS), pg_text(writers, i, PROCESS));
}

/* What is in its file and what it does are two things since then. And everything looks as it did when the last one ended. */
static void warn_daemons(const struct pg_rows *daemons)
{
	enum { HOST, PROCESS, CONFIGURATION, STATE, ERROR };

	if (pg_count(daemons) == 0)
		fputs("no rosterd works with this database: until one is started, for good or by cron, nothing is read "
		      "and nobody is told\n",
		      stderr);
	for (size_t i = 0; i < pg_count(daemons); i++) {
		const char *state = pg_text(daemons, i, STATE);
		if (strcmp(state, "refused") == 0)
			fprintf(stderr, "rosterd %s on %s works with an earlier configuration: %s\n",
				pg_text(daemons, i, PROCESS), pg_text(daemons, i, HOST), pg_text(daemons, i, ERROR));
		else if (strcmp(state, "away") == 0)
			fprintf(stderr, "rosterd %s on %s is away: it was killed, or comes back in a moment\n",
				pg_text(daemons, i, PROCESS), pg_text(daemons, i, HOST));
	}
}

/* Where people come from, and who is told; lanes only where there are some, and who writes, which rosterds there are and what
 * is in doubt only in words, but for programs. */
static int cmd_status(struct app *app, int argc, char **argv, struct error *err)
{
	static const enum model_call questions[] = {MODEL_SOURCE_LIST, MODEL_TARGET_LIST, MODEL_LANE_LIST,
						    MODEL_WRITER_LIST, MODEL_DAEMON_LIST, MODEL_SOURCE_DOUBTS};
	static const char *const names[] = {"sources", "targets", "lanes", "writers", "daemons", "doubts"};
	struct pg_rows *rows[STATUS_LISTS] = {NULL};
	struct table *tables[STATUS_LISTS];
	struct store *store = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 0, err) != 0 ||
	    app_connect(app, STORE_OPERATOR, &store, err) != 0)
		return -1;
	const char *sources = sources_names(app), *params[STATUS_LISTS] = {[SOURCES] = sources, [DOUBTS] = sources};
	for (size_t i = 0; i < STATUS_LISTS; i++) {
		if (model_call(store, questions[i], &params[i], &rows[i], err) != 0)
			goto out;
		tables[i] = table_of_rows(app->arena, names[i], rows[i]);
	}
	size_t shown = app->format == OUTPUT_JSON ? STATUS_LISTS : pg_count(rows[LANES]) > 0 ? WRITERS : LANES;
	rc = app_print_tables(app, tables, shown, err);
	warn_doubts(rows[DOUBTS]);
	warn_absent_targets(rows[TARGETS]);
	warn_writer(rows[WRITERS]);
	warn_daemons(rows[DAEMONS]);
out:
	for (size_t i = 0; i < STATUS_LISTS; i++)
		pg_free(&rows[i]);
	store_close(&store);
	return rc;
}

static const struct call runs_show[] = {
    {.call = MODEL_RUN_SHOW, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "runs", .record = true},
};

static const struct call runs_diff[] = {
    {.call = MODEL_RUN_DIFF, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "changes"},
};

static const struct call quarantine[] = {
    {.call = MODEL_QUARANTINE_LIST, .rows = "problems"},
};

static const struct call attention[] = {
    {.call = MODEL_ATTENTION_LIST, .rows = "attention", .nothing = "nothing needs attention"},
};

static const struct call stats[] = {
    {.call = MODEL_STATISTICS, .rows = "statistics", .record = true},
};

static const struct verb verbs[] = {
    {
	.name = "status",
	.usage = "",
	.summary = "show the sources with their last run, and the targets with what they were told",
	.help =
	    "A source is settled when the access it gives follows from its last read and none of its changes is "
	    "held; one that is paused is not read by itself. What waits, why a read was not good and that no rosterd "
	    "is there "
	    "is said on standard error. One that is not in the configuration any more keeps "
	    "what it gave: see source retire. A target is behind until it has confirmed the latest revision; lanes are "
	    "resources it is "
	    "told apart from the rest.",
	.example = "status",
	.run = cmd_status,
    },
    {
	.name = "runs",
	.usage = "[--most N]",
	.summary = "list the latest runs",
	.help = "A run is one read of a source, or one approval. The last 20 are listed unless --most says "
		"otherwise.",
	.example = "runs --most 5",
	.run = cmd_runs,
    },
    {
	.name = "runs show",
	.usage = "RUN",
	.summary = "show one run",
	.help = "RUN is a number, or source and number as runs prints it.",
	.example = "runs show corp/12",
	.run = call_run,
	.calls = runs_show,
	.call_count = 1,
    },
    {
	.name = "runs diff",
	.usage = "RUN",
	.summary = "list what a run changed and what it holds",
	.help = "Changes that wait for a decision are listed with the reason; see approve and reject. Of a run "
		"that is held whole everything it would do is listed, while it is the last one of its source.",
	.example = "runs diff corp/12",
	.run = call_run,
	.calls = runs_diff,
	.call_count = 1,
    },
    {
	.name = "requests",
	.usage = "[--most N]",
	.summary = "list what rosterd was asked for",
	.help =
	    "What plan, sync and approve asked of the rosterd that leads a source: whether it waits, how far it is, "
	    "and how it ended. The last 20 are listed unless --most says otherwise.",
	.example = "requests",
	.run = cmd_requests,
    },
    {
	.name = "quarantine",
	.usage = "",
	.summary = "list entries that could not be used, and why",
	.help = "Nobody loses anything because of an entry listed here. What is repaired at its source leaves the "
		"list with the next run.",
	.example = "quarantine",
	.run = call_run,
	.calls = quarantine,
	.call_count = 1,
    },
    {
	.name = "attention",
	.usage = "",
	.summary = "list what needs a person, and what to type",
	.help =
	    "An app is listed when its owner or its Technical Contact is not active (suspended, gone from a source, or "
	    "past the time of grace) or has left its group or its team, and when it has lost its last Scrum Master. "
	    "A group, or the platform, is listed when none of its admins is active. An invitation is listed while it "
	    "waits for an answer, and a role while somebody edits it, since nobody else can edit one. An entry leaves "
	    "the "
	    "list when what is to be typed is done, or the person comes back.",
	.example = "attention",
	.run = call_run,
	.calls = attention,
	.call_count = 1,
    },
    {
	.name = "stats",
	.usage = "",
	.summary = "show the figures of the installation",
	.help = "Groups, resources they own, namespaces assigned, average members of a group, active people, apps.",
	.example = "stats --json",
	.run = call_run,
	.calls = stats,
	.call_count = 1,
    },
};

const struct verb_family status_family = {"State", verbs, sizeof verbs / sizeof verbs[0]};
