/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const keys[] = {"groups", "users", "units", "urls", "starttls", "max_remove", "max_remove_percent"};

static const char *nearest(const char *word)
{
	return text_nearest(word, keys, sizeof(keys) / sizeof(keys[0]));
}

static void slips_of_the_pen_find_their_word(void **state)
{
	(void)state;
	assert_string_equal(nearest("groups"), "groups");
	assert_string_equal(nearest("grups"), "groups");   /* dropped */
	assert_string_equal(nearest("grouups"), "groups"); /* inserted */
	assert_string_equal(nearest("gruops"), "groups");  /* swapped: one edit, not two */
	assert_string_equal(nearest("usres"), "users");
	assert_string_equal(nearest("strattls"), "starttls");
	assert_string_equal(nearest("GROUPS"), "groups"); /* case is no edit */
	assert_string_equal(nearest("max-remove"), "max_remove");
}

static void limit_grows_with_the_length_of_the_word(void **state)
{
	static const char *const four[] = {"abcd"}, *const three[] = {"abc"};

	(void)state;
	assert_string_equal(text_nearest("abXX", four, 1), "abcd"); /* 1 + 4/4 edits are allowed */
	assert_null(text_nearest("aXXX", four, 1));
	assert_string_equal(text_nearest("abX", three, 1), "abc"); /* 1 + 3/4 */
	assert_null(text_nearest("aXX", three, 1));
}

static void swap_counts_as_one_edit(void **state)
{
	static const char *const word[] = {"abc"};

	(void)state;
	assert_string_equal(text_nearest("acb", word, 1), "abc");
	assert_string_equal(text_nearest("bac", word, 1), "abc");
}

static void nothing_near_gives_nothing(void **state)
{
	(void)state;
	assert_null(nearest("password"));
	assert_null(nearest(""));
	assert_null(text_nearest("groups", NULL, 0));
}

static void nearest_of_several_wins_and_the_first_of_equals(void **state)
{
	static const char *const words[] = {"abcdefXY", "abcdefgX", "abcdefgY"};

	(void)state;
	assert_string_equal(text_nearest("abcdefgh", words, 3), "abcdefgX");
	assert_string_equal(nearest("max_remove_percen"), "max_remove_percent");
}

static void overlong_words_are_left_out(void **state)
{
	char word[66], longer[66];
	const char *const candidates[] = {longer, word};

	(void)state;
	memset(word, 'a', sizeof(word));
	memset(longer, 'a', sizeof(longer));
	word[64] = '\0';
	longer[65] = '\0';
	assert_ptr_equal(text_nearest(word, candidates, 2), word);
	assert_null(text_nearest(longer, candidates, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slips_of_the_pen_find_their_word),
	    cmocka_unit_test(limit_grows_with_the_length_of_the_word),
	    cmocka_unit_test(swap_counts_as_one_edit),
	    cmocka_unit_test(nothing_near_gives_nothing),
	    cmocka_unit_test(nearest_of_several_wins_and_the_first_of_equals),
	    cmocka_unit_test(overlong_words_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
