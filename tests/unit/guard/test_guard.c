/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct safety_config defaults = {.mode = SAFETY_ENFORCE,
					      .window_ms = 24 * 3600 * 1000,
					      .max_remove = 500,
					      .max_remove_percent = 10,
					      .min_remove = 10,
					      .max_suspend = 200,
					      .max_grant = 20,
					      .first_run_hold = true};

static struct guard_verdict judge_one(const struct safety_config *safety, struct guard_count count)
{
	struct guard_verdict verdict;

	memset(&verdict, 0x55, sizeof(verdict));
	if (!count.scope)
		count.scope = "";
	guard_judge(safety, &count, 1, &verdict);
	return verdict;
}

/* One row: a count and the sentence it waits with; NULL when it goes. */
struct row {
	struct guard_count count;
	const char *reason;
};

static void check_rows(const struct safety_config *safety, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct guard_verdict verdict = judge_one(safety, rows[i].count);
		assert_string_equal(verdict.reason, rows[i].reason ? rows[i].reason : "");
		assert_int_equal(verdict.decision, rows[i].reason ? GUARD_HOLD : GUARD_GO);
	}
}
#define CHECK(safety, rows) check_rows((safety), (rows), sizeof(rows) / sizeof((rows)[0]))

/* --- removals -------------------------------------------------------------------------------------------------- */

static void test_at_the_count_limit_goes_and_one_above_is_held(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 500, 0, 41870}, NULL},
	    {{GUARD_MEMBER, NULL, 501, 0, 41870}, "501 removals of 41870 memberships (limit 500)"},
	    {{GUARD_GROUP, NULL, 501, 0, 41870}, "501 removals of 41870 groups (limit 500)"},
	    {{GUARD_RESOURCE, NULL, 501, 0, 41870}, "501 removals of 41870 apps and associations (limit 500)"},
	    {{GUARD_VANISH, NULL, 501, 0, 41870}, "501 disappearances of 41870 people (limit 500)"},
	    {{GUARD_MEMBER, NULL, 1, 499, 41870}, NULL},
	    {{GUARD_MEMBER, NULL, 1, 500, 41870},
	     "501 removals of 41870 memberships (limit 500, 500 of them within the last 1d)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_at_the_percent_goes_and_one_above_is_held(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 40, 0, 400}, NULL},
	    {{GUARD_MEMBER, NULL, 41, 0, 400}, "41 removals of 400 memberships (10.2 %, limit 10 %)"},
	    {{GUARD_GROUP, NULL, 41, 0, 400}, "41 removals of 400 groups (10.2 %, limit 10 %)"},
	    {{GUARD_VANISH, NULL, 41, 0, 400}, "41 disappearances of 400 people (10.2 %, limit 10 %)"},
	    {{GUARD_MEMBER, NULL, 40, 0, 399}, "40 removals of 399 memberships (10.03 %, limit 10 %)"},
	    {{GUARD_MEMBER, NULL, 9120, 0, 41870}, "9120 removals of 41870 memberships (21.8 %, limit 10 %)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_percent_binds_only_above_min_remove(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 10, 0, 10}, NULL},
	    {{GUARD_MEMBER, NULL, 11, 0, 11}, "11 removals of 11 memberships (100.0 %, limit 10 %)"},
	    {{GUARD_MEMBER, NULL, 4, 6, 10}, NULL},
	    {{GUARD_MEMBER, NULL, 5, 6, 11},
	     "11 removals of 11 memberships (100.0 %, limit 10 %, 6 of them within the last 1d)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_what_is_newer_than_the_window_is_no_share(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 20, 0, 0}, "20 removals, where there were no memberships 1d ago (limit 10 %)"},
	    {{GUARD_MEMBER, NULL, 501, 0, 0}, "501 removals, where there were no memberships 1d ago (limit 10 %)"},
	    {{GUARD_MEMBER, NULL, 12, 8, 19},
	     "20 removals, where there were 19 memberships 1d ago (limit 10 %, 8 of them within the last 1d)"},
	    {{GUARD_MEMBER, NULL, 12, 7, 19},
	     "19 removals of 19 memberships (100.0 %, limit 10 %, 7 of them within the last 1d)"},
	    {{GUARD_VANISH, NULL, 12, 3, 0},
	     "15 disappearances, where there were no people 1d ago (limit 10 %, 3 of them within the last 1d)"},
	    {{GUARD_MEMBER, "/pay", 20, 0, 0},
	     "20 removals, where there were no memberships 1d ago (limit 10 %) in /pay"},
	    {{GUARD_SUSPEND, NULL, 201, 0, 0}, "201 suspensions, where there were no people 1d ago (limit 200)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_a_group_of_two_losing_one_is_not_held(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, "/pay/api", 1, 0, 2}, NULL},
	    {{GUARD_MEMBER, "/pay/api", 2, 0, 2}, NULL},
	    {{GUARD_MEMBER, "/pay/api", 20, 0, 50}, "20 removals of 50 memberships (40.0 %, limit 10 %) in /pay/api"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_max_remove_is_for_the_whole_source_not_for_one_group(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, "/all", 600, 0, 41870}, NULL},
	    {{GUARD_MEMBER, "", 600, 0, 41870}, "600 removals of 41870 memberships (limit 500)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_six_hundred_single_pushed_deletions_stop_at_the_limit(void **state)
{
	int64_t applied = 0, held = 0;

	(void)state;
	for (int i = 0; i < 600; i++) {
		struct guard_verdict verdict =
		    judge_one(&defaults, (struct guard_count){GUARD_VANISH, "", 1, applied, 48210});
		if (verdict.decision == GUARD_GO)
			applied++;
		else
			held++;
	}
	assert_int_equal(applied, 500);
	assert_int_equal(held, 100);
}

static void test_max_remove_zero_lets_nothing_be_removed(void **state)
{
	struct safety_config safety = defaults;
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 1, 0, 41870}, "1 removal of 41870 memberships (limit 0)"},
	    {{GUARD_MEMBER, NULL, 0, 0, 41870}, NULL},
	    {{GUARD_ADD, NULL, 9000, 0, 41870}, NULL},
	};

	(void)state;
	safety.max_remove = 0;
	CHECK(&safety, rows);
}

static void test_percent_zero_holds_above_min_remove_and_hundred_switches_off(void **state)
{
	struct safety_config safety = defaults;
	static const struct row zero[] = {
	    {{GUARD_MEMBER, NULL, 10, 0, 41870}, NULL},
	    {{GUARD_MEMBER, NULL, 11, 0, 41870}, "11 removals of 41870 memberships (0.03 %, limit 0 %)"},
	};
	static const struct row off[] = {
	    {{GUARD_MEMBER, NULL, 400, 0, 400}, NULL},
	    {{GUARD_MEMBER, NULL, 400, 100, 400}, NULL},
	    {{GUARD_MEMBER, NULL, 401, 100, 400},
	     "501 removals, where there were 400 memberships 1d ago (limit 500, 100 of them within the last 1d)"},
	};

	(void)state;
	safety.max_remove_percent = 0;
	CHECK(&safety, zero);
	safety.max_remove_percent = 100;
	CHECK(&safety, off);
}

static void test_objects_that_came_and_went_within_the_window_are_held(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 10, 0, 0}, NULL},
	    {{GUARD_MEMBER, NULL, 12, 0, 0}, "12 removals, where there were no memberships 1d ago (limit 10 %)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_a_count_without_pending_rows_goes(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 0, 9000, 41870}, NULL},
	    {{GUARD_MEMBER, NULL, -5, 9000, 41870}, NULL},
	    {{GUARD_GRANT, "Administrator", 0, 9000, 0}, NULL},
	};

	(void)state;
	CHECK(&defaults, rows);
}

/* --- suspensions and grants ------------------------------------------------------------------------------------ */

static void test_explicit_suspensions_have_a_count_and_no_percent(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_SUSPEND, NULL, 200, 0, 200}, NULL},
	    {{GUARD_SUSPEND, NULL, 201, 0, 48210}, "201 suspensions of 48210 people (limit 200)"},
	    {{GUARD_SUSPEND, NULL, 1, 200, 48210},
	     "201 suspensions of 48210 people (limit 200, 200 of them within the last 1d)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_a_rule_that_makes_everybody_administrator_is_held(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_GRANT, "Administrator", 20, 0, 3}, NULL},
	    {{GUARD_GRANT, "Administrator", 21, 0, 3}, "21 new holders of Administrator (limit 20)"},
	    {{GUARD_GRANT, "Platform Administrator", 48210, 0, 3},
	     "48210 new holders of Platform Administrator (limit 20)"},
	    {{GUARD_GRANT, "Administrator", 1, 20, 3},
	     "21 new holders of Administrator (limit 20, 20 of them within the last 1d)"},
	    {{GUARD_GRANT, "", 21, 0, 3}, "21 new holders of sensitive roles (limit 20)"},
	    {{GUARD_ADD, NULL, 48210, 0, 3}, NULL},
	};

	(void)state;
	CHECK(&defaults, rows);
}

static void test_max_grant_zero_names_a_single_holder(void **state)
{
	struct safety_config safety = defaults;
	static const struct row rows[] = {
	    {{GUARD_GRANT, "Administrator", 1, 0, 3}, "1 new holder of Administrator (limit 0)"}};

	(void)state;
	safety.max_grant = 0;
	CHECK(&safety, rows);
}

/* --- modes ----------------------------------------------------------------------------------------------------- */

static void test_mode_hold_makes_everything_wait_additions_too(void **state)
{
	struct safety_config safety = defaults;
	static const struct row rows[] = {
	    {{GUARD_ADD, NULL, 12, 0, 400}, "12 additions (mode is \"hold\")"},
	    {{GUARD_ADD, NULL, 1, 0, 400}, "1 addition (mode is \"hold\")"},
	    {{GUARD_MEMBER, "/pay/api", 1, 0, 2}, "1 removal of 2 memberships (mode is \"hold\") in /pay/api"},
	    {{GUARD_GRANT, "Administrator", 1, 0, 2}, "1 new holder of Administrator (mode is \"hold\")"},
	    {{GUARD_SUSPEND, NULL, 201, 0, 900}, "201 suspensions of 900 people (limit 200)"},
	    {{GUARD_ADD, NULL, 0, 0, 400}, NULL},
	};

	(void)state;
	safety.mode = SAFETY_HOLD;
	CHECK(&safety, rows);
}

static void test_mode_observe_writes_nothing_and_says_what_would_wait(void **state)
{
	struct safety_config safety = defaults;
	struct guard_verdict verdict;

	(void)state;
	safety.mode = SAFETY_OBSERVE;
	for (int kind = 0; kind < GUARD_KINDS; kind++) {
		verdict = judge_one(&safety, (struct guard_count){(enum guard_kind)kind, "", 1, 0, 400});
		assert_int_equal(verdict.decision, GUARD_OBSERVE);
		assert_string_equal(verdict.reason, "");
	}
	verdict = judge_one(&safety, (struct guard_count){GUARD_MEMBER, "", 41, 0, 400});
	assert_int_equal(verdict.decision, GUARD_OBSERVE);
	assert_string_equal(verdict.reason, "41 removals of 400 memberships (10.2 %, limit 10 %)");
	verdict = judge_one(&safety, (struct guard_count){GUARD_ADD, "", 0, 0, 0});
	assert_int_equal(verdict.decision, GUARD_OBSERVE);
}

/* --- numbers and text ------------------------------------------------------------------------------------------ */

static void test_counts_at_the_end_of_the_range_do_not_overflow(void **state)
{
	struct safety_config safety = defaults;
	struct guard_verdict verdict;

	(void)state;
	safety.max_remove = INT64_MAX;
	safety.max_remove_percent = 99;
	verdict = judge_one(&safety, (struct guard_count){GUARD_MEMBER, "", INT64_MAX, INT64_MAX, INT64_MAX});
	assert_int_equal(verdict.decision, GUARD_HOLD);
	assert_non_null(
	    strstr(verdict.reason, "9223372036854775807 removals of 9223372036854775807 memberships (100.0 %"));
	verdict = judge_one(&safety, (struct guard_count){GUARD_MEMBER, "", INT64_MAX / 100 * 98, 0, INT64_MAX});
	assert_int_equal(verdict.decision, GUARD_GO);
	safety.max_remove_percent = 100;
	verdict = judge_one(&safety, (struct guard_count){GUARD_MEMBER, "", INT64_MAX, INT64_MAX, 1});
	assert_int_equal(verdict.decision, GUARD_GO);
}

static void test_negative_numbers_count_as_none(void **state)
{
	static const struct row rows[] = {
	    {{GUARD_MEMBER, NULL, 500, -400, 41870}, NULL},
	    {{GUARD_MEMBER, NULL, 501, INT64_MIN, 41870}, "501 removals of 41870 memberships (limit 500)"},
	    {{GUARD_MEMBER, NULL, 12, 0, INT64_MIN},
	     "12 removals, where there were no memberships 1d ago (limit 10 %)"},
	};

	(void)state;
	CHECK(&defaults, rows);
}

/* Compared with the definition, in numbers too small to overflow. */
static void test_percent_is_exact_for_every_small_number(void **state)
{
	struct safety_config safety = defaults;

	(void)state;
	safety.min_remove = 0;
	for (int64_t percent = 0; percent < 100; percent += 7) {
		safety.max_remove_percent = percent;
		for (int64_t base = 1; base <= 230; base += 3) {
			int64_t most = 0;
			while ((most + 1) * 100 <= percent * base)
				most++;
			struct guard_count count = {GUARD_MEMBER, "", most + 1, 0, base};
			assert_int_equal(judge_one(&safety, count).decision, GUARD_HOLD);
			count.pending = most;
			assert_int_equal(judge_one(&safety, count).decision, GUARD_GO);
		}
	}
}

static void test_a_hair_above_the_percent_is_shown_as_such(void **state)
{
	struct safety_config safety = defaults;
	static const struct row rows[] = {{{GUARD_MEMBER, NULL, 100001, 0, 1000000},
					   "100001 removals of 1000000 memberships (10.0001 %, limit 10 %)"}};

	(void)state;
	safety.max_remove = 1000000;
	CHECK(&safety, rows);
}

static void test_a_long_scope_is_cut_at_a_whole_character(void **state)
{
	char scope[1024];

	(void)state;
	for (int shift = 0; shift < 2; shift++) {
		struct guard_verdict verdict;
		memset(scope, 0, sizeof(scope));
		memset(scope, '/', 1 + (size_t)shift);
		for (size_t i = strlen(scope); i + 2 < sizeof(scope); i += 2)
			memcpy(scope + i, "\xC3\xA4", 2);
		verdict = judge_one(&defaults, (struct guard_count){GUARD_MEMBER, scope, 20, 0, 50});
		assert_int_equal(verdict.decision, GUARD_HOLD);
		assert_in_range(strlen(verdict.reason), sizeof(verdict.reason) - 2, sizeof(verdict.reason) - 1);
		assert_true(text_is_valid(verdict.reason, strlen(verdict.reason)));
	}
}

static void test_each_count_gets_its_own_verdict(void **state)
{
	const struct guard_count counts[] = {
	    {GUARD_ADD, "", 5, 0, 0}, {GUARD_MEMBER, "", 501, 0, 41870}, {GUARD_MEMBER, "/pay", 1, 0, 2}};
	struct guard_verdict verdicts[3];

	(void)state;
	guard_judge(&defaults, counts, 3, verdicts);
	assert_int_equal(verdicts[0].decision, GUARD_GO);
	assert_int_equal(verdicts[1].decision, GUARD_HOLD);
	assert_int_equal(verdicts[2].decision, GUARD_GO);
	assert_string_equal(verdicts[2].reason, "");
}

static void test_kinds_have_names(void **state)
{
	static const char *const names[] = {"suspend", "vanish", "member", "group", "resource", "grant", "add"};

	(void)state;
	for (int kind = 0; kind < GUARD_KINDS; kind++)
		assert_string_equal(guard_kind_name((enum guard_kind)kind), names[kind]);
}

/* --- first run ------------------------------------------------------------------------------------------------- */

static void test_first_run_of_a_source_waits(void **state)
{
	struct digest rules = digest_of("a", 1);
	struct guard_verdict verdict;

	(void)state;
	guard_first_run(&defaults, NULL, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_HOLD);
	assert_string_equal(verdict.reason, "the first run of this source waits until its plan is approved");
}

static void test_changed_rules_wait_and_the_same_rules_go(void **state)
{
	struct digest rules = digest_of("a", 1), other = digest_of("b", 1);
	struct guard_verdict verdict;

	(void)state;
	guard_first_run(&defaults, &other, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_HOLD);
	assert_string_equal(
	    verdict.reason,
	    "the rules, or which entries they see, have changed: their first run waits until its plan is approved");
	guard_first_run(&defaults, &rules, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_GO);
	assert_string_equal(verdict.reason, "");
}

static void test_first_run_apply_asks_nobody(void **state)
{
	struct safety_config safety = defaults;
	struct digest rules = digest_of("a", 1), other = digest_of("b", 1);
	struct guard_verdict verdict;

	(void)state;
	safety.first_run_hold = false;
	guard_first_run(&safety, NULL, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_GO);
	guard_first_run(&safety, &other, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_GO);
}

static void test_first_run_in_observe_mode_writes_nothing(void **state)
{
	struct safety_config safety = defaults;
	struct digest rules = digest_of("a", 1);
	struct guard_verdict verdict;

	(void)state;
	safety.mode = SAFETY_OBSERVE;
	guard_first_run(&safety, &rules, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_OBSERVE);
	assert_string_equal(verdict.reason, "");
	guard_first_run(&safety, NULL, &rules, &verdict);
	assert_int_equal(verdict.decision, GUARD_OBSERVE);
	assert_string_equal(verdict.reason, "the first run of this source waits until its plan is approved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_at_the_count_limit_goes_and_one_above_is_held),
	    cmocka_unit_test(test_at_the_percent_goes_and_one_above_is_held),
	    cmocka_unit_test(test_percent_binds_only_above_min_remove),
	    cmocka_unit_test(test_what_is_newer_than_the_window_is_no_share),
	    cmocka_unit_test(test_a_group_of_two_losing_one_is_not_held),
	    cmocka_unit_test(test_max_remove_is_for_the_whole_source_not_for_one_group),
	    cmocka_unit_test(test_six_hundred_single_pushed_deletions_stop_at_the_limit),
	    cmocka_unit_test(test_max_remove_zero_lets_nothing_be_removed),
	    cmocka_unit_test(test_percent_zero_holds_above_min_remove_and_hundred_switches_off),
	    cmocka_unit_test(test_objects_that_came_and_went_within_the_window_are_held),
	    cmocka_unit_test(test_a_count_without_pending_rows_goes),
	    cmocka_unit_test(test_explicit_suspensions_have_a_count_and_no_percent),
	    cmocka_unit_test(test_a_rule_that_makes_everybody_administrator_is_held),
	    cmocka_unit_test(test_max_grant_zero_names_a_single_holder),
	    cmocka_unit_test(test_mode_hold_makes_everything_wait_additions_too),
	    cmocka_unit_test(test_mode_observe_writes_nothing_and_says_what_would_wait),
	    cmocka_unit_test(test_counts_at_the_end_of_the_range_do_not_overflow),
	    cmocka_unit_test(test_negative_numbers_count_as_none),
	    cmocka_unit_test(test_percent_is_exact_for_every_small_number),
	    cmocka_unit_test(test_a_hair_above_the_percent_is_shown_as_such),
	    cmocka_unit_test(test_a_long_scope_is_cut_at_a_whole_character),
	    cmocka_unit_test(test_each_count_gets_its_own_verdict),
	    cmocka_unit_test(test_kinds_have_names),
	    cmocka_unit_test(test_first_run_of_a_source_waits),
	    cmocka_unit_test(test_changed_rules_wait_and_the_same_rules_go),
	    cmocka_unit_test(test_first_run_apply_asks_nobody),
	    cmocka_unit_test(test_first_run_in_observe_mode_writes_nothing),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
