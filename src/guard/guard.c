/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PERCENT_OFF = 100, DURATION_TEXT = 32 };

enum cause { CAUSE_NONE, CAUSE_PERCENT, CAUSE_LIMIT, CAUSE_MODE };

/* How people call what is counted. */
static const struct kind_words {
	const char *name, *one, *many, *objects;
} words[GUARD_KINDS] = {
    [GUARD_SUSPEND] = {"suspend", "suspension", "suspensions", "people"},
    [GUARD_VANISH] = {"vanish", "disappearance", "disappearances", "people"},
    [GUARD_MEMBER] = {"member", "removal", "removals", "memberships"},
    [GUARD_GROUP] = {"group", "removal", "removals", "groups"},
    [GUARD_RESOURCE] = {"resource", "removal", "removals", "apps and associations"},
    [GUARD_GRANT] = {"grant", "new holder", "new holders", "sensitive roles"},
    [GUARD_ADD] = {"add", "addition", "additions", NULL},
};

const char *guard_kind_name(enum guard_kind kind)
{
	return words[kind].name;
}

static int64_t at_least_zero(int64_t number)
{
	return number > 0 ? number : 0;
}

static int64_t total_of(const struct guard_count *count)
{
	int64_t pending = at_least_zero(count->pending), recent = at_least_zero(count->recent);

	return pending > INT64_MAX - recent ? INT64_MAX : pending + recent;
}

static bool is_removal(enum guard_kind kind)
{
	return kind == GUARD_VANISH || kind == GUARD_MEMBER || kind == GUARD_GROUP || kind == GUARD_RESOURCE;
}

/* The greatest whole number that is not above percent of base, computed without a product that could overflow. */
static int64_t share_of(int64_t base, int64_t percent)
{
	return base / 100 * percent + base % 100 * percent / 100;
}

static bool is_above_percent(const struct safety_config *safety, const struct guard_count *count)
{
	int64_t total = total_of(count);

	if (!is_removal(count->kind) || safety->max_remove_percent >= PERCENT_OFF || total <= safety->min_remove)
		return false;
	return total > share_of(at_least_zero(count->base), at_least_zero(safety->max_remove_percent));
}

/* The limit in objects, -1 when none binds this count. A scope is one group: only its percent says something. */
static int64_t limit_of(const struct safety_config *safety, const struct guard_count *count)
{
	if (count->kind == GUARD_SUSPEND)
		return at_least_zero(safety->max_suspend);
	if (count->kind == GUARD_GRANT)
		return at_least_zero(safety->max_grant);
	return is_removal(count->kind) && count->scope[0] == '\0' ? at_least_zero(safety->max_remove) : -1;
}

/* The percent comes first: it is what an administrator understands at once. */
static enum cause cause_of(const struct safety_config *safety, const struct guard_count *count)
{
	int64_t limit = limit_of(safety, count);

	if (count->pending <= 0)
		return CAUSE_NONE;
	if (is_above_percent(safety, count))
		return CAUSE_PERCENT;
	if (limit >= 0 && total_of(count) > limit)
		return CAUSE_LIMIT;
	return safety->mode == SAFETY_HOLD ? CAUSE_MODE : CAUSE_NONE;
}

/* --- sentences ------------------------------------------------------------------------------------------------- */

/* A cut must not split a character: the sentence goes to the database. */
static void set_reason(struct guard_verdict *verdict, const struct str *text)
{
	size_t size = text->size;

	if (size >= sizeof(verdict->reason)) {
		size = sizeof(verdict->reason) - 1;
		while (size > 0 && ((unsigned char)text->data[size] & 0xC0) == 0x80)
			size--;
	}
	memcpy(verdict->reason, str_text(text), size);
	verdict->reason[size] = '\0';
}

/* Part of it is newer than the window, all of it where there was none then: that is no share. */
static bool is_newer(const struct guard_count *count)
{
	return count->kind != GUARD_GRANT && words[count->kind].objects && total_of(count) > at_least_zero(count->base);
}

static void say_before(const struct safety_config *safety, const struct guard_count *count, struct str *text)
{
	char window[DURATION_TEXT];

	str_add(text, ", where there were ");
	if (count->base > 0)
		str_printf(text, "%" PRId64, count->base);
	else
		str_add(text, "no");
	str_printf(text, " %s %s ago", words[count->kind].objects,
		   duration_format(safety->window_ms, window, sizeof(window)));
}

/* "9120 removals of 41870 memberships", "25 new holders of Administrator", "12 additions", and of what is newer
 * "20 removals, where there were 19 memberships 1d ago". */
static void say_count(const struct safety_config *safety, const struct guard_count *count, struct str *text)
{
	const struct kind_words *kind = &words[count->kind];
	int64_t total = total_of(count);

	str_printf(text, "%" PRId64 " %s", total, total == 1 ? kind->one : kind->many);
	if (count->kind == GUARD_GRANT)
		str_printf(text, " of %s", count->scope[0] ? count->scope : kind->objects);
	else if (is_newer(count))
		say_before(safety, count, text);
	else if (kind->objects)
		str_printf(text, " of %" PRId64 " %s", count->base, kind->objects);
}

/* One decimal, or as many as it takes to see that it is more than the limit. */
static void say_percent(const struct guard_count *count, int64_t limit, struct str *text)
{
	double percent = count->base > 0 ? 100.0 * (double)total_of(count) / (double)count->base : 0;
	int decimals = 1;

	if (is_newer(count)) {
		str_printf(text, "limit %" PRId64 " %%", limit);
		return;
	}
	for (double gap = percent - (double)limit; gap < 0.05 && decimals < 6; gap *= 10)
		decimals++;
	str_printf(text, "%.*f %%, limit %" PRId64 " %%", decimals, percent, limit);
}

static void say_cause(const struct safety_config *safety, const struct guard_count *count, enum cause cause,
		      struct str *text)
{
	if (cause == CAUSE_PERCENT)
		say_percent(count, at_least_zero(safety->max_remove_percent), text);
	else if (cause == CAUSE_LIMIT)
		str_printf(text, "limit %" PRId64, limit_of(safety, count));
	else
		str_add(text, "mode is \"hold\"");
}

static void explain(const struct safety_config *safety, const struct guard_count *count, enum cause cause,
		    struct str *text)
{
	char window[DURATION_TEXT];

	say_count(safety, count, text);
	str_add(text, " (");
	say_cause(safety, count, cause, text);
	if (count->recent > 0)
		str_printf(text, ", %" PRId64 " of them within the last %s", count->recent,
			   duration_format(safety->window_ms, window, sizeof(window)));
	str_add(text, ")");
	if (count->scope[0] && count->kind != GUARD_GRANT)
		str_printf(text, " in %s", count->scope);
}

/* --- judgement ------------------------------------------------------------------------------------------------- */

static enum guard_decision decide(const struct safety_config *safety, bool wait)
{
	if (safety->mode == SAFETY_OBSERVE)
		return GUARD_OBSERVE;
	return wait ? GUARD_HOLD : GUARD_GO;
}

void guard_judge(const struct safety_config *safety, const struct guard_count *counts, size_t count,
		 struct guard_verdict *verdicts)
{
	struct str text = {0};

	for (size_t i = 0; i < count; i++) {
		enum cause cause = cause_of(safety, &counts[i]);
		str_clear(&text);
		if (cause != CAUSE_NONE)
			explain(safety, &counts[i], cause, &text);
		verdicts[i].decision = decide(safety, cause != CAUSE_NONE);
		set_reason(&verdicts[i], &text);
	}
	str_free(&text);
}

static const char *whole_run_reason(const struct safety_config *safety, const struct digest *applied,
				    const struct digest *rules)
{
	if (!safety->first_run_hold)
		return "";
	if (!applied)
		return "the first run of this source waits until its plan is approved";
	return digest_equal(applied, rules) ? ""
					    : "the rules, or which entries they see, have changed: their first run "
					      "waits until its plan is approved";
}

void guard_first_run(const struct safety_config *safety, const struct digest *applied, const struct digest *rules,
		     struct guard_verdict *verdict)
{
	const char *reason = whole_run_reason(safety, applied, rules);
	struct str text = {0};

	str_add(&text, reason);
	set_reason(verdict, &text);
	str_free(&text);
	verdict->decision = decide(safety, reason[0] != '\0');
}
