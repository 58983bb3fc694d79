/* SPDX-License-Identifier: Apache-2.0 */
#include "company.h"

static void test_group_names_both_dns(void **state)
{
	struct company *company = *state;
	struct rule_config *rule =
	    add_rule(company, RULE_GROUP, "CN=Platform Admins,DC=x", "platform", "Administrator");

	assert_string_equal(explanation(company, rule, new_entry(company, ENTRY_GROUP, "CN=Ops,DC=x")),
			    "group is CN=Ops,DC=x, not CN=Platform Admins,DC=x");
}

static void test_match_shows_the_values_and_the_expression_as_written(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, "cn ~ ^(?<x>.*)-devs$", "/${x}", "Developer");
	struct entry *entry = group_named(company, "Pay-API-devs2");

	assert_string_equal(explanation(company, rule, entry), "cn \"Pay-API-devs2\" does not match ^(?<x>.*)-devs$");
	add_value(company, entry, "cn", "other\n");
	assert_string_equal(explanation(company, rule, entry),
			    "cn \"Pay-API-devs2\", \"other\\x0A\" do not match ^(?<x>.*)-devs$");
	add_value(company, entry, "cn", "third");
	add_value(company, entry, "cn", "fourth");
	add_value(company, entry, "cn", "fifth");
	assert_string_equal(explanation(company, rule, entry),
			    "cn \"Pay-API-devs2\", \"other\\x0A\", \"third\" and 2 more"
			    " do not match ^(?<x>.*)-devs$");
}

static void test_match_on_an_absent_attribute_says_so(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, "cn ~ ^a$", "/a", "Developer");

	assert_string_equal(explanation(company, rule, new_entry(company, ENTRY_GROUP, "o=x")), "cn is absent");
}

static void test_filters_name_what_failed(void **state)
{
	struct company *company = *state;
	struct rule_config *users =
	    add_rule(company, RULE_USERS, "(employeeType=contractor)", "/external", "Contributor");
	struct rule_config *groups = add_rule(company, RULE_FILTER, "(ou=sales)", "/sales", "Contributor");
	struct entry *user = new_entry(company, ENTRY_USER, "uid=a,dc=x");

	add_value(company, user, "employeeType", "internal");
	assert_true(text_starts_with(explanation(company, users, user),
				     "users filter does not match: employeeType is \"internal\""));
	assert_string_equal(explanation(company, groups, new_entry(company, ENTRY_GROUP, "cn=g")),
			    "group filter does not match: ou is absent");
}

static void test_subtree_names_both_dns(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_SUBTREE, "OU=Departments,DC=x", "/org", "Contributor");

	assert_string_equal(explanation(company, rule, new_entry(company, ENTRY_UNIT, "OU=Other,DC=x")),
			    "OU=Other,DC=x is not below OU=Departments,DC=x");
}

static void test_rules_about_other_kinds_say_which(void **state)
{
	struct company *company = *state;
	struct rule_config *users = add_rule(company, RULE_USERS, "(cn=*)", "/a", "Developer");
	struct rule_config *units = add_rule(company, RULE_SUBTREE, "DC=x", "/a", "Developer");
	struct entry *group = group_named(company, "a");

	assert_string_equal(explanation(company, users, group), "looks at users, and this is a group");
	assert_string_equal(explanation(company, units, group), "looks at units, and this is a group");
}

static void test_rules_for_another_source_say_so(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, "cn ~ .*", "/a", "Developer");

	rule->source = "sso";
	assert_string_equal(explanation(company, rule, group_named(company, "a")), "is for source sso");
}

static void test_a_match_that_gave_nothing_says_why(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, "cn ~ (?<x>.*)", "/${x}", "Developer");

	assert_string_equal(explanation(company, rule, group_named(company, "..")),
			    "cn \"..\": ${x} \"..\" is \".\" or \"..\"");
}

static void test_a_rule_behind_a_stop_names_the_one_that_stopped(void **state)
{
	struct company *company = *state;
	struct rule_config *other = add_rule(company, RULE_MATCH, "cn ~ b", "/b", "Developer");
	struct rule_config *plain = add_rule(company, RULE_MATCH, "cn ~ a", "/a", "Developer");
	struct rule_config *stop = add_rule(company, RULE_MATCH, "cn ~ .", "/c", "Developer");
	struct rule_config *late = add_rule(company, RULE_MATCH, "cn ~ a", "/d", "Developer");
	struct entry *entry = group_named(company, "a");

	other->stop = true;
	stop->stop = true;
	assert_string_equal(explanation(company, plain, entry), "it matches");
	assert_string_equal(explanation(company, stop, entry), "it matches");
	assert_string_equal(explanation(company, late, entry), "rule three before it says stop");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPANY_TEST(test_group_names_both_dns),
	    COMPANY_TEST(test_match_shows_the_values_and_the_expression_as_written),
	    COMPANY_TEST(test_match_on_an_absent_attribute_says_so),
	    COMPANY_TEST(test_filters_name_what_failed),
	    COMPANY_TEST(test_subtree_names_both_dns),
	    COMPANY_TEST(test_rules_about_other_kinds_say_which),
	    COMPANY_TEST(test_rules_for_another_source_say_so),
	    COMPANY_TEST(test_a_match_that_gave_nothing_says_why),
	    COMPANY_TEST(test_a_rule_behind_a_stop_names_the_one_that_stopped),
	};

	return cmocka_run_group_tests_name("rules explain", tests, NULL, NULL);
}
