/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "roster/arena.h"
#include "roster/job.h"

static void told(const struct sync_report *report, const char *wanted)
{
	struct str text = {0};

	report_tell(report, "corp", &text);
	assert_string_equal(str_text(&text), wanted);
	str_free(&text);
}

static void test_what_a_run_did_is_one_sentence(void **state)
{
	(void)state;
	told(&(const struct sync_report){.run = 4, .state = "nothing"}, "run corp/4: nothing to do");
	told(
	    &(const struct sync_report){
		.run = 4, .state = "applied", .totals.changes = 1, .first_revision = 7, .last_revision = 7},
	    "run corp/4 applied 1 change (revision 7)");
	told(&(const struct sync_report){.run = 4,
					 .state = "applied",
					 .totals = {.changes = 9, .held = 2},
					 .first_revision = 7,
					 .last_revision = 9},
	     "run corp/4 applied 7 changes (revisions 7 to 9)");
	told(
	    &(const struct sync_report){
		.run = 4, .state = "nothing", .completeness = "incomplete", .reason = "the line is cut"},
	    "run corp/4: nothing to do; the read is incomplete, nothing is removed by it");
	told(
	    &(const struct sync_report){.run = 4, .state = "nothing", .completeness = "mirror", .reason = "it is down"},
	    "run corp/4: nothing to do; the source could not be asked, this follows from what it said last");
	told(&(const struct sync_report){.run = 4, .state = "nothing", .observed = true},
	     "observed: nothing was written, because safety.mode is \"observe\"");
}

static void test_what_is_held_is_told_with_the_reason(void **state)
{
	struct sync_report report = {
	    .run = 4, .state = "held", .totals = {.changes = 39, .held = 39}, .held_reason = "it is the first"};

	(void)state;
	told(&report, "held: run corp/4 changed nothing and holds 39 changes: it is the first");
	report.state = "applied";
	report.totals.held = 9;
	report.newly_held = 1;
	told(&report, "held: run corp/4 applied 30 changes and holds 1 change: it is the first; they wait until "
		      "somebody decides");
}

static void test_a_report_comes_back_as_it_was_written(void **state)
{
	const struct sync_report report = {
	    .run = INT64_MAX,
	    .state = "applied",
	    .completeness = "incomplete",
	    .reason = "\"page\" 3\nof \xc3\xa4",
	    .held_reason = "because",
	    .newly_held = 2,
	    .digest = "00112233445566778899aabbccddeeff",
	    .totals = {1, 2, 3, 4, 5, 6, 7, 8},
	    .entries = {10, 11, 12},
	    .unreadable = 13,
	    .first_revision = 14,
	    .last_revision = 15,
	    .seconds = 1.25,
	    .observed = true,
	};
	struct arena *arena = arena_new();
	struct str text = {0};
	struct sync_report back;
	struct error err = {0};

	(void)state;
	report_write(&report, &text);
	assert_int_equal(report_read(str_text(&text), arena, &back, &err), 0);
	assert_true(back.run == report.run && back.newly_held == 2 && back.unreadable == 13);
	assert_string_equal(back.state, "applied");
	assert_string_equal(back.completeness, "incomplete");
	assert_string_equal(back.reason, report.reason);
	assert_string_equal(back.held_reason, "because");
	assert_string_equal(back.digest, report.digest);
	assert_memory_equal(&back.totals, &report.totals, sizeof back.totals);
	assert_memory_equal(back.entries, report.entries, sizeof back.entries);
	assert_true(back.first_revision == 14 && back.last_revision == 15 && back.observed);
	assert_true(back.seconds > 1.249 && back.seconds < 1.251);
	str_free(&text);
	arena_free(&arena);
}

/* A reason that was cut within a character. */
static void test_a_reason_that_is_no_text_does_not_cost_the_report(void **state)
{
	const struct sync_report report = {.state = "nothing", .completeness = "failed", .reason = "cut \xc3"};
	struct arena *arena = arena_new();
	struct str text = {0};
	struct sync_report back;
	struct error err = {0};

	(void)state;
	report_write(&report, &text);
	assert_int_equal(report_read(str_text(&text), arena, &back, &err), 0);
	assert_string_equal(back.reason, "(not readable)");
	str_free(&text);
	arena_free(&arena);
}

static void test_what_is_no_report_is_refused(void **state)
{
	static const char *const texts[] = {
	    "", "[]", "{\"run\": \"x\"}", "{\"state\": 1}", "{\"observed\": 1}", "{\"reason\": []}"};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct sync_report back;
		struct error err = {0};
		assert_int_equal(report_read(texts[i], arena, &back, &err), -1);
		assert_int_equal(err.class, ERR_DATA);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_run_did_is_one_sentence),
	    cmocka_unit_test(test_what_is_held_is_told_with_the_reason),
	    cmocka_unit_test(test_a_report_comes_back_as_it_was_written),
	    cmocka_unit_test(test_a_reason_that_is_no_text_does_not_cost_the_report),
	    cmocka_unit_test(test_what_is_no_report_is_refused),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
