/* SPDX-License-Identifier: Apache-2.0 */
#include "target/nats/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_subject(const char *resource, const char *want)
{
	struct str out = {0};

	subject_of("roster", resource, &out);
	assert_string_equal(str_text(&out), want);
	str_free(&out);
}

static void parts_of_a_name_are_tokens(void **state)
{
	(void)state;
	assert_subject("app:billing-eu", "roster.app.billing-eu");
	assert_subject("namespace:prod/pay/web", "roster.namespace.prod.pay.web");
	assert_subject("group:/pay/api", "roster.group.pay.api");
	assert_subject("group:/", "roster.group");
	assert_subject("complete", "roster.complete");
}

static void what_has_a_meaning_in_a_subject_is_written_in_hex(void **state)
{
	(void)state;
	assert_subject("app:a.b", "roster.app.a%2Eb");
	assert_subject("app:*", "roster.app.%2A");
	assert_subject("app:>", "roster.app.%3E");
	assert_subject("app:a b\tc", "roster.app.a%20b%09c");
	assert_subject("app:a%2Eb", "roster.app.a%252Eb");
	assert_subject("app:k\xc3\xbc"
		       "che",
		       "roster.app.k\xc3\xbc"
		       "che");
}

/* Or what is told about one would hide what is told about the other. */
static void two_names_never_share_a_subject(void **state)
{
	(void)state;
	assert_subject("app:a:b", "roster.app.a:b");
	assert_subject("app:a/b", "roster.app.a.b");
	assert_subject("app:a.b", "roster.app.a%2Eb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parts_of_a_name_are_tokens),
	    cmocka_unit_test(what_has_a_meaning_in_a_subject_is_written_in_hex),
	    cmocka_unit_test(two_names_never_share_a_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
