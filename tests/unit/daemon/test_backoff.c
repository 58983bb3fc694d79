/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pauses_double_up_to_a_minute(void **state)
{
	static const int64_t pauses[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
	struct backoff backoff = {0};

	(void)state;
	for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++)
		assert_int_equal(backoff_next(&backoff, 0, 0), pauses[i]);
}

static void good_health_forgets_what_was(void **state)
{
	struct backoff backoff = {0};

	(void)state;
	backoff_next(&backoff, 0, 0);
	backoff_next(&backoff, 0, 0);
	assert_int_equal(backoff_next(&backoff, BACKOFF_FORGOTTEN_MS - 1, 0), 4000);
	assert_int_equal(backoff_next(&backoff, BACKOFF_FORGOTTEN_MS, 0), 1000);
	assert_int_equal(backoff_next(&backoff, 0, 0), 2000);
}

static void jitter_takes_up_to_a_quarter(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (uint32_t random = 0; random < 5000; random++) {
		struct backoff backoff = {.pause_ms = 4000};
		int64_t pause = backoff_next(&backoff, 0, random);
		assert_int_equal(backoff.pause_ms, 8000); /* what comes next does not drift with it */
		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	assert_int_equal(least, 6000);
	assert_int_equal(most, 8000);
}

static void the_largest_random_number_stays_within(void **state)
{
	struct backoff backoff = {0};

	(void)state;
	int64_t pause = backoff_next(&backoff, 0, UINT32_MAX);
	assert_in_range(pause, 750, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pauses_double_up_to_a_minute),
	    cmocka_unit_test(good_health_forgets_what_was),
	    cmocka_unit_test(jitter_takes_up_to_a_quarter),
	    cmocka_unit_test(the_largest_random_number_stays_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
