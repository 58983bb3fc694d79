/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* NULL: it is not there. */
static void assert_rebased(const char *dn, const char *from, const char *to, const char *expected)
{
	struct str out = {0};

	assert_int_equal(dn_rebase(dn, from, to, &out), expected != NULL);
	assert_string_equal(str_text(&out), expected ? expected : "");
	str_free(&out);
}

static void what_is_below_moves_and_keeps_its_own_spelling(void **state)
{
	(void)state;
	assert_rebased("uid=Ann,OU=It,dc=x", "ou=it,dc=x", "ou=Tech,dc=x", "uid=Ann,ou=Tech,dc=x");
	assert_rebased("UID = Ann , OU=core, OU=It, DC=x", "ou=it,dc=x", "ou=Tech,dc=x",
		       "UID = Ann , OU=core,ou=Tech,dc=x");
}

static void the_place_itself_gets_the_new_name(void **state)
{
	(void)state;
	assert_rebased("OU=It,dc=x", "ou=it,dc=x", "ou=Tech,o=y", "ou=Tech,o=y");
}

static void what_is_elsewhere_stays(void **state)
{
	(void)state;
	assert_rebased("uid=ann,ou=law,dc=x", "ou=it,dc=x", "ou=tech,dc=x", NULL);
	assert_rebased("uid=ann,ou=bit,dc=x", "ou=it,dc=x", "ou=tech,dc=x", NULL);
	assert_rebased("dc=x", "ou=it,dc=x", "ou=tech,dc=x", NULL);
	assert_rebased("not a name", "ou=it,dc=x", "ou=tech,dc=x", NULL);
}

static void a_comma_in_a_value_separates_nothing(void **state)
{
	(void)state;
	assert_rebased("cn=Ng\\, Ann,ou=it,dc=x", "ou=it,dc=x", "ou=tech,dc=x", "cn=Ng\\, Ann,ou=tech,dc=x");
	assert_rebased("cn=Ng\\2c Ann,ou=it,dc=x", "ou=it,dc=x", "ou=tech,dc=x", "cn=Ng\\2c Ann,ou=tech,dc=x");
	assert_rebased("cn=\"Ng, Ann\",ou=it,dc=x", "ou=it,dc=x", "ou=tech,dc=x", "cn=\"Ng, Ann\",ou=tech,dc=x");
}

static void to_and_from_the_root(void **state)
{
	(void)state;
	assert_rebased("uid=ann,dc=x", "dc=x", "", "uid=ann");
	assert_rebased("uid=ann", "", "dc=x", "uid=ann,dc=x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_below_moves_and_keeps_its_own_spelling),
	    cmocka_unit_test(the_place_itself_gets_the_new_name),
	    cmocka_unit_test(what_is_elsewhere_stays),
	    cmocka_unit_test(a_comma_in_a_value_separates_nothing),
	    cmocka_unit_test(to_and_from_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
