/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/csn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ONE   "20261122093624.904385Z#000000#001#000000"
#define ONE_B "20261122093624.904385Z#000001#001#000000"
#define TWO   "20261122093625.904056Z#000000#002#000000"
#define TWO_B "20261122100000.000000Z#000000#002#000000"
#define TEN   "20200101000000.000000Z#000000#00a#000000"

static const char *renewed(struct str *kept, const char *newer)
{
	csn_renew_cookie(kept, newer, strlen(newer));
	return str_text(kept);
}

static void test_a_cookie_of_one_change_leaves_the_other_servers_where_they_are(void **state)
{
	struct str kept = {0};

	(void)state;
	assert_string_equal(renewed(&kept, "rid=000,sid=001,csn=" ONE ";" TWO), "rid=000,csn=" ONE ";" TWO);
	assert_string_equal(renewed(&kept, "rid=000,sid=001,csn=" TWO_B), "rid=000,csn=" ONE ";" TWO_B);
	assert_string_equal(renewed(&kept, "rid=000,csn=" ONE_B), "rid=000,csn=" ONE_B ";" TWO_B);
	assert_string_equal(renewed(&kept, "rid=000,csn=" TEN), "rid=000,csn=" ONE_B ";" TWO_B ";" TEN);
	str_free(&kept);
}

static void test_what_is_older_takes_nothing_back(void **state)
{
	struct str kept = {0};

	(void)state;
	renewed(&kept, "rid=000,csn=" TWO_B ";" ONE_B);
	assert_string_equal(renewed(&kept, "rid=000,sid=002,csn=" ONE ";" TWO), "rid=000,csn=" ONE_B ";" TWO_B);
	str_free(&kept);
}

static void test_what_cannot_be_read_stands_as_it_came(void **state)
{
	static const char *const texts[] = {"nonsense", "rid=000", "rid=000,csn=2026", "rid=000,csn=" ONE ";x",
					    "rid=000,delcsn=" ONE};
	struct str kept = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_string_equal(renewed(&kept, texts[i]), texts[i]);
	assert_string_equal(renewed(&kept, "rid=000,csn=" ONE), "rid=000,csn=" ONE);
	str_free(&kept);
}

static const char *missing(const char *server, const char *held)
{
	static char ret[CSN_SIZE + 1];
	struct csns has = {0}, wanted = {0};

	csns_add_cookie(&has, server, strlen(server));
	csns_add_cookie(&wanted, held, strlen(held));
	const char *csn = csns_missing(&has, &wanted);
	strncpy(ret, csn ? csn : "", CSN_SIZE);
	csns_free(&has);
	csns_free(&wanted);
	return ret;
}

static void test_a_server_is_compared_number_by_number(void **state)
{
	(void)state;
	assert_string_equal(missing("csn=" ONE ";" TWO, "csn=" ONE ";" TWO), "");
	assert_string_equal(missing("csn=" ONE_B ";" TWO_B ";" TEN, "csn=" ONE ";" TWO), "");
	assert_string_equal(missing("csn=" ONE ";" TWO_B, "csn=" ONE_B ";" TWO), ONE_B);
	assert_string_equal(missing("csn=" TWO_B, "csn=" ONE ";" TWO), ONE);
	assert_string_equal(missing("", "csn=" TWO), TWO);
	assert_string_equal(missing("", ""), "");
}

static void test_only_numbers_are_numbers(void **state)
{
	struct csns csns = {0};

	(void)state;
	assert_true(csns_add(&csns, ONE, CSN_SIZE));
	assert_false(csns_add(&csns, ONE, CSN_SIZE - 1));
	assert_false(csns_add(&csns, "20261122093624.904385Z#000000#00G#000000", CSN_SIZE));
	assert_false(csns_add(&csns, "20261122093624,904385Z#000000#001#000000", CSN_SIZE));
	assert_int_equal(csns.count, 1);
	csns_free(&csns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_cookie_of_one_change_leaves_the_other_servers_where_they_are),
	    cmocka_unit_test(test_what_is_older_takes_nothing_back),
	    cmocka_unit_test(test_what_cannot_be_read_stands_as_it_came),
	    cmocka_unit_test(test_a_server_is_compared_number_by_number),
	    cmocka_unit_test(test_only_numbers_are_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
