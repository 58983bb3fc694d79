/* SPDX-License-Identifier: Apache-2.0 */
#include "company.h"

static struct digest fingerprint(struct company *company)
{
	rules_free(&company->compiled);
	return rules_fingerprint(company_rules(company));
}

static void assert_changed(struct company *company, struct digest before)
{
	struct digest now = fingerprint(company);

	assert_false(digest_equal(&before, &now));
}

static void assert_unchanged(struct company *company, struct digest before)
{
	struct digest now = fingerprint(company);

	assert_true(digest_equal(&before, &now));
}

static struct rule_config *add_team_rule(struct company *company)
{
	struct rule_config *rule = add_rule(company, RULE_MATCH, "cn ~ ^(?<x>.*)-(?<kind>.*)$", "/${x}", "");

	set_role_map(company, rule, "kind", "devs", "Developer", "admins", "Administrator", NULL);
	return rule;
}

static void test_the_same_rules_have_the_same_fingerprint_wherever_they_stand(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_team_rule(company);
	struct digest before = fingerprint(company);

	rule->position.file = "conf.d/other.conf";
	rule->position.line = 99;
	assert_unchanged(company, before);
}

static const struct role_choice new_role[] = {{"devs", "Developer"}, {"admins", "Owner"}};
static const struct role_choice new_value[] = {{"devs", "Developer"}, {"leads", "Administrator"}};

/* Change the n-th field; false when there are no more. */
static bool change_field(struct rule_config *rule, size_t n)
{
	static const char *admin = "alice";

	switch (n) {
	case 0:
		return (rule->name = "new");
	case 1:
		return (rule->select = "cn ~ ^(?<x>.*)_(?<kind>.*)$");
	case 2:
		return (rule->into = "/a/${x}");
	case 3:
		return (rule->role_by = "x");
	case 4:
		return memcpy(rule->roles, new_role, sizeof(new_role));
	case 5:
		return memcpy(rule->roles, new_value, sizeof(new_value));
	case 6:
		return (rule->role_count = 1);
	case 7:
		return (rule->stop = true);
	case 8:
		rule->admins = &admin;
		return (rule->admin_count = 1);
	}
	return false;
}

static void test_every_field_that_matters_changes_it(void **state)
{
	struct company *company = *state;
	struct digest before;
	size_t n = 0;

	add_team_rule(company);
	before = fingerprint(company);
	for (;; n++) {
		company->config.rule_count = 0;
		add_team_rule(company);
		assert_unchanged(company, before);
		if (!change_field(&company->rules[0], n))
			break;
		assert_changed(company, before);
	}
	assert_int_equal(n, 9);
}

static void test_selector_role_admin_and_depth_change_it(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_SUBTREE, "ou=a", "/a", "Developer");
	struct digest before = fingerprint(company);

	rule->selector = RULE_GROUP;
	assert_changed(company, before);
	rule->selector = RULE_SUBTREE;
	rule->max_depth = 1;
	assert_changed(company, before);
	rule->max_depth = 0;
	rule->role = "Operator";
	assert_changed(company, before);
	rule->role = "";
	rule->admin = true;
	assert_changed(company, before);
}

static void test_order_counts_and_rules_of_other_sources_do_not(void **state)
{
	struct company *company = *state;
	struct rule_config *one = add_team_rule(company), swapped;
	struct digest before = fingerprint(company);

	add_team_rule(company)->source = "sso";
	assert_unchanged(company, before);
	company->rules[1].source = "";
	assert_changed(company, before);
	before = fingerprint(company);
	swapped = company->rules[0];
	company->rules[0] = company->rules[1];
	company->rules[1] = swapped;
	assert_changed(company, before);
	assert_ptr_equal(one, &company->rules[0]);
}

static void test_default_admins_change_it(void **state)
{
	struct company *company = *state;
	const char *admins[] = {"alice", "bob"};
	struct digest before;

	add_team_rule(company);
	before = fingerprint(company);
	company->config.default_admins = admins;
	company->config.default_admin_count = 2;
	assert_changed(company, before);
	before = fingerprint(company);
	admins[1] = "carol";
	assert_changed(company, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPANY_TEST(test_the_same_rules_have_the_same_fingerprint_wherever_they_stand),
	    COMPANY_TEST(test_every_field_that_matters_changes_it),
	    COMPANY_TEST(test_selector_role_admin_and_depth_change_it),
	    COMPANY_TEST(test_order_counts_and_rules_of_other_sources_do_not),
	    COMPANY_TEST(test_default_admins_change_it),
	};

	return cmocka_run_group_tests_name("rules fingerprint", tests, NULL, NULL);
}
