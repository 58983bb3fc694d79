/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/known.h"

static struct digest numbered(unsigned number)
{
	return digest_of(&number, sizeof number);
}

static void test_nothing_is_known_at_first(void **state)
{
	struct known_references known = {0};
	struct digest one = numbered(1);

	(void)state;
	assert_false(known_has(&known, &one));
	known_free(&known);
}

static void test_what_was_added_is_known_and_nothing_else(void **state)
{
	enum { MANY = 5000 };
	struct known_references known = {0};

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		struct digest reference = numbered(i);
		known_add(&known, &reference);
		known_add(&known, &reference);
	}
	assert_int_equal(known.count, MANY);
	for (unsigned i = 0; i < 2 * MANY; i++) {
		struct digest reference = numbered(i);
		assert_int_equal(known_has(&known, &reference), i < MANY);
	}
	known_free(&known);
	struct digest one = numbered(1);
	assert_false(known_has(&known, &one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_is_known_at_first),
	    cmocka_unit_test(test_what_was_added_is_known_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
