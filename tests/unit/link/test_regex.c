/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Compiles pattern, matches text, returns what regex_match() returns. */
static int match(const char *pattern, const char *text, size_t size, struct error *err)
{
	const char *captures[8];
	struct regex *regex;

	assert_int_equal(regex_compile(pattern, &regex, err), 0);
	assert_in_range(regex_capture_count(regex), 0, 8);
	struct arena *arena = arena_new();
	int result = regex_match(regex, text, size, arena, captures, err);
	arena_free(&arena);
	regex_free(&regex);
	assert_null(regex);
	return result;
}

static int matches(const char *pattern, const char *text)
{
	struct error err = {0};
	int result = match(pattern, text, strlen(text), &err);

	assert_int_equal(err.class, ERR_NONE);
	return result;
}

static void pattern_is_anchored_at_both_ends(void **state)
{
	(void)state;
	assert_int_equal(matches("abc", "abc"), 1);
	assert_int_equal(matches("abc", "xabc"), 0);
	assert_int_equal(matches("abc", "abcx"), 0);
	assert_int_equal(matches("abc", "abc\n"), 0);
	assert_int_equal(matches("abc$", "abc\n"), 0);
	assert_int_equal(matches("(?m)^abc$", "abc\nx"), 0);
	assert_int_equal(matches("a|ab", "ab"), 1);
	assert_int_equal(matches("a|b", "xb"), 0);
	assert_int_equal(matches("", ""), 1);
	assert_int_equal(matches("", "x"), 0);
}

static void captures_come_by_name_in_order_of_number(void **state)
{
	struct error err = {0};
	struct regex *regex;
	struct arena *arena = arena_new();
	const char *captures[3] = {"stale", "stale", "stale"};
	const char *text = "app-pay-api-devs";

	(void)state;
	assert_int_equal(regex_compile("app-(?<unit>[a-z]+)-(x)?(?<app>[a-z]+)(-(?<kind>[a-z]+))?", &regex, &err), 0);
	assert_int_equal(regex_capture_count(regex), 3);
	assert_string_equal(regex_capture_name(regex, 0), "unit");
	assert_string_equal(regex_capture_name(regex, 1), "app");
	assert_string_equal(regex_capture_name(regex, 2), "kind");
	assert_null(regex_capture_name(regex, 3));

	assert_int_equal(regex_match(regex, text, strlen(text), arena, captures, &err), 1);
	assert_string_equal(captures[0], "pay");
	assert_string_equal(captures[1], "api");
	assert_string_equal(captures[2], "devs");

	assert_int_equal(regex_match(regex, "app-hr-portal", 13, arena, captures, &err), 1);
	assert_string_equal(captures[0], "hr");
	assert_string_equal(captures[1], "portal");
	assert_null(captures[2]);

	assert_int_equal(regex_match(regex, "other", 5, arena, captures, &err), 0);
	regex_free(&regex);
	arena_free(&arena);
}

static void capture_that_is_empty_is_not_absent(void **state)
{
	struct error err = {0};
	struct regex *regex;
	struct arena *arena = arena_new();
	const char *captures[2];

	(void)state;
	assert_int_equal(regex_compile("(?<a>x*)y|(?<b>z)", &regex, &err), 0);
	assert_int_equal(regex_match(regex, "y", 1, arena, captures, &err), 1);
	assert_string_equal(captures[0], "");
	assert_null(captures[1]);
	regex_free(&regex);
	arena_free(&arena);
}

static void size_ends_the_value(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(match("abc", "abcdef", 3, &err), 1);
}

static void a_character_is_not_a_byte(void **state)
{
	(void)state;
	assert_int_equal(matches("m.ller", "m\xC3\xBCller"), 1);
	assert_int_equal(matches("[\xC3\xA4\xC3\xBC]", "\xC3\xBC"), 1);
	assert_int_equal(matches("(?i)\xC3\x9C", "\xC3\xBC"), 1);
	assert_int_equal(matches("..", "\xC3\xBC"), 0);
}

static void value_that_is_not_text_is_an_error(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(match(".*", "a\xC3", 2, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
	err = (struct error){0};
	assert_int_equal(match("(?s)(?<all>.*)", "root\0x", 6, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
}

static void exploding_pattern_is_an_error_and_quick(void **state)
{
	static const char *const patterns[] = {"(a+)+", "(a|aa)+", "(.*)*[xy]", "(a*)*[bc]", "(?:a?){30}a{30}[bc]"};
	char text[64];
	struct timespec before, after;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '!';
	clock_gettime(CLOCK_MONOTONIC, &before);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct error err = {0};
		assert_int_equal(match(patterns[i], text, sizeof(text), &err), -1);
		assert_int_equal(err.class, ERR_DATA);
		assert_non_null(strstr(err.text, "match limit"));
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_in_range(after.tv_sec - before.tv_sec, 0, 2);
}

static void pattern_cannot_raise_its_limits(void **state)
{
	struct error err = {0};
	char text[64];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '!';
	assert_int_equal(match("(*LIMIT_MATCH=4000000000)(a+)+", text, sizeof(text), &err), -1);
	assert_int_equal(err.class, ERR_DATA);
}

static void deep_recursion_is_an_error(void **state)
{
	struct error err = {0};
	static char text[60001];

	(void)state;
	memset(text, '(', 30000);
	memset(text + 30000, ')', 30000);
	assert_int_equal(match("(\\((?1)*\\))", text, 60000, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
}

static void long_honest_value_is_no_trouble(void **state)
{
	static char text[50001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(matches("(?<all>[a-z]+)", text), 1);
	assert_int_equal(matches(".*b", text), 0);
}

static void bad_pattern_is_refused_with_its_column(void **state)
{
	static const struct {
		const char *pattern, *column;
	} vectors[] = {
	    {"abc(def", "column 8"},
	    {"a[b", "column 4"},
	    {"*", "column 1"},
	    {"\xC3\xA4\xC3\xB6[", "column 4"}, /* characters, not bytes */
	    {"(?<a>x)(?<a>y)", "column 13"},   /* one name, two captures */
	    {"a\\Cb", "column 4"},             /* would split a character */
	    {"(?<1a>x)", "column 4"},
	    {"\xFF", "column 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct error err = {0};
		struct regex *regex = (struct regex *)&err;
		assert_int_equal(regex_compile(vectors[i].pattern, &regex, &err), -1);
		assert_null(regex);
		assert_int_equal(err.class, ERR_CONFIG);
		if (!strstr(err.text, vectors[i].column))
			fail_msg("%s: %s, expected %s", vectors[i].pattern, err.text, vectors[i].column);
	}
}

static void one_name_for_two_captures_is_refused_even_if_asked_for(void **state)
{
	struct error err = {0};
	struct regex *regex;

	(void)state;
	assert_int_equal(regex_compile("(?J)(?<team>x)|(?<b>z)|(?<team>y)", &regex, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_non_null(strstr(err.text, "\"team\" twice"));
	/* One number, one name: no ambiguity. */
	assert_int_equal(regex_compile("(?|(?<team>x)|(?<team>y))", &regex, &err), 0);
	assert_int_equal(regex_capture_count(regex), 1);
	regex_free(&regex);
}

static void overlong_pattern_is_refused(void **state)
{
	struct error err = {0};
	struct regex *regex;
	char pattern[4098];

	(void)state;
	memset(pattern, 'a', sizeof(pattern));
	pattern[4097] = '\0';
	assert_int_equal(regex_compile(pattern, &regex, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	pattern[4096] = '\0';
	assert_int_equal(regex_compile(pattern, &regex, &err), 0);
	regex_free(&regex);
}

static void free_accepts_null(void **state)
{
	struct regex *regex = NULL;

	(void)state;
	regex_free(&regex);
	assert_null(regex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pattern_is_anchored_at_both_ends),
	    cmocka_unit_test(captures_come_by_name_in_order_of_number),
	    cmocka_unit_test(capture_that_is_empty_is_not_absent),
	    cmocka_unit_test(size_ends_the_value),
	    cmocka_unit_test(a_character_is_not_a_byte),
	    cmocka_unit_test(value_that_is_not_text_is_an_error),
	    cmocka_unit_test(exploding_pattern_is_an_error_and_quick),
	    cmocka_unit_test(pattern_cannot_raise_its_limits),
	    cmocka_unit_test(deep_recursion_is_an_error),
	    cmocka_unit_test(long_honest_value_is_no_trouble),
	    cmocka_unit_test(bad_pattern_is_refused_with_its_column),
	    cmocka_unit_test(one_name_for_two_captures_is_refused_even_if_asked_for),
	    cmocka_unit_test(overlong_pattern_is_refused),
	    cmocka_unit_test(free_accepts_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
