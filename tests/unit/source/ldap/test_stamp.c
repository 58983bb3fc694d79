/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void see(struct stamps *stamps, const char *name, const char *value)
{
	struct ldap_value values[] = {{.data = value, .size = strlen(value)}};
	struct ldap_attribute attributes[] = {{.name = name, .values = values, .count = 1}};
	const struct ldap_entry entry = {.dn = "cn=a", .attributes = attributes, .count = 1};

	stamps_see(stamps, &entry);
}

static void the_latest_is_kept(void **state)
{
	struct stamps stamps = {0};

	(void)state;
	see(&stamps, "modifyTimestamp", "20261122093046Z");
	see(&stamps, "createTimestamp", "20261122093047.123Z");
	see(&stamps, "modifyTimestamp", "20251231235959Z");
	assert_string_equal(stamps.latest, "20261122093047Z");
	assert_int_equal(stamps.missing, 0);
	assert_int_equal(stamps.count, 3);
}

static void what_is_no_time_in_utc_is_none(void **state)
{
	static const char *const texts[] = {
	    "", "2026112209304", "20261122093046", "20261122093046+0100", "2026112209304aZ", "tomorrow"};
	struct stamps stamps = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		see(&stamps, "modifyTimestamp", texts[i]);
	see(&stamps, "cn", "20261122093046Z");
	assert_string_equal(stamps.latest, "");
	assert_int_equal(stamps.missing, sizeof(texts) / sizeof(*texts) + 1);
}

static void the_filter_reaches_back_ten_minutes(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(stamp_filter("20260301000030Z", arena),
			    "(|(modifyTimestamp>=20260228235030Z)(createTimestamp>=20260228235030Z))");
	assert_null(stamp_filter("", arena));
	assert_null(stamp_filter("yesterday", arena));
	arena_free(&arena);
}

static void a_time_to_come_is_now(void **state)
{
	const time_t now = 1772323230; /* 2026-03-01 00:00:30 */
	char stamp[STAMP_TEXT] = "20990101000000Z";

	(void)state;
	stamp_limit(stamp, now);
	assert_string_equal(stamp, "20260301000030Z");
	stamp_limit(stamp, now + 1);
	assert_string_equal(stamp, "20260301000030Z");
	*stamp = '\0';
	stamp_limit(stamp, now);
	assert_string_equal(stamp, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_latest_is_kept),
	    cmocka_unit_test(what_is_no_time_in_utc_is_none),
	    cmocka_unit_test(the_filter_reaches_back_ten_minutes),
	    cmocka_unit_test(a_time_to_come_is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
