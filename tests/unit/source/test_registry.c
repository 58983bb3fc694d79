/* SPDX-License-Identifier: Apache-2.0 */
#include "source/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void drivers_are_found_by_their_type(void **state)
{
	(void)state;
	assert_ptr_equal(source_driver("ldif"), &ldif_source_ops);
	assert_string_equal(ldif_source_ops.name, "ldif");
}

static void unknown_types_have_no_driver(void **state)
{
	(void)state;
	assert_null(source_driver("LDIF"));
	assert_null(source_driver("ldi"));
	assert_null(source_driver(""));
}

static void completeness_has_words(void **state)
{
	(void)state;
	assert_string_equal(completeness_name(READ_FAILED), "failed");
	assert_string_equal(completeness_name(READ_INCOMPLETE), "incomplete");
	assert_string_equal(completeness_name(READ_COMPLETE), "complete");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(drivers_are_found_by_their_type),
	    cmocka_unit_test(unknown_types_have_no_driver),
	    cmocka_unit_test(completeness_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
