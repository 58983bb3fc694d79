/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/changelog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_number_is_what_follows_the_last_mark(void **state)
{
	static const struct {
		const char *cookie;
		int64_t number;
	} rows[] = {
	    {"host:389#uid=sync,dc=x:ou=a,dc=x:(objectClass=*)#28", 28},
	    {"host:389#uid=a#b,dc=x:ou=a,dc=x:(cn=#7)#0", 0},
	    {"h#w#9223372036854775807", INT64_MAX},
	    {"h#w#9223372036854775808", -1},
	    {"h#w#-1", -1},
	    {"h#w# 1", -1},
	    {"h#w#1x", -1},
	    {"h#w#", -1},
	    {"28", -1},
	    {"", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(changelog_number(rows[i].cookie), rows[i].number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_number_is_what_follows_the_last_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
