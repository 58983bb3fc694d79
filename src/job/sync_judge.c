/* SPDX-License-Identifier: Apache-2.0 */
#include "job/judge.h"
#include "job/sync.h"
#include "job/telling.h"
#include "roster/guard.h"

#include <stdio.h>
#include <string.h>

static bool digest_from_text(const char *text, struct digest *ret)
{
	for (size_t i = 0; i < sizeof ret->bytes; i++)
		if (sscanf(text + 2 * i, "%2hhx", &ret->bytes[i]) != 1)
			return false;
	return true;
}

/* Rows of a run were approved, which said nothing about rules that came after it. */
static bool judges_other_rules(const struct sync *sync, const struct judgement *judgement)
{
	struct guard_verdict verdict;

	guard_first_run(judgement->safety, judgement->applied, judgement->rules, &verdict);
	return sync->options->from_mirror && sync->options->expect == NULL && verdict.decision == GUARD_HOLD;
}

/* The whole run waits for a word, unless that was given already. */
static int hold_whole(struct sync *sync, struct error *err)
{
	struct sync_report *report = sync->report;
	int rejected;

	const struct telling telling = {.store = sync->store, .run = report->run, .held = true};

	if (tell_whole(&telling, report->digest, err) != 0)
		return -1;
	rejected = store_plan_rejected(sync->store, report->run, report->digest, err);
	if (rejected > 0)
		report->held_reason[0] = '\0';
	report->state = rejected > 0 ? "rejected" : "held";
	return rejected < 0 ? -1 : 0;
}

/* Nobody agreed to this plan yet: the guard says what of it may go all the same. */
static int judge_anew(struct sync *sync, struct error *err)
{
	struct digest applied, rules = sync->session->rules;
	bool known = sync->state.applied_before && digest_from_text(sync->state.rules_digest, &applied);
	struct judgement judgement = {
	    .safety = &sync->config->safety,
	    .store = sync->store,
	    .run = sync->report->run,
	    .applied = known ? &applied : NULL,
	    .rules = &rules,
	    .decided = sync->options->from_mirror || sync->options->expect != NULL,
	    .guarded = sync->report->totals.guarded,
	};

	if (judges_other_rules(sync, &judgement))
		return error_set(err, ERR_CONFLICT,
				 "the rules, or which entries they see, have changed, and their first run waits for a "
				 "word of its own: what was approved "
				 "is done with it (see rosterctl plan)");
	if (judge_plan(&judgement, err) != 0)
		return -1;
	sync->report->newly_held = judgement.newly;
	sync->spares = judgement.spared;
	snprintf(sync->report->held_reason, sizeof sync->report->held_reason, "%s", judgement.reason);
	return judgement.whole ? hold_whole(sync, err) : 0;
}

int sync_apply_spared(struct sync *sync, struct error *err)
{
	const struct apply_step step = {1, sync->report->totals.changes, NULL, NULL};
	int64_t revision = 0;

	if (!sync->spares)
		return 0;
	if (store_apply(sync->store, sync->report->run, &step, &revision, err) != 0)
		return -1;
	sync->report->first_revision = sync->report->last_revision = revision;
	return 0;
}

bool sync_is_stopped(const struct sync_report *report)
{
	return strcmp(report->state, "held") == 0 || strcmp(report->state, "rejected") == 0;
}

/* The digest is what an answer to this plan, or to one that waits, is about. */
static bool needs_digest(const struct sync *sync)
{
	return sync->options->dry_run || strcmp(sync->report->state, "held") == 0 || sync->state.held_before;
}

/* What is pushed nobody reads. */
static int tell(struct sync *sync, struct error *err)
{
	struct change_sink *sink = sync->options->sink;

	if (sync->options->pushed)
		return 0;
	/* Who saves a plan agrees to all of it; who answers a run that waits, to what waits. */
	const struct telling telling = {.store = sync->store,
					.run = sync->report->run,
					.held = sync_is_stopped(sync->report) && !sync->options->dry_run,
					.sink = sink};
	if (needs_digest(sync) || (sink != NULL && sink->most == 0))
		return tell_whole(&telling, sync->report->digest, err);
	return sink == NULL ? 0 : store_plan_walk(sync->store, sync->report->run, sink, err);
}

/* What is told of it: all for who reads it; of what is pushed sync_judge() has counted enough, unless it had something held. */
static int count(struct sync *sync, struct error *err)
{
	struct sync_report *report = sync->report;

	if (sync->options->pushed && report->held_reason[0] == '\0' && !sync_is_stopped(report))
		return 0;
	if (sync->options->pushed)
		return store_plan_count(sync->store, report->run, &report->totals, err);
	return store_plan_totals(sync->store, report->run, sync->options->from_mirror, &report->totals, err);
}

int sync_tell(struct sync *sync, struct error *err)
{
	return tell(sync, err) == 0 ? count(sync, err) : -1;
}

int sync_judge(struct sync *sync, struct error *err)
{
	const char *expect = sync->options->expect;

	if (expect == NULL)
		return sync->report->totals.changes == 0 ? 0 : judge_anew(sync, err);
	if (tell_whole(&(const struct telling){.store = sync->store, .run = sync->report->run}, sync->report->digest,
		       err) != 0)
		return -1;
	if (strcmp(sync->report->digest, expect) != 0)
		return error_set(err, ERR_CONFLICT,
				 "the plan is not the one that was agreed to: the directory or the model has "
				 "changed since (see rosterctl plan)");
	/* An administrator's approval stands; a saved plan was read, but the limits are there for what is overlooked. */
	return sync->options->from_mirror ? 0 : judge_anew(sync, err);
}
