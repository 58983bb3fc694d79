/* SPDX-License-Identifier: Apache-2.0 */
#include "company.h"

static const char *unit_answer(struct company *company, const char *dn)
{
	return answer(company, new_entry(company, ENTRY_UNIT, dn));
}

static void test_units_become_branches_below_the_base(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_SUBTREE, "OU=Departments,DC=corp", "/Org", "Contributor");
	assert_string_equal(unit_answer(company, "ou=departments, dc=CORP"), "one /Org Contributor\n");
	assert_string_equal(unit_answer(company, "OU=Sales,OU=Departments,DC=corp"), "one /Org/sales Contributor\n");
	assert_string_equal(unit_answer(company, "OU=Key\\, Accounts,OU=Sales,OU=Departments,DC=corp"),
			    "one /Org/sales/key, accounts Contributor\n");
	assert_string_equal(unit_answer(company, "OU=Sales,OU=Other,DC=corp"), "");
	assert_string_equal(unit_answer(company, "OU=XDepartments,DC=corp"), "");
	assert_string_equal(unit_answer(company, "DC=corp"), "");
	assert_string_equal(unit_answer(company, "no dn"), "");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "OU=Sales,OU=Departments,DC=corp")), "");
}

static void test_units_may_become_branches_of_the_root(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_SUBTREE, "OU=D,DC=x", "/", "Contributor");
	assert_string_equal(unit_answer(company, "OU=D,DC=x"), "one / Contributor\n");
	assert_string_equal(unit_answer(company, "OU=B,OU=A,OU=D,DC=x"), "one /a/b Contributor\n");
}

static void test_units_below_max_depth_map_onto_their_ancestor(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_SUBTREE, "OU=D,DC=x", "/org", "Contributor")->max_depth = 2;
	assert_string_equal(unit_answer(company, "OU=D,DC=x"), "one /org Contributor\n");
	assert_string_equal(unit_answer(company, "OU=B,OU=A,OU=D,DC=x"), "one /org/a/b Contributor\n");
	assert_string_equal(unit_answer(company, "OU=C,OU=B,OU=A,OU=D,DC=x"), "one /org/a/b Contributor\n");
	assert_string_equal(unit_answer(company, "OU=..,OU=C,OU=B,OU=A,OU=D,DC=x"), "one /org/a/b Contributor\n");
}

static void test_units_whose_name_climbs_are_refused(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_SUBTREE, "OU=D,DC=x", "/org", "Contributor")->admin = true;
	company->rules[0].role = "";
	assert_string_equal(unit_answer(company, "OU=A/B,OU=D,DC=x"), "one! the name \"a/b\" holds a \"/\"\n");
	assert_string_equal(unit_answer(company, "OU=C,OU=..,OU=D,DC=x"), "one! the name \"..\" is \".\" or \"..\"\n");
	assert_string_equal(unit_answer(company, "OU=\\0A,OU=D,DC=x"), "one! the name \"\" is empty\n");
	/* A line's end is a space in a name, other control characters are nothing (RFC 4518 section 2.2). */
	assert_string_equal(unit_answer(company, "OU=A\\0AB,OU=D,DC=x"), "one /org/a b (admin)\n");
	assert_string_equal(unit_answer(company, "OU=A\\00B,OU=D,DC=x"), "one /org/ab (admin)\n");
	assert_string_equal(unit_answer(company, "OU=#0401FF,OU=D,DC=x"),
			    "one! the name of a unit in its DN is not text\n");
	assert_string_equal(unit_answer(company, "OU=A,OU=D,DC=x"), "one /org/a (admin)\n");
}

static void test_several_values_in_one_rdn_give_the_first_in_canonical_order(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_SUBTREE, "OU=D,DC=x", "/org", "Contributor");
	assert_string_equal(unit_answer(company, "OU=Sales+CN=Team,OU=D,DC=x"), "one /org/team Contributor\n");
	assert_string_equal(unit_answer(company, "CN=Team+OU=Sales,OU=D,DC=x"), "one /org/team Contributor\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPANY_TEST(test_units_become_branches_below_the_base),
	    COMPANY_TEST(test_units_may_become_branches_of_the_root),
	    COMPANY_TEST(test_units_below_max_depth_map_onto_their_ancestor),
	    COMPANY_TEST(test_units_whose_name_climbs_are_refused),
	    COMPANY_TEST(test_several_values_in_one_rdn_give_the_first_in_canonical_order),
	};

	return cmocka_run_group_tests_name("rules match subtree", tests, NULL, NULL);
}
