/* SPDX-License-Identifier: Apache-2.0 */
/* sync and approve: the same road as plan, to its end. */
#include "app/changes.h"
#include "app/sources.h"
#include "app/verbs.h"

#include "roster/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_HELD = 1, PLAN_MOST = 1024 * 1024 * 1024 };

/* "1 change", "31 changes" */
static const char *changes_text(struct arena *arena, int64_t count)
{
	return arena_printf(arena, "%" PRId64 " change%s", count, count == 1 ? "" : "s");
}

static void say_held(struct app *app, const char *run, const struct sync_report *report)
{
	bool whole = strcmp(report->state, "held") == 0;

	if (whole)
		fprintf(stderr, "held: run %s changed nothing and holds %s: %s\n", run,
			changes_text(app->arena, report->totals.held), report->held_reason);
	else
		fprintf(stderr, "held: run %s applied %s and holds %s: %s; they stay in force\n", run,
			changes_text(app->arena, report->totals.changes - report->totals.held),
			changes_text(app->arena, report->newly_held), report->held_reason);
	fprintf(stderr, "  see: rosterctl %s%s      release: rosterctl approve %s      drop: rosterctl reject %s\n",
		whole ? "plan" : "runs diff ", whole ? "" : run, run, run);
}

static void say_done(struct app *app, const char *run, const struct sync_report *report)
{
	if (report->last_revision == 0) {
		fprintf(stderr, "run %s: nothing to do\n", run);
		return;
	}
	fprintf(stderr, "run %s applied %s (revision", run,
		changes_text(app->arena, report->totals.changes - report->totals.held));
	if (report->first_revision == report->last_revision)
		fprintf(stderr, " %" PRId64 ")\n", report->last_revision);
	else
		fprintf(stderr, "s %" PRId64 " to %" PRId64 ")\n", report->first_revision, report->last_revision);
}

static int run_source(struct app *app, const struct source_config *source, const struct sync_options *wanted,
		      struct error *err)
{
	struct sync_report report;
	struct change_printer printer = {.sink.change = change_print,
					 .app = app,
					 .out = stdout,
					 .format = app->format,
					 .source = source,
					 .report = &report};
	struct sync_options options = *wanted;

	options.sink = &printer.sink;
	if (sync_source(app->config, source, &options, &report, err) != 0)
		return -1;
	change_printer_end(&printer, &app->config->safety);
	const char *run = arena_printf(app->arena, "%s/%" PRId64, source->name, report.run);
	if (report.held_reason[0] != '\0') {
		say_held(app, run, &report);
		app->exit_code = EXIT_HELD;
	} else if (app->config->safety.mode == SAFETY_OBSERVE) {
		fprintf(stderr, "observed: nothing was written, because safety.mode is \"observe\"\n");
	} else {
		say_done(app, run, &report);
	}
	return 0;
}

/* The digest somebody agreed to, by source; NULL when the plan does not speak of it. */
static const char *agreed(const struct json *plan, const char *source)
{
	const struct json *sources = json_get(plan, "sources");

	for (size_t i = 0; i < json_count(sources); i++) {
		const char *name = NULL, *digest = NULL;
		const struct json *item = json_item(sources, i);
		if (json_get_text(item, "source", &name, NULL) == 1 && strcmp(name, source) == 0 &&
		    json_get_text(item, "digest", &digest, NULL) == 1)
			return digest;
	}
	return NULL;
}

static int read_plan(const char *path, struct json **ret, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct str text = {0};
	char buffer[16384];
	size_t got;
	int rc;

	if (file == NULL)
		return error_set(err, ERR_DATA, "cannot open the plan %s: %s", path, strerror(errno));
	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
		str_append(&text, buffer, got);
	rc = ferror(file) ? error_set(err, ERR_DATA, "cannot read it: %s", strerror(errno))
			  : json_parse(str_text(&text), text.size, PLAN_MOST, ret, err);
	fclose(file);
	str_free(&text);
	return rc == 0 ? 0 : error_prefix(err, "plan %s", path);
}

static int sync_all(struct app *app, const char *only, const struct json *plan, struct error *err)
{
	for (size_t i = 0; i < app->config->source_count; i++) {
		const struct source_config *source = &app->config->sources[i];
		struct sync_options options = {.expect = plan == NULL ? NULL : agreed(plan, source->name)};
		if (!source_is_asked(source, only) || (plan != NULL && options.expect == NULL))
			continue;
		if (run_source(app, source, &options, err) != 0)
			return -1;
	}
	return 0;
}

int cmd_sync(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--source", OPTION_VALUE, NULL}, {"--plan", OPTION_VALUE, NULL}};
	struct json *plan = NULL;
	int rc;

	if (app_options(verb_named("sync"), &argc, argv, options, 2, 0, 0, err) != 0 || app_configure(app, err) != 0 ||
	    sources_check(app->config, options[0].value, err) != 0 ||
	    (options[1].value != NULL && read_plan(options[1].value, &plan, err) != 0))
		return -1;
	changes_open(stdout, app->format);
	rc = sync_all(app, options[0].value, plan, err);
	changes_close(stdout, app->format);
	json_free(&plan);
	return rc;
}

/* The run an administrator decided about. */
struct decision {
	struct run_row run;
	const struct source_config *source;
	int64_t decided; /* held rows; 0 when the whole run was held */
};

static int decide_in(struct app *app, struct store *store, const char *name, bool approve, struct decision *ret,
		     struct error *err)
{
	if (store_run_find(store, name, app->arena, &ret->run, err) != 0)
		return -1;
	ret->source = config_source(app->config, ret->run.source);
	if (ret->source == NULL)
		return error_set(err, ERR_CONFIG, "source %s of that run is no longer in %s", ret->run.source,
				 app->config->file);
	if (store_held_decide(store, ret->run.run, approve, &ret->decided, err) != 0)
		return -1;
	if (ret->decided == 0 && strcmp(ret->run.state, "held") != 0)
		return error_set(err, ERR_CONFLICT, "run %s/%" PRId64 " holds nothing (any more)", ret->run.source,
				 ret->run.run);
	return 0;
}

/* As the operator, whose right the database checks. */
static int decide(struct app *app, const char *name, bool approve, struct decision *ret, struct error *err)
{
	struct store *store = NULL;
	int rc = app_connect(app, STORE_OPERATOR, &store, err);

	if (rc == 0)
		rc = decide_in(app, store, name, approve, ret, err);
	store_close(&store);
	return rc;
}

/* A run that was held whole is applied as long as it still is what there is to do; of one that was held in part, the rows
 * that are still asked for are released. Either way the directory need not be asked: the mirror has its last word. */
int cmd_approve(struct app *app, int argc, char **argv, struct error *err)
{
	struct decision decision = {0};
	int rc;

	if (app_options(verb_named("approve"), &argc, argv, NULL, 0, 1, 1, err) != 0 ||
	    decide(app, argv[0], true, &decision, err) != 0)
		return -1;
	struct sync_options options = {.from_mirror = true,
				       .expect = decision.decided == 0 ? decision.run.digest : NULL};
	changes_open(stdout, app->format);
	rc = run_source(app, decision.source, &options, err);
	changes_close(stdout, app->format);
	return rc;
}

int cmd_reject(struct app *app, int argc, char **argv, struct error *err)
{
	struct decision decision = {0};

	if (app_options(verb_named("reject"), &argc, argv, NULL, 0, 1, 1, err) != 0 ||
	    decide(app, argv[0], false, &decision, err) != 0)
		return -1;
	if (decision.decided == 0)
		app_done(app, "run %s/%" PRId64 " is rejected; the next run asks again", decision.run.source,
			 decision.run.run);
	else
		app_done(app,
			 "%" PRId64 " changes of run %s/%" PRId64
			 " are rejected; what they would take stays until the entries change",
			 decision.decided, decision.run.source, decision.run.run);
	return 0;
}
