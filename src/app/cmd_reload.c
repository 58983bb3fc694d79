/* SPDX-License-Identifier: Apache-2.0 */
/* Every rosterd is asked to read its configuration again. */
#include "app/output.h"
#include "app/verbs.h"
#include "roster/delivery.h"
#include "roster/elapsed.h"
#include "roster/model.h"

#include <string.h>

enum {
	EXIT_REFUSED = 1,
	LOOK_MS = 1000,
	AWAY_MS = 5000,      /* whose children are being started anew is back within that */
	PATIENCE_MS = 150000 /* a trial, and the end of children that are at work */
};
/* Columns of daemon_list(). */
enum { DAEMON_HOST, DAEMON_PROCESS, DAEMON_CONFIGURATION, DAEMON_STATE, DAEMON_ERROR };

/* How many of them are in that state. */
static size_t in_state(const struct pg_rows *rows, const char *state)
{
	size_t count = 0;

	for (size_t i = 0; i < pg_count(rows); i++)
		count += strcmp(pg_text(rows, i, DAEMON_STATE), state) == 0;
	return count;
}

/* Until all have answered; those that are not there are soon not waited for any more. */
static int follow(struct store *store, const char *number, struct pg_rows **ret, struct error *err)
{
	int64_t began = clock_ms(), passed;

	for (;;) {
		if (model_call(store, MODEL_DAEMON_LIST, &number, ret, err) != 0)
			return -1;
		passed = clock_ms() - began;
		if ((in_state(*ret, "reading") == 0 || passed >= PATIENCE_MS) &&
		    (in_state(*ret, "away") == 0 || passed >= AWAY_MS))
			return 0;
		pg_free(ret);
		if (store_notified_within(store, LOOK_MS, err) < 0)
			return -1;
	}
}

/* Who reads nothing but what went wrong must learn it there too. */
static int judge(struct app *app, const struct pg_rows *rows, struct error *err)
{
	if (in_state(rows, "away") == pg_count(rows))
		return error_set(err, ERR_ABSENT,
				 "no rosterd works with this database; one that starts reads its configuration then");
	for (size_t i = 0; i < pg_count(rows); i++) {
		bool refused = strcmp(pg_text(rows, i, DAEMON_STATE), "refused") == 0;
		if (!refused && strcmp(pg_text(rows, i, DAEMON_STATE), "reading") != 0)
			continue;
		struct str text = {0};
		output_add_text(&text,
				refused ? pg_text(rows, i, DAEMON_ERROR) : "it has not said yet what became of it");
		fprintf(stderr, "rosterctl: rosterd %s on %s: %s\n", pg_text(rows, i, DAEMON_PROCESS),
			pg_text(rows, i, DAEMON_HOST), str_text(&text));
		str_free(&text);
		app->exit_code = EXIT_REFUSED;
	}
	return 0;
}

static int reload(struct app *app, struct store *store, bool wait, struct error *err)
{
	struct pg_rows *made = NULL, *daemons = NULL;
	/* Listen first: an answer may come at once. */
	int rc = store_listen(store, "roster_reloaded", err);

	if (rc == 0)
		rc = model_call(store, MODEL_RELOAD, NULL, &made, err);
	if (rc == 0 && wait) {
		rc = follow(store, pg_text(made, 0, 0), &daemons, err);
		if (rc == 0)
			rc = judge(app, daemons, err);
		if (rc == 0)
			rc = app_print_rows(app, "daemons", daemons, err);
	}
	pg_free(&made);
	pg_free(&daemons);
	return rc;
}

int cmd_reload(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--no-wait", OPTION_FLAG, NULL}, {"--wait", OPTION_FLAG, NULL}};
	struct store *store = NULL;
	int rc;

	if (app_options(verb_named("reload"), &argc, argv, options, 2, 0, 0, err) != 0)
		return -1;
	if (options[0].value != NULL && options[1].value != NULL)
		return error_set(err, ERR_USAGE, "--wait or --no-wait: one of them");
	rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = reload(app, store, options[0].value == NULL, err);
	store_close(&store);
	return rc;
}
