/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/readiness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { POLL_MS = 60000 };

#define LAST_COMPLETE "roster_source_last_complete_timestamp_seconds"

static struct source_config sources[] = {{.name = "corp", .poll_ms = POLL_MS}, {.name = "hr", .poll_ms = 10 * POLL_MS}};
static const struct config config = {.sources = sources, .source_count = 2};
static const double now = 1795000000;

/* The reasons when corp and hr were last read so many seconds ago; "" when ready. */
static const char *reasons(const char *corp, const char *hr)
{
	static struct str text;
	struct sample items[] = {
	    {"roster_quarantined", {"corp"}, "1"}, {LAST_COMPLETE, {"corp"}, corp}, {LAST_COMPLETE, {"hr"}, hr}};
	const struct samples samples = {.items = items, .count = hr == NULL ? 2 : 3, .now = now};

	str_free(&text);
	bool ready = readiness_judge(&config, &samples, &text);
	assert_int_equal(ready, text.size == 0);
	return str_text(&text);
}

static void all_that_were_read_lately_are_ready(void **state)
{
	(void)state;
	assert_string_equal(reasons("1794999990", "1794999990"), "");
	assert_string_equal(reasons("1794999820", "1794998200"), "");
}

static void one_that_is_late_is_named(void **state)
{
	(void)state;
	assert_string_equal(reasons("1794999819", "1794999990"),
			    "source corp: it was last read completely 181s ago, which should be within 3m\n");
}

static void each_has_a_line_and_its_own_limit(void **state)
{
	(void)state;
	const char *text = reasons("1794996400", "1794996400");

	assert_non_null(strstr(text, "source corp: it was last read completely 1h ago, which should be within 3m\n"));
	assert_non_null(strstr(text, "source hr: it was last read completely 1h ago, which should be within 30m\n"));
}

static void one_that_was_never_read_is_not_ready(void **state)
{
	(void)state;
	assert_string_equal(reasons("0", "1795000000"), "source corp: it was never read completely\n");
	assert_string_equal(reasons("1795000000", NULL), "source hr: it was never read completely\n");
}

static void without_a_source_nothing_is_missing(void **state)
{
	const struct config none = {0};
	const struct samples samples = {.now = now};
	struct str text = {0};

	(void)state;
	assert_true(readiness_judge(&none, &samples, &text));
	assert_int_equal(text.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_that_were_read_lately_are_ready),
	    cmocka_unit_test(one_that_is_late_is_named),
	    cmocka_unit_test(each_has_a_line_and_its_own_limit),
	    cmocka_unit_test(one_that_was_never_read_is_not_ready),
	    cmocka_unit_test(without_a_source_nothing_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
