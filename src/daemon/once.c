/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/private.h"
#include "roster/job.h"
#include "roster/log.h"
#include "roster/request.h"
#include "roster/target.h"

/* What went wrong with some of the work does not keep the rest from being done; the worst of it is the exit code. */
struct outcome {
	enum error_class worst;
	size_t failed;
};

static void note(struct outcome *outcome, const struct error *fault)
{
	log_error("%s", fault->text);
	outcome->failed++;
	if (error_exit_code(fault->class) > error_exit_code(outcome->worst))
		outcome->worst = fault->class;
}

static int is_paused(const struct config *config, const struct source_config *source, struct error *err)
{
	struct store *store = NULL;
	int rc = store_open(&config->database, STORE_DAEMON, &store, err);

	if (rc == 0)
		rc = store_schema_check(store, err);
	if (rc == 0)
		rc = request_is_paused(store, source->name, err);
	store_close(&store);
	return rc;
}

/* What is held stays in force, and is for an administrator to decide. */
static int run_source(const struct config *config, const struct source_config *source, struct error *err)
{
	const struct sync_options options = {.dry_run = false};
	struct sync_report report;
	struct str text = {0};
	int rc = 0;

	rc = is_paused(config, source, err);
	if (rc > 0)
		log_info("source %s is paused: its poll is left out", source->name);
	if (rc != 0)
		return rc > 0 ? 0 : -1;
	if (sync_source(config, source, &options, &report, err) != 0)
		return -1;
	report_tell(&report, source->name, &text);
	if (report.reason[0] != '\0')
		rc = error_set(err, ERR_UNREACHABLE, "%s: %s", str_text(&text), report.reason);
	else if (report.held_reason[0] != '\0')
		rc = error_set(err, ERR_GUARD, "%s", str_text(&text));
	else if (report.waiting > 0)
		rc = error_set(err, ERR_GUARD, "%s; changes of %s still wait for a decision", str_text(&text),
			       report.waiting_runs);
	else
		log_info("%s", str_text(&text));
	str_free(&text);
	return rc;
}

int daemon_once(const struct config *config, struct error *err)
{
	struct outcome outcome = {ERR_NONE, 0};
	const struct target_ops *driver;
	struct error fault = {0};

	for (size_t i = 0; i < config->source_count; i++) {
		fault = (struct error){0};
		if (run_source(config, &config->sources[i], &fault) != 0)
			note(&outcome, &fault);
	}
	fault = (struct error){0};
	if (clock_once(config, &fault) != 0)
		note(&outcome, &fault);
	for (size_t i = 0; (driver = target_driver_at(i)) != NULL; i++) {
		fault = (struct error){0};
		int owed = deliver_once(config, driver->name, NULL, &fault);
		if (owed > 0)
			error_set(&fault, ERR_UNREACHABLE,
				  "not every target of type %s is told everything; see: rosterctl status",
				  driver->name);
		if (owed != 0)
			note(&outcome, &fault);
	}
	/* Last: what the rest has found belongs to it. */
	fault = (struct error){0};
	if (daemon_notices_once(config, &fault) != 0)
		note(&outcome, &fault);
	if (outcome.failed == 0)
		return 0;
	return error_set(err, outcome.worst, "not all of the work could be done");
}
