/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void first_and_last_of_each_length_are_decoded(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		uint32_t code;
	} vectors[] = {
	    {"\0", 1, 0},
	    {"\x7F", 1, 0x7F},
	    {"\xC2\x80", 2, 0x80},
	    {"\xDF\xBF", 2, 0x7FF},
	    {"\xE0\xA0\x80", 3, 0x800},
	    {"\xED\x9F\xBF", 3, 0xD7FF},
	    {"\xEE\x80\x80", 3, 0xE000},
	    {"\xEF\xBF\xBF", 3, 0xFFFF},
	    {"\xF0\x90\x80\x80", 4, 0x10000},
	    {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint32_t code = 1;
		assert_int_equal(utf8_decode(vectors[i].bytes, vectors[i].size, &code), vectors[i].size);
		assert_int_equal(code, vectors[i].code);
		assert_int_equal(utf8_decode(vectors[i].bytes, vectors[i].size - 1, &code), 0);
	}
}

static void ill_formed_bytes_are_refused(void **state)
{
	static const char *const refused[] = {
	    "\x80",             /* continuation first */
	    "\xC1\xBF",         /* overlong */
	    "\xE0\x9F\xBF",     /* overlong */
	    "\xF0\x8F\xBF\xBF", /* overlong */
	    "\xED\xA0\x80",     /* surrogate */
	    "\xED\xBF\xBF",     /* surrogate */
	    "\xF4\x90\x80\x80", /* beyond Unicode */
	    "\xF5\x80\x80\x80", /* beyond Unicode */
	    "\xFF",
	    "\xC3(",
	    "\xE2\x82(",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		uint32_t code;
		assert_int_equal(utf8_decode(refused[i], strlen(refused[i]), &code), 0);
	}
}

static void floor_never_splits_a_character(void **state)
{
	static const char text[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z";
	static const size_t floors[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

	(void)state;
	for (size_t size = 0; size < sizeof(text); size++)
		assert_int_equal(utf8_floor(text, size), floors[size]);
}

static void floor_cuts_garbage_where_asked(void **state)
{
	(void)state;
	assert_int_equal(utf8_floor("\x80\x80\x80\x80\x80\x80\x80\x80", 7), 7);
	assert_int_equal(utf8_floor("\x80\x80\x80", 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_and_last_of_each_length_are_decoded),
	    cmocka_unit_test(ill_formed_bytes_are_refused),
	    cmocka_unit_test(floor_never_splits_a_character),
	    cmocka_unit_test(floor_cuts_garbage_where_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
