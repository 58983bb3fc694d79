/* SPDX-License-Identifier: Apache-2.0 */
/* A run from its beginning to its end, whatever becomes of it on the way. */
#include "job/sync.h"
#include "roster/log.h"

#include <string.h>

/* What was found on it is left where it was. */
static void give_up_way(struct sync *sync)
{
	enum reading_way way = sync->reading.way;

	sync->begun = false;
	store_rollback(sync->store);
	if (sync->reading.session != NULL)
		reading_end(&sync->reading);
	sync->reading = (struct reading){.way = way};
}

/* Each way that is given up leads to the next, and the last one to an answer. */
static int travel_some_way(struct sync *sync, struct error *err)
{
	int rc;

	while ((rc = sync_travel(sync, err)) > 0) {
		sync->untold = sync->untold || sync->reading.absorption.doubt != DOUBT_NONE;
		give_up_way(sync);
	}
	return rc;
}

/* What went wrong is written down in a transaction of its own: the rest of the run never was. Where a server refuses to show
 * something, what it told meanwhile may have left that out: then everything is read. */
static void record_failure(struct sync *sync, const struct error *failure)
{
	const struct run_report report = {.state = "failed", .completeness = "failed", .reason = failure->text};
	struct error err = {0};

	if (sync->options->dry_run || !sync->leads)
		return;
	/* Once more: what registered a new source was taken back with the rest. */
	if (store_begin(sync->store, &err) != 0 ||
	    store_source_lead(sync->store, sync->source, &sync->state, &err) != 0 ||
	    store_run_begin(sync->store, &sync->state, "sync", &err) != 0 ||
	    (failure->class == ERR_DENIED && store_full_note(sync->store, sync->state.id, false, &err) != 0) ||
	    store_run_end(sync->store, sync->state.run, &report, &err) != 0 || store_commit(sync->store, &err) != 0) {
		store_rollback(sync->store);
		log_warn("the failed run of source %s could not be recorded: %s", sync->source->name, err.text);
	}
}

/* --- a source that cannot be asked ------------------------------------------------------------------------------------------ */

static bool is_of_source(enum error_class class)
{
	return class == ERR_UNREACHABLE || class == ERR_DENIED || class == ERR_CLOSED || class == ERR_PROTOCOL ||
	       class == ERR_DATA;
}

/* The first part is what is known without the source; its server has said the second. */
static bool asks_what_was_asked(const struct sync *sync)
{
	size_t configured = strcspn(sync->settings, ":") + 1;

	return strncmp(sync->settings, sync->state.settings, configured) == 0;
}

/* Other rules need no other word of the source, when it was asked for all they look at. Once is enough: until they are
 * agreed to they give the same. */
static bool may_do_without(const struct sync *sync, const struct error *failure)
{
	const struct sync_options *options = sync->options;

	return sync->asking && is_of_source(failure->class) && !store_is_lost(sync->store) && !options->pushed &&
	       !options->full && !sync->session->recalled && sync->state.applied_before &&
	       strcmp(sync->rules_digest, sync->state.rules_digest) != 0 && asks_what_was_asked(sync);
}

static int travel_without(struct sync *sync, const struct error *failure, struct error *err)
{
	int rc;

	give_up_way(sync);
	record_failure(sync, failure);
	session_rest(sync->session);
	sync->asking = false;
	sync->unasked = failure->text;
	rc = sync_travel(sync, err);
	sync->report->unasked = failure->class;
	sync->session->recalled = rc == 0;
	return rc;
}

/* --- a run ------------------------------------------------------------------------------------------------------------------- */

static int sync_session(struct sync *sync, struct error *err)
{
	struct session *session = sync->session;
	struct error failure = {0};
	int rc = travel_some_way(sync, &failure);

	if (rc != 0)
		error_prefix(&failure, "source %s", sync->source->name);
	if (rc != 0 && may_do_without(sync, &failure))
		rc = travel_without(sync, &failure, err);
	else
		*err = failure;

	/* Who leads the source next does that, if this process dies before it or cannot. */
	if (rc == 0 && sync->ended)
		rc = store_run_sweep(sync->store, sync->report->run, err);
	if (rc != 0) {
		error_prefix(err, "source %s", sync->source->name);
		store_rollback(sync->store);
		record_failure(sync, err);
	}
	session->follows = rc == 0 && sync->reading.has_cookies && (sync->options->follow || sync->options->pushed) &&
			   !sync->options->dry_run && !sync_is_stopped(sync->report);
	if (sync->reading.session != NULL)
		reading_end(&sync->reading);
	if (!session->follows)
		session_rest(session);
	return rc;
}

int sync_source_on(struct store *store, const struct config *config, const struct source_config *source,
		   const struct sync_options *options, struct sync_report *report, struct error *err)
{
	struct sync_options own = *options;
	struct sync sync = {.config = config, .source = source, .options = &own, .report = report, .store = store};
	struct session fresh = {0};
	int rc = 0;

	*report = (struct sync_report){.state = "nothing", .completeness = "failed"};
	report->observed = !own.dry_run && config->safety.mode == SAFETY_OBSERVE;
	own.dry_run = own.dry_run || report->observed;
	/* A plan leaves the session of others alone. */
	sync.session = own.session != NULL && !own.dry_run ? own.session : &fresh;
	if (sync.session == &fresh)
		rc = session_open(config, source, &fresh, err);
	if (rc == 0 && sync.session == &fresh && !own.from_mirror && fresh.driver->prepare != NULL)
		fresh.driver->prepare(fresh.source);
	rc = rc == 0 ? sync_session(&sync, err) : error_prefix(err, "source %s", source->name);
	if (sync.session == &fresh)
		session_close(&fresh);
	return rc;
}

int sync_source(const struct config *config, const struct source_config *source, const struct sync_options *options,
		struct sync_report *report, struct error *err)
{
	struct store *store = NULL;
	int rc;

	if (store_open(&config->database, STORE_DAEMON, &store, err) != 0 || store_schema_check(store, err) != 0)
		rc = error_prefix(err, "source %s", source->name);
	else
		rc = sync_source_on(store, config, source, options, report, err);
	store_close(&store);
	return rc;
}
