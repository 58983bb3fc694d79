/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what sync would do, by doing it and taking it back. */
#include "app/run.h"
#include "app/sources.h"
#include "app/verbs.h"

#include <errno.h>
#include <string.h>

enum { EXIT_CHANGES_PENDING = 2 };

struct plan {
	const char *only; /* one source; NULL for all */
	bool local;
	bool pending; /* out: something would change, or waits to */
};

static int plan_source(struct app *app, const struct source_config *source, FILE *file, struct plan *plan,
		       struct error *err)
{
	const struct run_wanted wanted = {.local = plan->local, .kind = REQUEST_PLAN};
	struct sync_report report;
	struct change_printer printer = {
	    .out = file == NULL ? stdout : file,
	    .format = file == NULL ? app->format : OUTPUT_JSON,
	    .source = source,
	};

	if (run_print(app, &wanted, &printer, &report, err) != 0)
		return -1;
	bool waits = run_say_waiting(&report);
	plan->pending = plan->pending || waits || report.totals.changes > report.totals.rejected;
	return 0;
}

static int plan_all(struct app *app, FILE *file, struct plan *plan, struct error *err)
{
	FILE *out = file == NULL ? stdout : file;
	enum output_format format = file == NULL ? app->format : OUTPUT_JSON;

	int rc = 0;

	changes_open(out, format);
	for (size_t i = 0; rc == 0 && i < app->config->source_count; i++)
		if (source_is_asked(&app->config->sources[i], plan->only))
			rc = plan_source(app, &app->config->sources[i], file, plan, err);
	changes_close(out, format);
	return rc;
}

static int save(struct app *app, const char *path, struct plan *plan, struct error *err)
{
	FILE *file = fopen(path, "we");
	int rc;

	if (file == NULL)
		return error_set(err, ERR_DATA, "cannot write the plan to %s: %s", path, strerror(errno));
	rc = plan_all(app, file, plan, err);
	if (fclose(file) != 0 && rc == 0)
		rc = error_set(err, ERR_DATA, "cannot write the plan to %s: %s", path, strerror(errno));
	return rc;
}

static void say_next(const struct app *app, const char *saved)
{
	struct str words = {0};

	if (saved != NULL) {
		str_add_word(&words, "rosterctl sync --plan ", saved);
		fprintf(stderr, "The plan is in %s; nothing was written. Apply: %s\n", saved, str_text(&words));
		str_free(&words);
	} else if (app->format == OUTPUT_TEXT) {
		printf("Nothing was written. Apply: rosterctl sync        Save: rosterctl plan -o plan.json\n");
	}
}

int cmd_plan(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--source", OPTION_VALUE, NULL},
					 {"--output", OPTION_VALUE, NULL},
					 {"--exit-code", OPTION_FLAG, NULL},
					 {"--local", OPTION_FLAG, NULL}};

	if (app_options(verb_named("plan"), &argc, argv, options, 4, 0, 0, err) != 0 || app_configure(app, err) != 0 ||
	    sources_check(app->config, options[0].value, err) != 0)
		return -1;
	const char *file = options[1].value;
	struct plan plan = {.only = options[0].value, .local = options[3].value != NULL};
	if (file != NULL ? save(app, file, &plan, err) != 0 : plan_all(app, NULL, &plan, err) != 0)
		return -1;
	say_next(app, file);
	if (options[2].value != NULL && plan.pending)
		app->exit_code = EXIT_CHANGES_PENDING;
	return 0;
}
