/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void empty_string_has_text_and_can_be_taken(void **state)
{
	struct str str = {0};

	(void)state;
	assert_string_equal(str_text(&str), "");
	str_clear(&str);
	assert_string_equal(str_text(&str), "");
	char *text = str_take(&str);
	assert_string_equal(text, "");
	assert_null(str.data);
	free(text);
	str_free(&str);
}

static void pieces_are_joined(void **state)
{
	struct str str = {0};

	(void)state;
	str_add(&str, "cn=");
	str_append(&str, "alice,ou", 5);
	str_add_char(&str, ',');
	str_printf(&str, "%s=%d", "uid", 1290);
	assert_string_equal(str_text(&str), "cn=alice,uid=1290");
	assert_int_equal(str.size, 17);
	str_free(&str);
	assert_null(str.data);
	assert_int_equal(str.size, 0);
}

static void nul_bytes_are_kept(void **state)
{
	struct str str = {0};

	(void)state;
	str_append(&str, "a\0b", 3);
	str_append(&str, NULL, 0);
	str_add_char(&str, '\0');
	assert_int_equal(str.size, 4);
	assert_memory_equal(str.data, "a\0b\0", 5);
	str_free(&str);
}

static void growing_keeps_everything(void **state)
{
	struct str str = {0};

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		str_add_char(&str, (char)('a' + i % 26));
		assert_int_equal(str.data[str.size], '\0');
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(str.data[i], 'a' + i % 26);
	str_free(&str);
}

static void printf_grows_as_needed(void **state)
{
	/* Around the room there is at first: one less, exact, one more; and far beyond. */
	static const int widths[] = {0, 1, 62, 63, 64, 65, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct str str = {0};
		str_printf(&str, "%*s", widths[i], "");
		assert_int_equal(str.size, widths[i]);
		assert_int_equal(strlen(str_text(&str)), widths[i]);
		str_printf(&str, "%d", 7);
		assert_string_equal(str_text(&str) + widths[i], "7");
		str_free(&str);
	}
}

static void clear_keeps_the_memory(void **state)
{
	struct str str = {0};

	(void)state;
	str_add(&str, "before");
	const char *memory = str.data;
	str_clear(&str);
	assert_string_equal(str_text(&str), "");
	str_add(&str, "after");
	assert_ptr_equal(str.data, memory);
	assert_string_equal(str_text(&str), "after");
	str_free(&str);
}

static void take_hands_the_memory_over(void **state)
{
	struct str str = {0};

	(void)state;
	str_add(&str, "mine");
	char *text = str_take(&str);
	assert_null(str.data);
	assert_int_equal(str.size, 0);
	str_add(&str, "another");
	assert_string_equal(text, "mine");
	free(text);
	str_free(&str);
}

static void lower_is_ascii_only(void **state)
{
	(void)state;
	assert_int_equal(ascii_lower('A'), 'a');
	assert_int_equal(ascii_lower('Z'), 'z');
	assert_int_equal(ascii_lower('@'), '@');
	assert_int_equal(ascii_lower('['), '[');
	assert_int_equal(ascii_lower('\xC4'), '\xC4');
}

static void comparison_folds_ascii_only(void **state)
{
	(void)state;
	assert_true(text_equal_fold("memberOf", "MEMBEROF"));
	assert_true(text_equal_fold("", ""));
	assert_false(text_equal_fold("member", "memberOf"));
	assert_false(text_equal_fold("memberOf", "member"));
	assert_false(text_equal_fold("[", "{"));
	assert_false(text_equal_fold("\xC3\x84", "\xC3\xA4"));
}

static void a_word_of_a_shell_is_one_whatever_is_in_it(void **state)
{
	(void)state;
	struct str str = {0};

	str_add_word(&str, "A=", "plain");
	str_add_word(&str, " ", "it's $HOME; `x` \"y\"");
	str_add_word(&str, " ", "");
	assert_string_equal(str_text(&str), "A=plain 'it'\\''s $HOME; `x` \"y\"' ''");
	str_free(&str);
}

static void start_and_end_are_found(void **state)
{
	(void)state;
	assert_true(text_starts_with("credential:ldap", "credential:"));
	assert_true(text_starts_with("x", ""));
	assert_false(text_starts_with("cred", "credential:"));
	assert_true(text_ends_with("people.ldif", ".ldif"));
	assert_true(text_ends_with("x", ""));
	assert_false(text_ends_with("ldif", ".ldif"));
	assert_false(text_ends_with("people.ldif.gz", ".ldif"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_string_has_text_and_can_be_taken),
	    cmocka_unit_test(pieces_are_joined),
	    cmocka_unit_test(nul_bytes_are_kept),
	    cmocka_unit_test(growing_keeps_everything),
	    cmocka_unit_test(printf_grows_as_needed),
	    cmocka_unit_test(clear_keeps_the_memory),
	    cmocka_unit_test(take_hands_the_memory_over),
	    cmocka_unit_test(lower_is_ascii_only),
	    cmocka_unit_test(comparison_folds_ascii_only),
	    cmocka_unit_test(a_word_of_a_shell_is_one_whatever_is_in_it),
	    cmocka_unit_test(start_and_end_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
