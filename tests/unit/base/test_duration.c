/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_unit_is_read(void **state)
{
	(void)state;
	assert_int_equal(duration_parse("0s"), 0);
	assert_int_equal(duration_parse("250ms"), 250);
	assert_int_equal(duration_parse("90s"), 90 * 1000);
	assert_int_equal(duration_parse("15m"), 15 * 60 * 1000);
	assert_int_equal(duration_parse("24h"), 24 * 60 * 60 * 1000);
	assert_int_equal(duration_parse("30d"), INT64_C(30) * 24 * 60 * 60 * 1000);
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const refused[] = {
	    "",
	    "s",
	    "90",
	    "0",
	    "90 s",
	    " 90s",
	    "90s ",
	    "-90s",
	    "+90s",
	    "1.5h",
	    "1h30m",
	    "90S",
	    "5w",
	    "90sec",
	    "1e3s",
	    "0x10s",
	    "9223372036854775808ms", /* one more than 64 bits hold */
	    "9223372036854775807s",  /* so do its milliseconds */
	    "99999999999999999999999999d",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(duration_parse(refused[i]), -1);
}

static void shortest_exact_form_is_written_and_read_back(void **state)
{
	static const struct {
		int64_t milliseconds;
		const char *text;
	} vectors[] = {
	    {0, "0s"},        {1, "1ms"},        {1500, "1500ms"},    {1000, "1s"},
	    {90000, "90s"},   {60000, "1m"},     {5400000, "90m"},    {3600000, "1h"},
	    {86400000, "1d"}, {90000000, "25h"}, {2592000000, "30d"}, {INT64_MAX, "9223372036854775807ms"},
	};
	char buffer[32];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *text = duration_format(vectors[i].milliseconds, buffer, sizeof(buffer));
		assert_ptr_equal(text, buffer);
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(duration_parse(text), vectors[i].milliseconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_unit_is_read),
	    cmocka_unit_test(what_is_no_duration_is_refused),
	    cmocka_unit_test(shortest_exact_form_is_written_and_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
