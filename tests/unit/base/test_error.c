/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void set_returns_minus_one_and_fills_class_and_text(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(error_set(&err, ERR_DENIED, "bind to %s refused with code %d", "ldap1", 49), -1);
	assert_int_equal(err.class, ERR_DENIED);
	assert_string_equal(err.text, "bind to ldap1 refused with code 49");
}

static void every_function_accepts_null(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, ERR_DATA, "x"), -1);
	assert_int_equal(error_prefix(NULL, "x"), -1);
	assert_int_equal(error_hint(NULL, "x"), -1);
}

static void prefix_goes_before_and_hint_behind(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ERR_UNREACHABLE, "no answer");
	assert_int_equal(error_prefix(&err, "source %s", "corp"), -1);
	assert_int_equal(error_hint(&err, "is port %d open?", 636), -1);
	assert_string_equal(err.text, "source corp: no answer (is port 636 open?)");
	assert_int_equal(err.class, ERR_UNREACHABLE);
}

static void old_text_may_be_an_argument(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ERR_PROTOCOL, "bad page");
	error_set(&err, ERR_DATA, "entry 7: %s", err.text);
	assert_string_equal(err.text, "entry 7: bad page");
	error_prefix(&err, "after \"%s\"", err.text);
	assert_string_equal(err.text, "after \"entry 7: bad page\": entry 7: bad page");
	assert_int_equal(err.class, ERR_DATA);
}

static void long_message_is_cut_and_says_so(void **state)
{
	struct error err = {0};
	char text[2 * ERROR_TEXT];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, ERR_DATA, "%s", text);
	assert_int_equal(strlen(err.text), ERROR_TEXT - 1);
	assert_string_equal(err.text + ERROR_TEXT - 5, "a...");
}

static void message_that_just_fits_is_whole(void **state)
{
	struct error err = {0};
	char text[ERROR_TEXT];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, ERR_DATA, "%s", text);
	assert_string_equal(err.text, text);
}

static void cut_never_splits_a_character(void **state)
{
	struct error err = {0};
	char text[2 * ERROR_TEXT + 1];

	(void)state;
	/* Whatever the offset of a two-byte character, what stands before the dots is whole. */
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'a', shift);
		for (size_t i = shift; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xC3\xA4", 3);
		error_set(&err, ERR_DATA, "%s", text);
		size_t size = strlen(err.text);
		assert_in_range(size, ERROR_TEXT - 2, ERROR_TEXT - 1);
		assert_string_equal(err.text + size - 3, "...");
		assert_int_equal((unsigned char)err.text[size - 4], 0xA4);
	}
}

static void what_is_in_front_already_is_not_put_there_twice(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ERR_UNREACHABLE, "source corp: it is away");
	assert_int_equal(error_prefix(&err, "source %s", "corp"), -1);
	assert_string_equal(err.text, "source corp: it is away");
	error_prefix(&err, "source %s", "cor");
	assert_string_equal(err.text, "source cor: source corp: it is away");
	error_prefix(&err, "source cor: source");
	assert_string_equal(err.text, "source cor: source: source cor: source corp: it is away");
}

static void prefix_and_hint_are_cut_like_the_message(void **state)
{
	struct error err = {0};
	char text[ERROR_TEXT];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, ERR_DATA, "%s", text);
	error_prefix(&err, "corp");
	assert_int_equal(strlen(err.text), ERROR_TEXT - 1);
	assert_memory_equal(err.text, "corp: aaa", 9);
	assert_string_equal(err.text + ERROR_TEXT - 5, "a...");
	error_hint(&err, "never seen");
	assert_int_equal(strlen(err.text), ERROR_TEXT - 1);
	assert_string_equal(err.text + ERROR_TEXT - 4, "...");
}

static void each_class_has_its_name_and_exit_code(void **state)
{
	static const struct {
		enum error_class class;
		const char *name;
		int exit_code;
	} wanted[] = {
	    {ERR_NONE, "none", 0},
	    {ERR_CONFIG, "config", 78},
	    {ERR_SCHEMA, "schema", 78},
	    {ERR_USAGE, "usage", 64},
	    {ERR_UNREACHABLE, "unreachable", 69},
	    {ERR_DENIED, "denied", 77},
	    {ERR_UNPROVEN, "unproven", 77},
	    {ERR_PROTOCOL, "protocol", 69},
	    {ERR_DATA, "data", 65},
	    {ERR_CONFLICT, "conflict", 75},
	    {ERR_GUARD, "guard", 1},
	    {ERR_CLOSED, "closed", 77},
	    {ERR_ABSENT, "absent", 3},
	    {ERR_INTERNAL, "internal", 70},
	};

	(void)state;
	assert_int_equal(sizeof(wanted) / sizeof(wanted[0]), ERR_CLASSES);
	for (size_t i = 0; i < ERR_CLASSES; i++) {
		assert_string_equal(error_class_name(wanted[i].class), wanted[i].name);
		assert_int_equal(error_exit_code(wanted[i].class), wanted[i].exit_code);
		assert_int_equal(error_class_named(wanted[i].name), wanted[i].class);
	}
	assert_string_equal(error_class_name(ERR_CLASSES), "unknown");
	assert_int_equal(error_class_named("unknown"), ERR_INTERNAL);
	assert_int_equal(error_class_named(""), ERR_INTERNAL);
	assert_int_equal(error_exit_code(ERR_CLASSES), 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(set_returns_minus_one_and_fills_class_and_text),
	    cmocka_unit_test(every_function_accepts_null),
	    cmocka_unit_test(prefix_goes_before_and_hint_behind),
	    cmocka_unit_test(old_text_may_be_an_argument),
	    cmocka_unit_test(long_message_is_cut_and_says_so),
	    cmocka_unit_test(message_that_just_fits_is_whole),
	    cmocka_unit_test(cut_never_splits_a_character),
	    cmocka_unit_test(what_is_in_front_already_is_not_put_there_twice),
	    cmocka_unit_test(prefix_and_hint_are_cut_like_the_message),
	    cmocka_unit_test(each_class_has_its_name_and_exit_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
