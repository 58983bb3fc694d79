/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/output.h"
#include "capture.h"
#include "roster/json.h"

struct print {
	struct app app;
	struct table *table;
	struct error err;
};

static int setup(void **state)
{
	static const char *const headings[] = {"login", "steps_down", "active", "since", NULL};
	struct print *print = test_calloc(1, sizeof *print);

	print->app.arena = arena_new();
	print->table = table_new(print->app.arena, "people", headings);
	print->table->kinds[1] = PG_KIND_NUMBER;
	print->table->kinds[2] = PG_KIND_BOOLEAN;
	print->table->kinds[3] = PG_KIND_TIME;
	*state = print;
	return 0;
}

static int teardown(void **state)
{
	struct print *print = *state;

	arena_free(&print->app.arena);
	test_free(print);
	return 0;
}

static void add(struct print *print, const char *login, const char *steps, const char *active, const char *since)
{
	const char *cells[] = {login, steps, active, since};

	table_add(print->table, cells);
}

static const char *printed(struct print *print, enum output_format format)
{
	int rc;

	print->app.format = format;
	capture_start();
	rc = app_print_tables(&print->app, &print->table, 1, &print->err);
	const char *text = capture_end();
	assert_int_equal(rc, 0);
	return text;
}

static void test_columns_are_aligned_by_characters(void **state)
{
	struct print *print = *state;

	add(print, "b\xc3\xb8rge", "3", "t", NULL);
	add(print, "al", "12", "f", "2026-11-20 17:31:00.123456+00");
	assert_string_equal(printed(print, OUTPUT_TEXT), "login  steps down  active  since\n"
							 "b\xc3\xb8rge           3  yes\n"
							 "al             12  no      2026-11-20 17:31:00\n");
}

static void test_headings_are_bold_in_color(void **state)
{
	struct print *print = *state;

	print->app.color = true;
	add(print, "al", "1", "t", NULL);
	assert_string_equal(printed(print, OUTPUT_TEXT), "\033[1mlogin  steps down  active  since\033[0m\n"
							 "al              1  yes\n");
}

static void test_control_characters_never_reach_a_terminal(void **state)
{
	struct print *print = *state;

	add(print, "a\033[2Jb\n\x7f", "1", "t", NULL);
	assert_non_null(strstr(printed(print, OUTPUT_TEXT), "a?[2Jb?? "));
}

static void test_a_record_reads_from_top_to_bottom_without_what_is_not_there(void **state)
{
	struct print *print = *state;

	print->table->record = true;
	add(print, "al", "1", "t", NULL);
	assert_string_equal(printed(print, OUTPUT_TEXT), "login       al\nsteps down  1\nactive      yes\n");
}

static void test_an_empty_table_prints_nothing_on_standard_output(void **state)
{
	assert_string_equal(printed(*state, OUTPUT_TEXT), "");
}

static void test_plain_lines_keep_one_row_on_one_line(void **state)
{
	struct print *print = *state;

	add(print, "a\tb\\c\nd", "1", "t", NULL);
	assert_string_equal(printed(print, OUTPUT_PLAIN), "a\\tb\\\\c\\nd\t1\tt\t\n");
}

static void test_json_keeps_kinds(void **state)
{
	struct print *print = *state;
	struct json *document = NULL;
	int64_t number = 0;
	bool truth = false;

	add(print, "123", "12", "t", NULL);
	const char *text = printed(print, OUTPUT_JSON);
	assert_int_equal(json_parse(text, strlen(text), 4096, &document, NULL), 0);
	assert_int_equal(json_get_integer(document, "schema", &number, NULL), 1);
	assert_int_equal(number, 1);
	const struct json *row = json_item(json_get(document, "people"), 0);
	assert_string_equal(json_as_text(json_get(row, "login")), "123");
	assert_true(json_as_integer(json_get(row, "steps_down"), &number));
	assert_int_equal(number, 12);
	assert_true(json_as_boolean(json_get(row, "active"), &truth));
	assert_true(truth);
	assert_int_equal(json_kind_of(json_get(row, "since")), JSON_KIND_NULL);
	json_free(&document);
}

static void test_json_of_an_empty_table_is_an_empty_array(void **state)
{
	assert_string_equal(printed(*state, OUTPUT_JSON), "{\n  \"people\": [],\n  \"schema\": 1\n}\n");
}

static void test_json_refuses_what_is_no_text(void **state)
{
	struct print *print = *state;

	add(print, "\xff", "1", "t", NULL);
	print->app.format = OUTPUT_JSON;
	capture_start();
	int rc = app_print_tables(&print->app, &print->table, 1, &print->err);
	assert_string_equal(capture_end(), "");
	assert_int_equal(rc, -1);
	assert_int_equal(print->err.class, ERR_DATA);
}

static void test_two_tables_make_one_document(void **state)
{
	static const char *const headings[] = {"place", NULL};
	struct print *print = *state;
	struct table *second = table_new(print->app.arena, "places", headings);
	const char *cells[] = {"/pay"};
	struct table *tables[] = {print->table, second};

	add(print, "al", "1", "t", NULL);
	table_add(second, cells);
	print->app.format = OUTPUT_TEXT;
	capture_start();
	app_print_tables(&print->app, tables, 2, NULL);
	assert_string_equal(capture_end(), "login  steps down  active  since\n"
					   "al              1  yes\n\nplace\n/pay\n");
	print->app.format = OUTPUT_JSON;
	capture_start();
	app_print_tables(&print->app, tables, 2, NULL);
	const char *text = capture_end();
	assert_non_null(strstr(text, "\"people\": ["));
	assert_non_null(strstr(text, "\"places\": ["));
}

static void test_tables_grow(void **state)
{
	struct print *print = *state;
	size_t lines = 0;

	for (int i = 0; i < 1000; i++)
		add(print, "x", "1", "t", NULL);
	for (const char *at = printed(print, OUTPUT_PLAIN); *at != '\0'; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 1000);
}

static void test_a_finished_act_is_data_in_json_only(void **state)
{
	struct print *print = *state;

	print->app.format = OUTPUT_JSON;
	capture_start();
	app_done(&print->app, "user %s is there", "al");
	assert_string_equal(capture_end(), "{\n  \"done\": \"user al is there\",\n  \"schema\": 1\n}\n");
}

static struct table *listing(struct print *print)
{
	static const char *const headings[] = {"path", "groups", NULL};
	struct table *table = table_new(print->app.arena, "places", headings);

	table->kinds[1] = PG_KIND_LIST;
	table_add(table, (const char *[]){"/a", "{b,\"c, d\",\"\\\"\\\\\",\"\"}"});
	table_add(table, (const char *[]){"/e", "{}"});
	return table;
}

static void test_lists_are_arrays_in_json_and_text_elsewhere(void **state)
{
	struct print *print = *state;

	print->table = listing(print);
	assert_string_equal(printed(print, OUTPUT_TEXT), "path  groups\n/a    b, c, d, \"\\, \n/e\n");
	assert_string_equal(printed(print, OUTPUT_PLAIN), "/a\tb, c, d, \"\\\\, \n/e\t\n");
	assert_non_null(strstr(printed(print, OUTPUT_JSON), "[\n        \"b\",\n        \"c, d\",\n        "
							    "\"\\\"\\\\\",\n        \"\"\n      ]"));
	assert_non_null(strstr(printed(print, OUTPUT_JSON), "\"groups\": []"));
}

static void test_lines_of_several_tables_begin_with_their_names(void **state)
{
	struct print *print = *state;
	struct table *tables[] = {print->table, listing(print)};

	add(print, "al", "1", "t", NULL);
	print->app.format = OUTPUT_PLAIN;
	capture_start();
	assert_int_equal(app_print_tables(&print->app, tables, 2, &print->err), 0);
	assert_string_equal(capture_end(), "people\tal\t1\tt\t\nplaces\t/a\tb, c, d, \"\\\\, \nplaces\t/e\t\n");
}

#define OUTPUT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OUTPUT_TEST(test_columns_are_aligned_by_characters),
	    OUTPUT_TEST(test_headings_are_bold_in_color),
	    OUTPUT_TEST(test_control_characters_never_reach_a_terminal),
	    OUTPUT_TEST(test_a_record_reads_from_top_to_bottom_without_what_is_not_there),
	    OUTPUT_TEST(test_an_empty_table_prints_nothing_on_standard_output),
	    OUTPUT_TEST(test_plain_lines_keep_one_row_on_one_line),
	    OUTPUT_TEST(test_json_keeps_kinds),
	    OUTPUT_TEST(test_json_of_an_empty_table_is_an_empty_array),
	    OUTPUT_TEST(test_json_refuses_what_is_no_text),
	    OUTPUT_TEST(test_two_tables_make_one_document),
	    OUTPUT_TEST(test_lists_are_arrays_in_json_and_text_elsewhere),
	    OUTPUT_TEST(test_lines_of_several_tables_begin_with_their_names),
	    OUTPUT_TEST(test_tables_grow),
	    OUTPUT_TEST(test_a_finished_act_is_data_in_json_only),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
