/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const struct samples nothing;

static int new_text(void **state)
{
	*state = test_calloc(1, sizeof(struct str));
	return 0;
}

static int free_text(void **state)
{
	str_free(*state);
	test_free(*state);
	return 0;
}

/* What is printed with this one sample known. */
static const char *printed(void **state, const struct sample *sample)
{
	struct sample items[] = {*sample};
	const struct samples known = {.items = items, .count = 1};
	const struct exposition exposition = {.known = &known, .up = true, .any = true, .version = "1.2"};

	exposition_print(&exposition, *state);
	return str_text(*state);
}

static void assert_line(const char *text, const char *line)
{
	struct str whole = {0};

	str_printf(&whole, "\n%s\n", line);
	if (strstr(text, str_text(&whole)) == NULL)
		fail_msg("no line %s in:\n%s", line, text);
	str_free(&whole);
}

/* --- samples ------------------------------------------------------------------------------------------------------------ */

static void labels_are_named_in_their_order(void **state)
{
	const char *text = printed(state, &(struct sample){"roster_runs_total", {"corp", "held"}, "3"});

	assert_line(text, "# TYPE roster_runs_total counter\nroster_runs_total{source=\"corp\",result=\"held\"} 3");
}

static void a_histogram_has_buckets_a_sum_and_a_count(void **state)
{
	static const char type[] = "# TYPE roster_propagation_seconds histogram\n";
	struct str line = {0};
	static const struct {
		struct sample sample;
		const char *series;
	} rows[] = {
	    {{"roster_propagation_seconds_bucket", {"a", "0.5"}, "2"},
	     "roster_propagation_seconds_bucket{target=\"a\",le=\"0.5\"} 2"},
	    {{"roster_propagation_seconds_sum", {"a"}, "0.25"}, "roster_propagation_seconds_sum{target=\"a\"} 0.25"},
	    {{"roster_propagation_seconds_count", {"a"}, "2"}, "roster_propagation_seconds_count{target=\"a\"} 2"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		str_clear(&line);
		str_printf(&line, "%s%s", type, rows[i].series);
		str_clear(*state);
		assert_line(printed(state, &rows[i].sample), str_text(&line));
	}
	str_free(&line);
}

static void a_metric_without_labels_has_no_braces(void **state)
{
	assert_line(printed(state, &(struct sample){"roster_revision", {NULL}, "4711"}), "roster_revision 4711");
}

static void label_values_are_escaped(void **state)
{
	const char *text = printed(state, &(struct sample){"roster_run_held", {"a\"b\\c\nd{}é,="}, "0"});

	assert_line(text, "roster_run_held{source=\"a\\\"b\\\\c\\nd{}é,=\"} 0");
}

static void a_missing_label_is_empty(void **state)
{
	const char *text = printed(state, &(struct sample){"roster_runs_total", {"corp", NULL}, "1"});

	assert_line(text, "roster_runs_total{source=\"corp\",result=\"\"} 1");
}

static void numbers_are_printed_as_they_come(void **state)
{
	const char *text = printed(
	    state, &(struct sample){"roster_source_last_complete_timestamp_seconds", {"corp"}, "1795000000.123456"});

	assert_line(text, "roster_source_last_complete_timestamp_seconds{source=\"corp\"} 1795000000.123456");
}

static void unknown_metrics_are_left_out(void **state)
{
	assert_null(strstr(printed(state, &(struct sample){"roster_secret", {"x"}, "1"}), "secret"));
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

static void every_metric_is_described_once(void **state)
{
	const struct exposition exposition = {.known = &nothing, .version = "1"};
	size_t types = 0, helps = 0;

	exposition_print(&exposition, *state);
	for (const char *at = str_text(*state); *at != '\0'; at = strchr(at, '\n') + 1) {
		types += text_starts_with(at, "# TYPE roster_");
		helps += text_starts_with(at, "# HELP roster_");
	}
	assert_int_equal(types, 16);
	assert_int_equal(helps, types);
}

static void it_ends_with_a_line_feed(void **state)
{
	assert_true(text_ends_with(printed(state, &(struct sample){"roster_revision", {NULL}, "1"}), "\n"));
}

static void what_is_known_has_an_age(void **state)
{
	const struct exposition exposition = {.known = &nothing, .any = true, .age_ms = 61007, .version = "1.2"};

	exposition_print(&exposition, *state);
	assert_line(str_text(*state), "roster_metrics_age_seconds 61.007");
	assert_line(str_text(*state), "roster_database_up 0");
	assert_line(str_text(*state), "roster_build_info{version=\"1.2\"} 1");
}

static void before_the_first_answer_there_is_no_age(void **state)
{
	const struct exposition exposition = {.known = &nothing, .age_ms = 5, .version = "1"};

	exposition_print(&exposition, *state);
	assert_null(strstr(str_text(*state), "\nroster_metrics_age_seconds"));
	assert_line(str_text(*state), "roster_database_up 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(labels_are_named_in_their_order, new_text, free_text),
	    cmocka_unit_test_setup_teardown(a_histogram_has_buckets_a_sum_and_a_count, new_text, free_text),
	    cmocka_unit_test_setup_teardown(a_metric_without_labels_has_no_braces, new_text, free_text),
	    cmocka_unit_test_setup_teardown(label_values_are_escaped, new_text, free_text),
	    cmocka_unit_test_setup_teardown(a_missing_label_is_empty, new_text, free_text),
	    cmocka_unit_test_setup_teardown(numbers_are_printed_as_they_come, new_text, free_text),
	    cmocka_unit_test_setup_teardown(unknown_metrics_are_left_out, new_text, free_text),
	    cmocka_unit_test_setup_teardown(every_metric_is_described_once, new_text, free_text),
	    cmocka_unit_test_setup_teardown(it_ends_with_a_line_feed, new_text, free_text),
	    cmocka_unit_test_setup_teardown(what_is_known_has_an_age, new_text, free_text),
	    cmocka_unit_test_setup_teardown(before_the_first_answer_there_is_no_age, new_text, free_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
