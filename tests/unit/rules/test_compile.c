/* SPDX-License-Identifier: Apache-2.0 */
#include "company.h"

#define TEAM "cn ~ ^(?<unit>[a-z]+)-(?<team>.*)$"

/* The first thing that is wrong. */
static int check(const struct rule_config *rule, struct error *err)
{
	struct arena *arena = arena_new();
	struct rule_faults faults;
	int rc = 0;

	rules_check(rule, arena, &faults);
	if (faults.count > 0)
		rc = error_set(err, ERR_CONFIG, "%s", faults.items[0].text);
	arena_free(&arena);
	return rc;
}

static void assert_refused(const struct rule_config *rule, const char *message)
{
	struct error err = {0};

	assert_int_equal(check(rule, &err), -1);
	assert_string_equal(err.text, message);
}

static void assert_accepted(const struct rule_config *rule)
{
	struct error err = {0};

	if (check(rule, &err) != 0)
		fail_msg("%s", err.text);
}

/* --- into ------------------------------------------------------------------------------------------------------ */

static void test_places_that_are_good(void **state)
{
	struct company *company = *state;
	static const char *const good[] = {"/",
					   "/a",
					   "/A b/\xC3\xA4",
					   "/${unit}",
					   "/x-${unit}/${team}.",
					   "/$/a$b/{x}",
					   "platform",
					   "app:crm",
					   "app:${team}",
					   "/...",
					   "/..a",
					   "app:a.b",
					   "/${unit}${team}",
					   "app:x:y",
					   "access-group:finance",
					   "access-group:${unit} ${team}"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		company->config.rule_count = 0;
		assert_accepted(add_rule(company, RULE_MATCH, TEAM, good[i], "Developer"));
	}
}

static void test_places_that_are_refused(void **state)
{
	struct company *company = *state;
	static const struct {
		const char *into, *why;
	} rows[] = {
	    {"", "into \"\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or \"access-group:NAME\""},
	    {"pay/api", "into \"pay/api\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
			"\"access-group:NAME\""},
	    {"access:x", "into \"access:x\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
			 "\"access-group:NAME\""},
	    {"Platform", "into \"Platform\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
			 "\"access-group:NAME\" (did you mean "
			 "\"platform\"?)"},
	    {"platform/x", "into \"platform/x\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
			   "\"access-group:NAME\""},
	    {"${unit}", "into \"${unit}\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
			"\"access-group:NAME\""},
	    {"//a", "into \"//a\" has an empty name: drop the spare \"/\", or name it"},
	    {"/a//b", "into \"/a//b\" has an empty name: drop the spare \"/\", or name it"},
	    {"/a/", "into \"/a/\" has an empty name: drop the spare \"/\", or name it"},
	    {"app:", "into \"app:\" has an empty name: drop the spare \"/\", or name it"},
	    {"/a/./b", "into \"/a/./b\": the name \".\" is \".\" or \"..\""},
	    {"/..", "into \"/..\": the name \"..\" is \".\" or \"..\""},
	    {"app:..", "into \"app:..\": the name \"..\" is \".\" or \"..\""},
	    {"access-group:", "into \"access-group:\" has an empty name: drop the spare \"/\", or name it"},
	    {"access-group:${unit}/x",
	     "into \"access-group:${unit}/x\": the name of an access group cannot hold a \"/\""},
	    {"app:a/b", "into \"app:a/b\": the name of an app cannot hold a \"/\""},
	    {"app:${unit}/${team}", "into \"app:${unit}/${team}\": the name of an app cannot hold a \"/\""},
	    {"/${unit", "into: \"${unit\" does not name a capture: write ${name}"},
	    {"/a${}", "into: \"${}\" does not name a capture: write ${name}"},
	    {"/${a b}", "into: \"${a b}\" does not name a capture: write ${name}"},
	    {"/${tean}", "into names \"tean\", which is no capture of the regular expression (did you mean \"team\"?)"},
	    {"/${something}", "into names \"something\", which is no capture of the regular expression"},
	    {"/\xFF", "into is not UTF-8"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		company->config.rule_count = 0;
		assert_refused(add_rule(company, RULE_MATCH, TEAM, rows[i].into, "Developer"), rows[i].why);
	}
}

static void test_control_characters_and_long_names_in_into_are_refused(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, TEAM, "", "Developer");
	char into[103] = "/";
	struct error err = {0};

	memset(into + 1, 'a', 100);
	rule->into = into;
	assert_accepted(rule);
	into[101] = 'a';
	assert_int_equal(check(rule, &err), -1);
	assert_true(text_ends_with(err.text, "aaa\" is longer than 100 characters"));
	rule->into = "/a\tb";
	assert_refused(rule, "into holds a control character");
	rule->into = "/a\t${team}";
	assert_refused(rule, "into holds a control character");
}

/* --- selectors ------------------------------------------------------------------------------------------------- */

static void test_empty_selectors_are_named(void **state)
{
	struct company *company = *state;

	assert_refused(add_rule(company, RULE_GROUP, "", "/a", "Developer"), "group is empty");
	assert_refused(add_rule(company, RULE_FILTER, "", "/a", "Developer"), "filter is empty");
	assert_refused(add_rule(company, RULE_MATCH, "", "/a", "Developer"), "match is empty");
	assert_refused(add_rule(company, RULE_SUBTREE, "", "/a", "Developer"), "subtree is empty");
	assert_refused(add_rule(company, RULE_USERS, "", "/a", "Developer"), "users is empty");
}

static void test_match_needs_an_attribute_a_tilde_and_an_expression(void **state)
{
	struct company *company = *state;
	static const struct {
		const char *select, *why;
	} rows[] = {
	    {"^a$", "match \"^a$\" is not of the form: attribute ~ regular expression"},
	    {"~ a", "match \"~ a\" is not of the form: attribute ~ regular expression"},
	    {"cn = a", "match \"cn = a\" is not of the form: attribute ~ regular expression"},
	    {"common name ~ a", "match \"common name ~ a\" is not of the form: attribute ~ regular expression"},
	    {"cn ~", "match \"cn ~\" has no regular expression"},
	    {"cn ~  ", "match \"cn ~  \" has no regular expression"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		company->config.rule_count = 0;
		assert_refused(add_rule(company, RULE_MATCH, rows[i].select, "/a", "Developer"), rows[i].why);
	}
	company->config.rule_count = 0;
	assert_accepted(add_rule(company, RULE_MATCH, " cn;lang-de~a", "/a", "Developer"));
	assert_accepted(add_rule(company, RULE_MATCH, "2.5.4.3 ~ a ~ b", "/a", "Developer"));
}

static void test_wrong_expressions_and_filters_say_where(void **state)
{
	struct company *company = *state;
	struct error err = {0};

	assert_int_equal(check(add_rule(company, RULE_MATCH, "cn ~ a(b", "/a", "Developer"), &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_non_null(strstr(err.text, "\"a(b\""));
	assert_non_null(strstr(err.text, "column 4"));
	assert_int_equal(check(add_rule(company, RULE_MATCH, "cn ~ (*UTF)a", "/a", "Developer"), &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_int_equal(check(add_rule(company, RULE_USERS, "(cn~=a)", "/a", "Developer"), &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_true(text_starts_with(err.text, "filter \"(cn~=a)\", column "));
	assert_int_equal(check(add_rule(company, RULE_FILTER, "(cn=a", "/a", "Developer"), &err), -1);
	assert_true(text_starts_with(err.text, "filter \"(cn=a\", column "));
}

static void test_group_and_subtree_need_a_dn(void **state)
{
	struct company *company = *state;
	struct error err = {0};

	assert_int_equal(check(add_rule(company, RULE_GROUP, "CN=a,,DC=x", "/a", "Developer"), &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_true(text_starts_with(err.text, "group: \"CN=a,,DC=x\" is not a DN"));
	assert_int_equal(check(add_rule(company, RULE_SUBTREE, "/a/b", "/a", "Developer"), &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_true(text_starts_with(err.text, "subtree: \"/a/b\" is not a DN"));
	assert_refused(add_rule(company, RULE_GROUP, "/\xFF", "/a", "Developer"), "group is not UTF-8");
	assert_accepted(add_rule(company, RULE_GROUP, "/a=b/c", "/a", "Developer"));
	assert_accepted(add_rule(company, RULE_GROUP, "developers", "/a", "Developer"));
}

static void test_subtree_goes_into_the_tree(void **state)
{
	struct company *company = *state;

	assert_refused(add_rule(company, RULE_SUBTREE, "ou=a", "platform", "Developer"),
		       "a subtree becomes branches of the group tree: into must be a /path, not \"platform\"");
}

static void test_max_depth_is_for_subtree_rules(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_SUBTREE, "ou=a", "/a", "Developer");

	rule->max_depth = 4;
	assert_accepted(rule);
	rule->max_depth = -1;
	assert_refused(rule, "max_depth must not be negative (0 is unlimited)");
	rule->max_depth = 4;
	rule->selector = RULE_GROUP;
	assert_refused(rule, "max_depth means something for subtree rules only");
}

static void test_captures_need_a_match_rule(void **state)
{
	struct company *company = *state;

	assert_refused(add_rule(company, RULE_USERS, "(cn=a)", "/${unit}", "Developer"),
		       "into names the capture \"unit\", but only a match rule has captures");
	assert_refused(add_rule(company, RULE_SUBTREE, "ou=a", "/${unit}", "Developer"),
		       "into names the capture \"unit\", but only a match rule has captures");
}

/* --- roles ----------------------------------------------------------------------------------------------------- */

static void test_a_rule_gives_exactly_one_thing(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, TEAM, "/a", "");
	static const char one[] = "only one of role, role_by and admin can be set";

	assert_refused(rule, "gives nothing: set role, role_by with a role map, or admin: true");
	rule->admin = true;
	assert_accepted(rule);
	rule->role = "Developer";
	assert_refused(rule, one);
	set_role_map(company, rule, "team", "a", "Developer", NULL);
	assert_refused(rule, one);
	rule->admin = false;
	assert_accepted(rule);
	rule->role = "Developer";
	assert_refused(rule, one);
}

static void test_admin_needs_a_group(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, TEAM, "app:crm", "");

	rule->admin = true;
	assert_refused(rule, "admin makes administrators of groups: into must be a /path, not \"app:crm\"");
	rule->into = "access-group:finance";
	assert_refused(rule,
		       "admin makes administrators of groups: into must be a /path, not \"access-group:finance\"");
}

static void test_role_maps_are_whole(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, TEAM, "/a", "");

	set_role_map(company, rule, "team", "devs", "Developer", "DEVS", "Administrator", NULL);
	assert_refused(rule, "the role map has \"DEVS\" twice (case is ignored)");
	set_role_map(company, rule, "team", "devs", "", NULL);
	assert_refused(rule, "the role map gives no role for \"devs\"");
	set_role_map(company, rule, "team", "\xFF", "Developer", NULL);
	assert_refused(rule, "the role map has a value that is not UTF-8");
	set_role_map(company, rule, "team", NULL);
	assert_refused(rule, "role_by needs a role map: role: { value: \"Role\" }");
	set_role_map(company, rule, "", "devs", "Developer", NULL);
	assert_refused(rule, "the role map needs role_by, the name of the capture that chooses from it");
	set_role_map(company, rule, "something", "devs", "Developer", NULL);
	assert_refused(rule, "role_by names \"something\", which is no capture of the regular expression");
	set_role_map(company, rule, "teams", "devs", "Developer", NULL);
	assert_refused(
	    rule, "role_by names \"teams\", which is no capture of the regular expression (did you mean \"team\"?)");
	rule->selector = RULE_FILTER;
	rule->select = "(cn=a)";
	assert_refused(rule, "role_by names the capture \"teams\", but only a match rule has captures");
}

static void assert_faults(struct company *company, const struct rule_config *rule, const char *want)
{
	struct rule_faults faults;

	rules_check(rule, company->arena, &faults);
	str_clear(&company->answer);
	for (size_t i = 0; i < faults.count; i++)
		str_printf(&company->answer, "%s: %s\n", faults.items[i].key, faults.items[i].text);
	assert_string_equal(str_text(&company->answer), want);
}

static void test_everything_wrong_with_a_rule_is_said_at_once(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_MATCH, "cn ~ a(b", "platfrom", "");

	rule->max_depth = 2;
	assert_faults(company, rule,
		      "into: into \"platfrom\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
		      "\"access-group:NAME\" (did "
		      "you mean \"platform\"?)\n"
		      "match: regular expression \"a(b\": missing closing parenthesis at column 4\n"
		      "role: gives nothing: set role, role_by with a role map, or admin: true\n"
		      "max_depth: max_depth means something for subtree rules only\n");
	set_role_map(company, rule, "none", "a", "", "b", "Developer", "B", "Developer", NULL);
	rule->select = TEAM;
	rule->into = "/${x}/${team}/${y}";
	rule->max_depth = 0;
	assert_faults(company, rule,
		      "into: into names \"x\", which is no capture of the regular expression\n"
		      "into: into names \"y\", which is no capture of the regular expression\n"
		      "role_by: role_by names \"none\", which is no capture of the regular expression\n"
		      "role: the role map gives no role for \"a\"\n"
		      "role: the role map has \"B\" twice (case is ignored)\n");
}

/* A broken expression has no captures a name could be missing among. */
static void test_what_depends_on_a_fault_is_not_judged(void **state)
{
	struct company *company = *state;
	struct rule_config *rule = add_rule(company, RULE_SUBTREE, "ou=a", "x", "");

	rule->admin = true;
	assert_faults(company, rule,
		      "into: into \"x\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
		      "\"access-group:NAME\"\n");
	rule->flaws = RULE_FLAW_INTO;
	assert_faults(company, rule, "");
	rule = add_rule(company, RULE_MATCH, "(", "/${x}", "");
	rule->flaws = RULE_FLAW_SELECT | RULE_FLAW_ROLE;
	assert_faults(company, rule, "");
}

/* --- all rules ------------------------------------------------------------------------------------------------- */

static void test_the_first_wrong_rule_is_named_with_its_place(void **state)
{
	struct company *company = *state;
	struct rules *rules = NULL;
	struct error err = {0};

	add_rule(company, RULE_MATCH, TEAM, "/a", "Developer");
	add_rule(company, RULE_MATCH, TEAM, "/a/", "Developer")->source = "sso";
	add_rule(company, RULE_USERS, "", "/a", "Developer");
	add_rule(company, RULE_GROUP, "", "/a", "Developer");
	assert_int_equal(rules_compile(&company->config, "corp", company->arena, &rules, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_string_equal(err.text, "rosterd.conf:12: rule three: users is empty");
	assert_null(rules);
}

static void test_no_rules_match_nothing(void **state)
{
	struct company *company = *state;
	struct rules *none = NULL;

	assert_string_equal(answer(company, group_named(company, "a")), "");
	rules_free(&none);
	assert_null(none);
}

static void collect(const char *name, void *context)
{
	str_printf(context, "%s ", name);
}

static const char *attributes_of(struct company *company, const struct rule_config *rule)
{
	struct error err = {0};

	str_clear(&company->answer);
	if (rules_attributes(rule, collect, &company->answer, &err) != 0)
		fail_msg("%s", err.text);
	return str_text(&company->answer);
}

static void test_attributes_that_rules_read(void **state)
{
	struct company *company = *state;
	struct rule_config *wrong = add_rule(company, RULE_FILTER, "(cn", "/a", "Developer");
	struct error err = {0};

	assert_string_equal(attributes_of(company, add_rule(company, RULE_MATCH, "ou ~ a", "/a", "D")), "ou ");
	assert_string_equal(attributes_of(company, add_rule(company, RULE_USERS, "(&(a=1)(!(b=*)))", "/a", "D")),
			    "a b ");
	assert_string_equal(attributes_of(company, add_rule(company, RULE_GROUP, "cn=a", "/a", "D")), "");
	assert_string_equal(attributes_of(company, add_rule(company, RULE_SUBTREE, "ou=a", "/a", "D")), "");
	assert_int_equal(rules_attributes(wrong, collect, &company->answer, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPANY_TEST(test_places_that_are_good),
	    COMPANY_TEST(test_places_that_are_refused),
	    COMPANY_TEST(test_control_characters_and_long_names_in_into_are_refused),
	    COMPANY_TEST(test_empty_selectors_are_named),
	    COMPANY_TEST(test_match_needs_an_attribute_a_tilde_and_an_expression),
	    COMPANY_TEST(test_wrong_expressions_and_filters_say_where),
	    COMPANY_TEST(test_group_and_subtree_need_a_dn),
	    COMPANY_TEST(test_subtree_goes_into_the_tree),
	    COMPANY_TEST(test_max_depth_is_for_subtree_rules),
	    COMPANY_TEST(test_captures_need_a_match_rule),
	    COMPANY_TEST(test_a_rule_gives_exactly_one_thing),
	    COMPANY_TEST(test_admin_needs_a_group),
	    COMPANY_TEST(test_role_maps_are_whole),
	    COMPANY_TEST(test_everything_wrong_with_a_rule_is_said_at_once),
	    COMPANY_TEST(test_what_depends_on_a_fault_is_not_judged),
	    COMPANY_TEST(test_the_first_wrong_rule_is_named_with_its_place),
	    COMPANY_TEST(test_no_rules_match_nothing),
	    COMPANY_TEST(test_attributes_that_rules_read),
	};

	return cmocka_run_group_tests_name("rules compile", tests, NULL, NULL);
}
