/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What an entry with this one attribute says. */
static struct account said(struct arena *arena, const char *name, const char *text)
{
	struct value value = {.data = text, .size = strlen(text)};
	struct attribute attribute = {name, &value, 1};
	const struct entry entry = {.dn = "uid=a,o=x", .attributes = &attribute, .attribute_count = 1};
	struct account account;

	entry_account(&entry, arena, &account);
	return account;
}

static void closed_accounts_say_why(void **state)
{
	static const struct {
		const char *name, *text, *closed;
	} rows[] = {
	    {"userAccountControl", "514", "userAccountControl is 514 (disabled)"},
	    {"useraccountcontrol", "66050", "userAccountControl is 66050 (disabled)"},
	    {"userAccountControl", "512", NULL},
	    {"userAccountControl", "16", NULL}, /* locked out for a while */
	    {"userAccountControl", "many", NULL},
	    {"nsAccountLock", "TRUE", "nsAccountLock is TRUE"},
	    {"nsAccountLock", "true", "nsAccountLock is true"},
	    {"nsAccountLock", "false", NULL},
	    {"pwdAccountLockedTime", "000001010000Z", "pwdAccountLockedTime is 000001010000Z"},
	    {"pwdAccountLockedTime", "20260101120000Z", NULL},
	    {"employeeType", "TRUE", NULL},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct account account = said(arena, rows[i].name, rows[i].text);
		assert_null(account.ends_by);
		if (rows[i].closed)
			assert_string_equal(account.closed, rows[i].closed);
		else
			assert_null(account.closed);
	}
	arena_free(&arena);
}

static void the_end_is_an_instant(void **state)
{
	static const struct {
		const char *name, *text;
		int64_t ends; /* -1: never */
	} rows[] = {
	    {"accountExpires", "0", -1},
	    {"accountExpires", "9223372036854775807", -1},
	    {"accountExpires", "133485408000000000", 1704067200},
	    {"shadowExpire", "19723", 1704067200},
	    {"shadowExpire", "0", 0},
	    {"shadowExpire", "-1", -1},
	    {"shadowExpire", "soon", -1},
	    {"krbPrincipalExpiration", "20240101000000Z", 1704067200},
	    {"pwdEndTime", "20240101000000.123456Z", 1704067200},
	    {"pwdEndTime", "2024010100Z", 1704067200},
	    {"pwdEndTime", "20240229235959Z", 1709251199},
	    {"pwdEndTime", "19991231000000Z", 946598400},
	    {"pwdEndTime", "21000301000000Z", 4107542400},
	    {"pwdEndTime", "20241301000000Z", -1},
	    {"pwdEndTime", "2024", -1},
	    {"pwdEndTime", "", -1},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct account account = said(arena, rows[i].name, rows[i].text);
		assert_null(account.closed);
		if (rows[i].ends < 0) {
			assert_null(account.ends_by);
			continue;
		}
		assert_string_equal(account.ends_by, rows[i].name);
		assert_int_equal(account.ends, rows[i].ends);
	}
	arena_free(&arena);
}

static void a_span_that_ends_before_it_starts_closes(void **state)
{
	static struct value late[] = {TEXT("20990101000000Z")}, early[] = {TEXT("20980101000000Z")};
	struct attribute attributes[] = {ATTRIBUTE("pwdStartTime", late), ATTRIBUTE("pwdEndTime", early)};
	const struct entry entry = {.dn = "uid=a,o=x", .attributes = attributes, .attribute_count = COUNT(attributes)};
	struct arena *arena = arena_new();
	struct account account;

	(void)state;
	entry_account(&entry, arena, &account);
	assert_string_equal(account.closed, "pwdStartTime is not before pwdEndTime");
	attributes[0].values = early;
	attributes[1].values = late;
	entry_account(&entry, arena, &account);
	assert_null(account.closed);
	arena_free(&arena);
}

/* Shown is what is there, also where it says nothing. */
static void what_is_shown_is_told(void **state)
{
	struct arena *arena = arena_new();
	size_t count = 0;

	(void)state;
	for (const char *name; (name = account_attribute(count)) != NULL; count++) {
		assert_int_equal(said(arena, name, "whatever").shown, 1U << count);
		assert_true(count < sizeof(unsigned) * 8 - 1);
	}
	assert_true(count > 0);
	assert_int_equal(said(arena, "employeeType", "1").shown, 0);
	arena_free(&arena);
}

static void the_earliest_end_counts(void **state)
{
	static struct value days[] = {TEXT("20000")}, time[] = {TEXT("20240101000000Z")};
	static struct attribute attributes[] = {ATTRIBUTE("shadowExpire", days),
						ATTRIBUTE("krbPrincipalExpiration", time)};
	const struct entry entry = {.dn = "uid=a,o=x", .attributes = attributes, .attribute_count = COUNT(attributes)};
	struct arena *arena = arena_new();
	struct account account;

	(void)state;
	entry_account(&entry, arena, &account);
	assert_string_equal(account.ends_by, "krbPrincipalExpiration");
	assert_int_equal(account.ends, 1704067200);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(closed_accounts_say_why),
	    cmocka_unit_test(the_end_is_an_instant),
	    cmocka_unit_test(a_span_that_ends_before_it_starts_closes),
	    cmocka_unit_test(what_is_shown_is_told),
	    cmocka_unit_test(the_earliest_end_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
