/* SPDX-License-Identifier: Apache-2.0 */
/* State: sources, runs, what could not be used, figures. */
#include "app/call.h"
#include "app/verbs.h"

#include <string.h>

static int print_runs(struct app *app, const char *most, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (app_connect(app, STORE_OPERATOR, &store, err) == 0 &&
	    model_call(store, MODEL_RUN_LIST, &most, &rows, err) == 0)
		rc = app_print_rows(app, "runs", rows, err);
	pg_free(&rows);
	store_close(&store);
	return rc;
}

static int cmd_runs(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--most", OPTION_VALUE, NULL}};

	if (app_options(app->verb, &argc, argv, options, 1, 0, 0, err) != 0)
		return -1;
	const char *most = options[0].value == NULL ? "20" : options[0].value;
	if (most[0] == '\0' || strspn(most, "0123456789") != strlen(most) || strlen(most) > 9)
		return error_set(err, ERR_USAGE, "--most needs a number, not \"%s\"", most);
	return print_runs(app, most, err);
}

static const struct call status[] = {
    {.call = MODEL_SOURCE_LIST, .rows = "sources"},
};

static const struct call runs_show[] = {
    {.call = MODEL_RUN_SHOW, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "runs", .record = true},
};

static const struct call runs_diff[] = {
    {.call = MODEL_RUN_DIFF, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "changes"},
};

static const struct call quarantine[] = {
    {.call = MODEL_QUARANTINE_LIST, .rows = "problems"},
};

static const struct call stats[] = {
    {.call = MODEL_STATISTICS, .rows = "statistics", .record = true},
};

static const struct verb verbs[] = {
    {
	.name = "status",
	.usage = "",
	.summary = "show the sources, what they hold and their last run",
	.help = "A source is settled when the access it gives follows from its last read; it is not while a run of "
		"it is held.",
	.example = "status",
	.run = call_run,
	.calls = status,
	.call_count = 1,
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
	.help = "Changes that wait for a decision are listed with the reason; see approve and reject. A run that is "
		"held whole changed nothing: plan shows what it would do.",
	.example = "runs diff corp/12",
	.run = call_run,
	.calls = runs_diff,
	.call_count = 1,
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
