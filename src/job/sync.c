/* SPDX-License-Identifier: Apache-2.0 */
/* The road from a source to a revision. */
#include "job/sync.h"
#include "job/drift.h"
#include "job/recall.h"
#include "job/telling.h"
#include "roster/elapsed.h"
#include "roster/log.h"

#include <stdio.h>
#include <string.h>

/* More changes than this are applied in several revisions, people first, so that nobody waits long for the writer lock,
 * unless these are the first. */
enum { CHANGES_PER_REVISION = 250000 };

bool sync_is_from_mirror(const struct sync *sync)
{
	return sync->options->from_mirror || sync->unasked != NULL;
}

/* --- what is reported -------------------------------------------------------------------------------------------------- */

/* No news, or of what we do not look at. Without news others may have made room for those in quarantine. */
static bool is_idle(const struct sync *sync)
{
	const struct reading *reading = &sync->reading;

	if (sync_is_from_mirror(sync) || !absorb_is_empty(&reading->absorption))
		return false;
	if (sync->options->pushed)
		return true;
	return reading->way == READ_BY_COOKIE && reading->result.completeness == READ_COMPLETE && !sync->everything &&
	       sync->options->expect == NULL && !sync->state.quarantined;
}

static struct run_report report_of(const struct sync *sync)
{
	const struct sync_report *report = sync->report;

	return (struct run_report){
	    .state = report->state,
	    .completeness = report->completeness,
	    .reason = strcmp(report->state, "rejected") == 0 ? "the same was rejected before"
		      : report->held_reason[0] != '\0'       ? report->held_reason
							     : report->reason,
	    .digest = report->digest,
	    .entries = (int64_t)sync->reading.result.entries,
	    .unreadable = (int64_t)sync->reading.result.unreadable,
	    .held = report->totals.held,
	    .idle = is_idle(sync),
	};
}

/* --- applying ----------------------------------------------------------------------------------------------------------- */

static int apply_step(struct sync *sync, const struct apply_step *step, struct error *err)
{
	int64_t revision = 0;

	if (store_apply(sync->store, sync->report->run, step, &revision, err) != 0)
		return -1;
	if (revision != 0) {
		sync->report->state = "applied";
		sync->report->last_revision = revision;
		if (sync->report->first_revision == 0)
			sync->report->first_revision = revision;
	}
	return 0;
}

static struct settlement settlement_of(const struct sync *sync)
{
	return (struct settlement){.rules_digest = sync->rules_digest,
				   .settings = sync->settings,
				   .complete = sync->reading.result.completeness == READ_COMPLETE,
				   .settles =
				       (sync->everything || sync->state.settled) && sync->report->postponed == 0};
}

/* A large plan commits step by step; a process that dies in between leaves the source unsettled, and the next run
 * compares everybody and does the rest. */
static int apply(struct sync *sync, struct error *err)
{
	const struct settlement settlement = settlement_of(sync);
	const struct run_report report = report_of(sync);
	int64_t last = sync->report->totals.changes, first = 1, most = sync->at_once ? last : CHANGES_PER_REVISION;

	/* Also without a change: what was held may no longer be asked for. */
	do {
		watch_apply(sync->options->watch, first - 1, last);
		int64_t until = last - first < most ? last : first + most - 1;
		if (last > most && (store_commit(sync->store, err) != 0 || store_begin(sync->store, err) != 0))
			return -1;
		const struct apply_step step = {first, until, until >= last ? &settlement : NULL,
						until >= last && sync->options->pushed ? &report : NULL};
		if (apply_step(sync, &step, err) != 0)
			return -1;
		sync->ended = step.end != NULL;
		first = until + 1;
	} while (first <= last);
	return 0;
}

/* --- the road ------------------------------------------------------------------------------------------------------------ */

static int prepare_push(struct sync *sync, struct error *err)
{
	struct session *session = sync->session;

	sync->leads = true;
	if (store_push_begin(sync->store, session->id, &session->push_run, &sync->state, err) != 0)
		return -1;
	sync->begun = true;
	sync->report->run = session->push_run;
	return 0;
}

/* What the source is asked for, as it is configured and in full. */
static void write_settings(struct sync *sync)
{
	char configured[FINGERPRINT_TEXT], full[FINGERPRINT_TEXT];

	digest_text(&sync->session->configured, configured);
	digest_text(&sync->session->settings, full);
	snprintf(sync->settings, sizeof sync->settings, "%s:%s", configured, full);
}

static int settle(struct sync *sync, struct error *err)
{
	sync->asking = true;
	if (session_settle(sync->session, err) != 0)
		return -1;
	sync->asking = false;
	write_settings(sync);
	return 0;
}

static int prepare_run(struct sync *sync, struct error *err)
{
	if (store_source_lead(sync->store, sync->source, &sync->state, err) != 0)
		return -1;
	sync->leads = true;
	sync->session->id = sync->state.id;
	if (!sync_is_from_mirror(sync) && settle(sync, err) != 0)
		return -1;
	sync->everything = sync->options->full || sync->untold || !sync->state.settled ||
			   sync->state.full_ms >= sync->source->full_ms ||
			   strcmp(sync->rules_digest, sync->state.rules_digest) != 0;
	return 0;
}

static int prepare(struct sync *sync, struct error *err)
{
	digest_text(&sync->session->rules, sync->rules_digest);
	write_settings(sync);
	return sync->options->pushed ? prepare_push(sync, err) : prepare_run(sync, err);
}

static const char *kind_of(const struct sync *sync)
{
	return sync->options->dry_run ? "plan" : sync_is_from_mirror(sync) ? "apply" : "sync";
}

static int begin_run(struct sync *sync, struct error *err)
{
	if (!sync->begun && store_run_begin(sync->store, &sync->state, kind_of(sync), err) != 0)
		return -1;
	sync->begun = true;
	return 0;
}

/* What was asked of the source before decides whether it may go on from there. */
static enum reading_way first_way(const struct sync *sync)
{
	if (sync->options->pushed)
		return READ_PUSHED;
	if (sync->options->full || sync->state.full_ms >= sync->source->full_ms ||
	    strcmp(sync->settings, sync->state.settings) != 0)
		return READ_WITH_COOKIE;
	/* No server says that what was hidden can be seen again, and somebody may approve at any moment. */
	if (sync->state.misses && !sync->options->spare)
		return READ_WITH_COOKIE;
	return READ_BY_COOKIE;
}

static int start_reading(struct sync *sync, struct error *err)
{
	enum reading_way first = first_way(sync);

	sync->reading.session = sync->session;
	sync->reading.store = sync->store;
	sync->reading.watched = &sync->watched;
	sync->reading.persist = sync->options->follow && !sync->options->dry_run;
	sync->reading.takes_any = sync->options->full;
	if (sync->reading.way < first)
		sync->reading.way = first;
	if (watch_step(sync->options->watch, "reading", err) != 0)
		return -1;
	sync->asking = true;
	return reading_start(&sync->reading, err);
}

static int look(struct sync *sync, struct error *err)
{
	if (sync->options->pushed)
		return 0;
	if (store_source_look(sync->store, sync->config, &sync->state, err) != 0)
		return -1;
	sync->report->run = sync->state.run;
	return 0;
}

/* Maybe there is no news: then all of the run is written at its end. */
static bool may_be_idle(const struct sync *sync)
{
	return !sync_is_from_mirror(sync) && !sync->everything && sync->reading.way == READ_BY_COOKIE;
}

/* 0, 1 to begin again another way, -1. */
static int read_and_match(struct sync *sync, struct error *err)
{
	int64_t start = clock_ms();
	int rc = 0;

	if (!sync_is_from_mirror(sync) && start_reading(sync, err) != 0)
		return -1;
	/* While the source thinks about what it was asked. */
	if (look(sync, err) != 0 || (!may_be_idle(sync) && begin_run(sync, err) != 0))
		return -1;
	intake_begin(sync->session->intake, sync->store, sync->report->run);
	watched_start(&sync->watched, intake_sink(sync->session->intake), sync->options->watch);
	if (!sync_is_from_mirror(sync))
		rc = reading_finish(&sync->reading, sync->report->run, err);
	if (rc != 0)
		return rc;
	sync->asking = false;
	if (watch_step(sync->options->watch, "comparing", err) != 0)
		return -1;
	sync->report->seconds = (double)(clock_ms() - start) / 1000;
	/* Other rules look at everybody again, from the mirror: the directory need not be asked for that. */
	if (sync->everything && recall_all(sync->store, sync->report->run, sync->session->intake, err) != 0)
		return -1;
	return store_stage_matches(sync->store, sync->report->run, intake_matches(sync->session->intake), err);
}

static int finish(struct sync *sync, struct error *err)
{
	const struct run_report report = report_of(sync);

	if (sync->options->dry_run) {
		store_rollback(sync->store);
		return 0;
	}
	if (!sync->begun)
		return store_run_idle(sync->store, &sync->state, kind_of(sync), report.digest, err) == 0
			   ? store_commit_lightly(sync->store, err)
			   : -1;
	if (!sync->ended && store_run_end(sync->store, sync->report->run, &report, err) != 0)
		return -1;
	return report.idle ? store_commit_lightly(sync->store, err) : store_commit(sync->store, err);
}

/* Also what earlier runs found and nobody has decided about. Of what is pushed nobody is told. */
static int count_waiting(struct sync *sync, struct error *err)
{
	struct sync_report *report = sync->report;
	struct held_waiting waiting = {0, ""};
	if (sync->options->pushed)
		return 0;
	struct arena *arena = arena_new();
	int rc = store_held_waiting(sync->store, report->run, arena, &waiting, err);

	report->waiting = waiting.count;
	snprintf(report->waiting_runs, sizeof report->waiting_runs, "%s", waiting.runs);
	arena_free(&arena);
	return rc;
}

static bool is_news(const struct sync *sync)
{
	return sync->reading.way == READ_BY_COOKIE || sync->reading.way == READ_PUSHED;
}

static void tell_reading(struct sync *sync)
{
	const struct reading *reading = &sync->reading;
	struct sync_report *report = sync->report;
	bool complete = reading->result.completeness == READ_COMPLETE;

	report->completeness = sync_is_from_mirror(sync)   ? "mirror"
			       : is_news(sync) && complete ? "changes"
							   : completeness_name(reading->result.completeness);
	snprintf(report->reason, sizeof report->reason, "%s",
		 sync->unasked != NULL ? sync->unasked : reading->result.reason);
	memcpy(report->entries, intake_counts(sync->session->intake), sizeof report->entries);
	report->unreadable = reading->result.unreadable;
	report->doubt = reading->absorption.doubt;
}

/* A source whose news were asked for with other settings has told of something else. */
static int compare_with_news(struct sync *sync, struct error *err)
{
	if (sync->reading.way != READ_WITH_COOKIE || sync->options->dry_run ||
	    sync->reading.result.completeness != READ_COMPLETE || strcmp(sync->settings, sync->state.settings) != 0)
		return 0;
	return drift_find(&sync->reading, sync->report->run, sync->report, err);
}

/* A group may list somebody nobody knows instead of somebody who is there: the word about him may come later. */
static bool may_meet_strangers(const struct sync *sync)
{
	const struct session *session = sync->session;

	return is_news(sync) && !sync_is_from_mirror(sync) && !sync->asked_again &&
	       intake_counts(session->intake)[ENTRY_GROUP] > 0 && !intake_names_by_identity(session->intake);
}

/* Into the mirror, with the place in the source from which to go on. 1: what was read does not fit together. */
static int merge(struct sync *sync, struct error *err)
{
	const struct reading *reading = &sync->reading;
	bool from_mirror = sync_is_from_mirror(sync), unsure = from_mirror && sync->state.unsure;
	bool complete = !from_mirror && reading->result.completeness == READ_COMPLETE;
	bool whole = complete && (reading->way == READ_PLAINLY || reading->way == READ_WITH_COOKIE);
	const struct plan_scope scope = {
	    .read = whole,
	    .everything = sync->everything,
	    .whole = whole || (from_mirror && !unsure),
	    .known = complete,
	    .additions = !complete && (!from_mirror || unsure),
	    .strangers = may_meet_strangers(sync),
	};

	if (store_plan(sync->store, sync->report->run, &scope, &sync->report->totals, err) != 0)
		return -1;
	sync->asked_again = sync->asked_again || sync->report->totals.strangers;
	if (sync->report->totals.strangers)
		return 1;
	if (!from_mirror && reading_keep(&sync->reading, err) != 0)
		return -1;
	sync->at_once = sync->report->totals.at_once;
	sync->report->postponed = sync->report->totals.waiting;
	return 0;
}

/* It is settled already: otherwise everybody would be compared. */
static int go_on_from_there(struct sync *sync, struct error *err)
{
	const struct settlement settlement = settlement_of(sync);
	const struct digest nothing = {{0}};
	bool brief = sync->state.applied_before && !sync->state.held_before && !sync->state.waits;

	if ((!brief && begin_run(sync, err) != 0) || reading_keep(&sync->reading, err) != 0)
		return -1;
	if (sync->options->pushed)
		return finish(sync, err);
	digest_text(&nothing, sync->report->digest);
	if ((!sync->state.applied_before && store_settle(sync->store, sync->report->run, &settlement, err) != 0) ||
	    (sync->state.waits && count_waiting(sync, err) != 0))
		return -1;
	return finish(sync, err);
}

/* A source is read in several searches, and what happens meanwhile some of them see and others do not. 1: what they say does
 * not fit together; it is asked for once more. */
static int doubts_reading(struct sync *sync, struct error *err)
{
	bool doubtful = false;

	if (sync_is_from_mirror(sync) || sync->asked_again || is_news(sync) || !sync->state.applied_before ||
	    sync->reading.result.completeness != READ_COMPLETE)
		return 0;
	if (store_meets_homeless(sync->store, sync->report->run, sync->session->id, &doubtful, err) != 0)
		return -1;
	sync->asked_again = doubtful;
	return doubtful;
}

/* What was pushed comes to nothing, and comes again. */
static int drop_pushed(struct sync *sync)
{
	store_rollback(sync->store);
	sync->reading.has_cookies = false;
	sync->report->ask_again = true;
	return 0;
}

static int begin(struct sync *sync, struct error *err)
{
	return sync->options->pushed ? store_begin_small(sync->store, err) : store_begin(sync->store, err);
}

int sync_travel(struct sync *sync, struct error *err)
{
	struct sync_report *report = sync->report;
	int rc;

	if (begin(sync, err) != 0 || prepare(sync, err) != 0)
		return -1;
	rc = read_and_match(sync, err);
	if (rc != 0)
		return rc;
	tell_reading(sync);
	if (is_idle(sync))
		return go_on_from_there(sync, err);
	rc = doubts_reading(sync, err);
	if (rc != 0)
		return rc;
	if (begin_run(sync, err) != 0 || compare_with_news(sync, err) != 0)
		return -1;
	rc = merge(sync, err);
	if (rc != 0)
		return rc > 0 && sync->options->pushed ? drop_pushed(sync) : rc;
	if (sync_judge(sync, err) != 0 || sync_tell(sync, err) != 0)
		return -1;
	if (sync->options->dry_run    ? store_plan_notifies(sync->store, report->run, report->would_notify, err) != 0
	    : sync_is_stopped(report) ? sync_apply_spared(sync, err) != 0
				      : apply(sync, err) != 0)
		return -1;
	return count_waiting(sync, err) == 0 ? finish(sync, err) : -1;
}
