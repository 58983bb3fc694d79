/* SPDX-License-Identifier: Apache-2.0 */
#include "job/judge.h"

#include "roster/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_reason(struct judgement *judgement, const char *reason)
{
	size_t used = strlen(judgement->reason);

	snprintf(judgement->reason + used, sizeof judgement->reason - used, "%s%s", used == 0 ? "" : "; ", reason);
}

/* The first run of a source, other rules, and mode "hold" ask once, with the whole plan. Whom the source has closed does not
 * wait for the answer about rules. */
static int judge_whole(struct judgement *judgement, struct error *err)
{
	bool every = judgement->safety->mode == SAFETY_HOLD;
	struct guard_verdict verdict;
	struct plan_hold hold;

	guard_first_run(judgement->safety, judgement->applied, judgement->rules, &verdict);
	if (verdict.decision != GUARD_HOLD && every) {
		verdict.decision = GUARD_HOLD;
		snprintf(verdict.reason, sizeof verdict.reason, "safety.mode is \"hold\": every run waits");
	}
	if (verdict.decision != GUARD_HOLD)
		return 0;
	if (store_plan_hold(judgement->store, judgement->run, !every, &hold, err) != 0)
		return -1;
	judgement->whole = hold.held > 0;
	judgement->spared = hold.held > 0 && hold.spared > 0;
	if (judgement->whole)
		add_reason(judgement, verdict.reason);
	return 0;
}

static bool holds_any(const struct guard_verdict *verdicts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (verdicts[i].decision == GUARD_HOLD)
			return true;
	return false;
}

static int count_and_judge(struct judgement *judgement, struct arena *arena, struct guard_counts *counts,
			   struct guard_verdict **verdicts, struct error *err)
{
	if (store_guard_counts(judgement->store, judgement->run, judgement->safety, arena, counts, err) != 0)
		return -1;
	*verdicts = arena_alloc_array(arena, counts->count + 1, sizeof **verdicts);
	guard_judge(judgement->safety, counts->items, counts->count, *verdicts);
	return 0;
}

/* Too many of them wait with the rest. */
static int judge_spared(struct judgement *judgement, struct arena *arena, struct error *err)
{
	struct guard_counts counts = {.exact = false};
	struct guard_verdict *verdicts;
	struct plan_hold hold;

	if (count_and_judge(judgement, arena, &counts, &verdicts, err) != 0)
		return -1;
	judgement->spared = !holds_any(verdicts, counts.count);
	return judgement->spared ? 0 : store_plan_hold(judgement->store, judgement->run, false, &hold, err);
}

/* How many there are of all is worth counting when somebody is told. */
static int judge_counts(struct judgement *judgement, struct arena *arena, struct error *err)
{
	struct guard_counts counts = {.exact = false};
	struct guard_verdict *verdicts;

	if (count_and_judge(judgement, arena, &counts, &verdicts, err) != 0)
		return -1;
	if (!holds_any(verdicts, counts.count))
		return 0;
	counts.exact = true;
	if (count_and_judge(judgement, arena, &counts, &verdicts, err) != 0)
		return -1;
	for (size_t i = 0; i < counts.count; i++) {
		if (verdicts[i].decision != GUARD_HOLD)
			continue;
		add_reason(judgement, verdicts[i].reason);
		if (store_guard_hold(judgement->store, judgement->run, &counts.items[i], verdicts[i].reason,
				     &judgement->newly, err) != 0)
			return -1;
	}
	return 0;
}

/* Many who are gone at once were often in one place, which somebody has hidden or moved. */
static int say_emptied(struct judgement *judgement, struct arena *arena, struct error *err)
{
	struct emptied_place emptied;
	char reason[sizeof judgement->reason], more[64] = "";

	if (store_guard_emptied(judgement->store, judgement->run, arena, &emptied, err) != 0)
		return -1;
	if (emptied.places == 0)
		return 0;
	if (emptied.places > 1)
		snprintf(more, sizeof more, ", and none in %zu more places", emptied.places - 1);
	snprintf(reason, sizeof reason, "the source returned no %ss under %s (%" PRId64 " in the last read)%s",
		 emptied.kind, emptied.dn, emptied.before, more);
	add_reason(judgement, reason);
	return 0;
}

int judge_plan(struct judgement *judgement, struct error *err)
{
	struct arena *arena = arena_new();
	int rc = judgement->decided ? 0 : judge_whole(judgement, err);

	if (rc == 0 && judgement->spared)
		rc = judge_spared(judgement, arena, err);
	else if (rc == 0 && !judgement->whole && judgement->guarded)
		rc = judge_counts(judgement, arena, err);
	if (rc == 0 && judgement->newly > 0)
		rc = say_emptied(judgement, arena, err);
	arena_free(&arena);
	return rc;
}
