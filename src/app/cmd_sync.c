/* SPDX-License-Identifier: Apache-2.0 */
/* sync and approve: the same road as plan, to its end. */
#include "app/output.h"
#include "app/run.h"
#include "app/sources.h"
#include "app/verbs.h"

#include "roster/json.h"
#include "roster/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_HELD = 1, EXIT_INCOMPLETE = 69, PLAN_MOST = 1024 * 1024 * 1024 };

/* "1 change", "31 changes" */
static const char *changes_text(struct arena *arena, int64_t count)
{
	return arena_printf(arena, "%" PRId64 " change%s", count, count == 1 ? "" : "s");
}

static void say_what_next(const char *run)
{
	fprintf(stderr,
		"  see: rosterctl runs diff %s      release: rosterctl approve %s      drop: rosterctl reject %s\n",
		run, run, run);
}

/* Of several sources the highest counts, as in rosterd --once. */
static void end_with(struct app *app, int code)
{
	if (app->exit_code < code)
		app->exit_code = code;
}

static int run_source(struct app *app, const struct source_config *source, const struct run_wanted *wanted,
		      struct error *err)
{
	struct sync_report report;
	struct change_printer printer = {.out = stdout, .format = app->format, .source = source};
	struct str told = {0};

	if (run_print(app, wanted, &printer, &report, err) != 0)
		return -1;
	report_tell(&report, source->name, &told);
	fprintf(stderr, "%s\n", str_text(&told));
	str_free(&told);
	if (report.reason[0] != '\0')
		end_with(app, EXIT_INCOMPLETE);
	if (report.held_reason[0] != '\0') {
		say_what_next(arena_printf(app->arena, "%s/%" PRId64, source->name, report.run));
		end_with(app, EXIT_HELD);
	} else if (!wanted->from_mirror && run_say_waiting(&report)) {
		/* Whoever looks at the exit code alone must not overlook it. */
		end_with(app, EXIT_HELD);
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

/* The sources that are asked for and, where there is a plan, that it speaks of. */
struct choice {
	const char *only;
	const struct json *plan; /* NULL: there is none */
};

static bool is_chosen(const struct choice *choice, const struct source_config *source, struct run_wanted *wanted)
{
	wanted->expect = choice->plan == NULL ? NULL : agreed(choice->plan, source->name);
	return source_is_asked(source, choice->only) && (choice->plan == NULL || wanted->expect != NULL);
}

static int sync_all(struct app *app, const struct choice *choice, struct run_wanted *wanted, struct error *err)
{
	int rc = 0;

	changes_open(stdout, app->format);
	for (size_t i = 0; rc == 0 && i < app->config->source_count; i++)
		if (is_chosen(choice, &app->config->sources[i], wanted))
			rc = run_source(app, &app->config->sources[i], wanted, err);
	changes_close(stdout, app->format);
	return rc;
}

/* Without waiting: the numbers of the requests are all there is to print. */
static int ask_all(struct app *app, const struct choice *choice, struct run_wanted *wanted, struct error *err)
{
	static const char *const headings[] = {"source", "request", NULL};
	struct table *table = table_new(app->arena, "requests", headings);

	table->kinds[1] = PG_KIND_NUMBER;
	for (size_t i = 0; i < app->config->source_count; i++) {
		const struct source_config *source = &app->config->sources[i];
		int64_t id = 0;
		if (!is_chosen(choice, source, wanted))
			continue;
		if (run_ask(app, source, wanted, &id, err) != 0)
			return -1;
		table_add(table, (const char *[]){source->name, arena_printf(app->arena, "%" PRId64, id)});
	}
	return app_print_tables(app, &table, 1, err);
}

/* The source that is asked first connects while the database does. */
static struct session *prepare_first(struct app *app, const struct choice *choice, struct run_wanted *wanted)
{
	for (size_t i = 0; i < app->config->source_count; i++)
		if (is_chosen(choice, &app->config->sources[i], wanted))
			return sync_prepare(app->config, &app->config->sources[i]);
	return NULL;
}

/* What the run itself goes on with when it is made here. */
static int warn_absent(struct app *app, bool local, struct store **ret, struct error *err)
{
	struct sha256_preparation *preparation = local ? sha256_prepare() : NULL;
	int rc = app_connect(app, local ? STORE_DAEMON : STORE_OPERATOR, ret, err);

	sha256_prepared(&preparation);
	if (rc != 0 || sources_warn_absent(app, *ret, err) != 0)
		return -1;
	if (!local)
		store_close(ret);
	return 0;
}

int cmd_sync(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--source", OPTION_VALUE, NULL}, {"--plan", OPTION_VALUE, NULL},
					 {"--full", OPTION_FLAG, NULL},    {"--no-wait", OPTION_FLAG, NULL},
					 {"--local", OPTION_FLAG, NULL},   {"--wait", OPTION_FLAG, NULL}};
	struct json *plan = NULL;
	struct store *store = NULL;
	struct session *session = NULL;
	int rc;

	if (app_options(verb_named("sync"), &argc, argv, options, 6, 0, 0, err) != 0)
		return -1;
	bool no_wait = options[3].value != NULL, local = options[4].value != NULL;
	if (no_wait && options[5].value != NULL)
		return error_set(err, ERR_USAGE, "--wait or --no-wait: one of them");
	if (no_wait && local)
		return error_set(err, ERR_USAGE, "with --local there is nobody else to wait for: leave --no-wait away");
	if (app_configure(app, err) != 0 || sources_check(app->config, options[0].value, err) != 0 ||
	    (options[1].value != NULL && read_plan(options[1].value, &plan, err) != 0))
		return -1;
	const struct choice choice = {options[0].value, plan};
	struct run_wanted wanted = {.local = local,
				    .kind = REQUEST_SYNC,
				    .full = options[2].value != NULL,
				    .store = &store,
				    .session = &session};
	if (local)
		session = prepare_first(app, &choice, &wanted);
	rc = warn_absent(app, local, &store, err);
	if (rc == 0)
		rc = no_wait ? ask_all(app, &choice, &wanted, err) : sync_all(app, &choice, &wanted, err);
	sync_prepared(&session);
	store_close(&store);
	json_free(&plan);
	return rc;
}

/* The run an administrator decided about. */
struct decision {
	struct run_row run;
	const struct source_config *source;
	int64_t decided; /* held rows; 0 when the whole run was held */
};
struct decider {
	bool approve;
	bool
	    needs_rosterd; /* which is checked first: an approval nobody carries out would come into force at some time */
};

/* A held change keeps the name of the run that found it, however many come after. */
static int holds_nothing(struct app *app, struct store *store, const struct run_row *run, struct error *err)
{
	struct held_waiting waiting = {0, ""};

	if (store_held_waiting(store, run->run, app->arena, &waiting, err) != 0)
		return -1;
	return error_set(err, ERR_CONFLICT, "run %s/%" PRId64 " holds nothing (any more)%s%s", run->source, run->run,
			 waiting.count > 0 ? "; what waits was found by " : "", waiting.runs);
}

static int decide_in(struct app *app, struct store *store, const char *name, const struct decider *decider,
		     struct decision *ret, struct error *err)
{
	if (store_run_find(store, name, app->arena, &ret->run, err) != 0)
		return -1;
	ret->source = config_source(app->config, ret->run.source);
	if (ret->source == NULL)
		return error_set(err, ERR_CONFIG, "source %s of that run is no longer in %s", ret->run.source,
				 app->config->file);
	if (decider->needs_rosterd && run_check_led(store, ret->source, err) != 0)
		return -1;
	if (store_held_decide(store, ret->run.run, decider->approve, &ret->decided, err) != 0)
		return -1;
	if (ret->decided == 0 && strcmp(ret->run.state, "held") != 0)
		return holds_nothing(app, store, &ret->run, err);
	return 0;
}

/* As the operator, whose right the database checks. */
static int decide(struct app *app, const char *name, const struct decider *decider, struct decision *ret,
		  struct error *err)
{
	struct store *store = NULL;
	int rc = app_connect(app, STORE_OPERATOR, &store, err);

	if (rc == 0)
		rc = decide_in(app, store, name, decider, ret, err);
	store_close(&store);
	return rc;
}

/* A run that was held whole is applied as long as it still is what there is to do; of one that was held in part, the rows
 * that are still asked for are released. Either way the directory need not be asked: the mirror has its last word. */
int cmd_approve(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--local", OPTION_FLAG, NULL}};
	struct decision decision = {0};
	int rc;

	if (app_options(verb_named("approve"), &argc, argv, options, 1, 1, 1, err) != 0)
		return -1;
	bool local = options[0].value != NULL;
	if (decide(app, argv[0], &(const struct decider){true, !local}, &decision, err) != 0)
		return -1;
	const struct run_wanted wanted = {
	    .local = local,
	    .kind = REQUEST_SYNC,
	    .from_mirror = true,
	    .expect = decision.decided == 0 ? decision.run.digest : NULL,
	};
	changes_open(stdout, app->format);
	rc = run_source(app, decision.source, &wanted, err);
	changes_close(stdout, app->format);
	return rc;
}

/* Nothing is to be run: --local makes no difference, and is known so that it may stand wherever approve has it. */
int cmd_reject(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--local", OPTION_FLAG, NULL}};
	struct decision decision = {0};

	if (app_options(verb_named("reject"), &argc, argv, options, 1, 1, 1, err) != 0 ||
	    decide(app, argv[0], &(const struct decider){false, false}, &decision, err) != 0)
		return -1;
	if (decision.decided == 0)
		app_done(app,
			 "run %s/%" PRId64 " is rejected; nobody is asked again until there is something else to do",
			 decision.run.source, decision.run.run);
	else
		app_done(app, "%s of run %s/%" PRId64 " %s rejected; what %s would take stays until the entries change",
			 changes_text(app->arena, decision.decided), decision.run.source, decision.run.run,
			 decision.decided == 1 ? "is" : "are", decision.decided == 1 ? "it" : "they");
	return 0;
}
