/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery: what targets are owed, told at once. */
#include "app/output.h"
#include "app/verbs.h"
#include "roster/job.h"
#include "roster/model.h"
#include "roster/target.h"

#include <string.h>
#include <unistd.h>

enum { EXIT_OWED = 1, LOOK_EVERY_US = 100000 };
/* Columns of target_list(). */
enum { TARGET_NAME = 0, TARGET_STATE = 2, TARGET_ERROR = 10 };

static int deliver_here(struct app *app, const char *only, struct error *err)
{
	const struct target_ops *driver;

	/* Also a driver that has no targets any more: the database must learn that. */
	for (size_t i = 0; (driver = target_driver_at(i)) != NULL; i++)
		if (deliver_once(app->config, driver->name, only, err) < 0)
			return -1;
	return 0;
}

/* 1 while a target that could be told has something coming, 0 when none has. */
static int still_waiting(struct store *store, const char *only, const char *head, struct error *err)
{
	const char *params[] = {only, head};
	struct pg_rows *rows = NULL;
	int rc = 0;

	if (model_call(store, MODEL_DELIVERY_WAITING, params, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows) && rc >= 0; i++) {
		if (!pg_boolean(rows, i, 1))
			rc = error_set(err, ERR_ABSENT, "no rosterd serves target %s: start rosterd, or use --local",
				       pg_text(rows, i, 0));
		else
			rc = rc == 1 || pg_boolean(rows, i, 2) ? 1 : 0;
	}
	pg_free(&rows);
	return rc;
}

/* As the operator, whose right the database checks; then by rosterd, or here. */
static int deliver(struct app *app, struct store *store, const char *const asked[2], bool here, struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc;

	if (model_call(store, MODEL_TARGET_HURRY, asked, &rows, err) != 0)
		return -1;
	if (here)
		rc = deliver_here(app, asked[0], err);
	else
		while ((rc = still_waiting(store, asked[0], pg_text(rows, 0, 0), err)) == 1)
			usleep(LOOK_EVERY_US);
	pg_free(&rows);
	return rc;
}

/* Who reads nothing but what went wrong must learn it there too. */
static void say_owed(struct app *app, const struct pg_rows *rows, size_t row)
{
	struct str text = {0};

	str_printf(&text, "target %s is not up to date: ", pg_text(rows, row, TARGET_NAME));
	output_add_text(&text, pg_text(rows, row, TARGET_STATE));
	if (!pg_is_null(rows, row, TARGET_ERROR)) {
		str_add(&text, ": ");
		output_add_text(&text, pg_text(rows, row, TARGET_ERROR));
	}
	fprintf(stderr, "rosterctl: %s\n", str_text(&text));
	str_free(&text);
	app->exit_code = EXIT_OWED;
}

static int show(struct app *app, struct store *store, const char *only, struct error *err)
{
	const char *params[] = {only};
	struct pg_rows *rows = NULL;
	int rc;

	if (model_call(store, MODEL_TARGET_LIST, params, &rows, err) != 0)
		return -1;
	rc = app_print_rows(app, "targets", rows, err);
	for (size_t i = 0; i < pg_count(rows); i++)
		if (config_target(app->config, pg_text(rows, i, TARGET_NAME)) != NULL &&
		    strcmp(pg_text(rows, i, TARGET_STATE), "up to date") != 0)
			say_owed(app, rows, i);
	pg_free(&rows);
	return rc;
}

static int cmd_deliver(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--local", OPTION_FLAG, NULL}, {"--snapshot", OPTION_FLAG, NULL}};
	struct store *store = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, options, 2, 0, 1, err) != 0 ||
	    app_connect(app, STORE_OPERATOR, &store, err) != 0)
		return -1;
	const char *only = argc > 0 ? argv[0] : NULL;
	const char *const asked[2] = {only, options[1].value != NULL ? "true" : "false"};
	if (only != NULL && config_target(app->config, only) == NULL)
		error_set(err, ERR_DATA, "there is no target \"%s\" in %s", only, app->config->file);
	else
		rc = deliver(app, store, asked, options[0].value != NULL, err);
	if (rc == 0)
		rc = show(app, store, only, err);
	store_close(&store);
	return rc;
}

static int cmd_forget(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc;

	if (app_options(app->verb, &argc, argv, NULL, 0, 1, 1, err) != 0 || app_configure(app, err) != 0)
		return -1;
	if (config_target(app->config, argv[0]) != NULL)
		return error_set(err, ERR_CONFIG,
				 "target %s is still in %s and would be told again; take it out there first", argv[0],
				 app->config_file);
	const char *params[] = {argv[0]};
	rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = model_call(store, MODEL_TARGET_FORGET, params, &rows, err);
	if (rc == 0)
		app_done(app, "target %s is forgotten", argv[0]);
	pg_free(&rows);
	store_close(&store);
	return rc;
}

static const struct verb verbs[] = {
    {
	.name = "deliver",
	.usage = "[TARGET] [--snapshot] [--local]",
	.summary = "tell targets now what they are owed, and show where each stands",
	.help = "rosterd tells targets by itself; this does not wait for the next attempt of one that failed. The exit "
		"code is 1 when one is not up to date afterwards; standard error says which, and why. With --snapshot "
		"a target that lost what it knew gets everything anew. Only a platform administrator may. With --local "
		"it is done in this process, where no rosterd runs.",
	.example = "deliver billing",
	.run = cmd_deliver,
    },
    {
	.name = "target forget",
	.usage = "TARGET",
	.summary = "forget a target that is no longer in the configuration",
	.help = "What it was told and what it was owed is dropped, and status does not show it any more. Nothing is "
		"taken back from it. Should it come back under the same name it gets a snapshot. Only a platform "
		"administrator may.",
	.example = "target forget oldwiki",
	.run = cmd_forget,
    },
};

const struct verb_family delivery_family = {"Delivery", verbs, sizeof verbs / sizeof verbs[0]};
