/* SPDX-License-Identifier: Apache-2.0 */
#include "job/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, QUARTER = 15 * MINUTE };

static void no_pause_is_longer_than_a_poll(void **state)
{
	(void)state;
	for (int class = ERR_NONE + 1; class < ERR_CLASSES; class ++) {
		assert_int_equal(patience_limit(20 * SECOND, class, 10 * SECOND), 10 * SECOND);
		assert_int_equal(patience_limit(10 * SECOND, class, QUARTER), 10 * SECOND);
	}
}

static void who_is_absent_is_asked_again_within_a_minute(void **state)
{
	(void)state;
	assert_int_equal(patience_limit(QUARTER, ERR_UNREACHABLE, QUARTER), MINUTE);
	assert_int_equal(patience_limit(QUARTER, ERR_PROTOCOL, QUARTER), MINUTE);
	assert_int_equal(patience_limit(MINUTE + 1, ERR_UNREACHABLE, 24 * 4 * QUARTER), MINUTE);
}

static void who_refuses_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(patience_limit(QUARTER, ERR_DENIED, QUARTER), QUARTER);
	assert_int_equal(patience_limit(5 * MINUTE, ERR_CONFIG, QUARTER), 5 * MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_pause_is_longer_than_a_poll),
	    cmocka_unit_test(who_is_absent_is_asked_again_within_a_minute),
	    cmocka_unit_test(who_refuses_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
