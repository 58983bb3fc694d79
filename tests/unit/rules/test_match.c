/* SPDX-License-Identifier: Apache-2.0 */
#include "company.h"

#define TEAM "cn ~ ^(?<unit>[^-]*)-(?<team>.*)-(?<kind>[a-z]+)$"

/* The rule of the manual: a group per unit, team and kind. */
static struct rule_config *add_team_rule(struct company *company)
{
	struct rule_config *rule = add_rule(company, RULE_MATCH, TEAM, "/${unit}/${team}", "");

	set_role_map(company, rule, "kind", "admins", "Administrator", "Devs", "Developer", NULL);
	return rule;
}

static const char *team_answer(struct company *company, const char *cn)
{
	return answer(company, group_named(company, cn));
}

/* --- group, filter, users -------------------------------------------------------------------------------------- */

static void test_group_is_found_by_any_spelling_of_its_dn(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_GROUP, "CN=Platform Admins, OU=Groups,DC=corp", "platform", "Platform Administrator");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "cn=platform  admins,ou=GROUPS,dc=Corp")),
			    "one platform Platform Administrator\n");
	assert_string_equal(
	    answer(company, new_entry(company, ENTRY_GROUP, "2.5.4.3=Platform Admins,ou=groups,dc=corp")),
	    "one platform Platform Administrator\n");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "cn=admins,ou=groups,dc=corp")), "");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "not a dn")), "");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "")), "");
}

static void test_group_of_a_source_without_dns_is_found_by_its_path(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_GROUP, "/Ops/On-Call", "/ops/prod", "Operator");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "/ops/on-call")),
			    "one /ops/prod Operator\n");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "/ops/on-call/")), "");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "/ops")), "");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "\xFF")), "");
}

static void test_filter_looks_at_groups_and_users_at_people(void **state)
{
	struct company *company = *state;
	struct entry *group = new_entry(company, ENTRY_GROUP, "cn=a,dc=x");
	struct entry *user = new_entry(company, ENTRY_USER, "uid=a,dc=x");
	struct entry *unit = new_entry(company, ENTRY_UNIT, "ou=a,dc=x");

	add_rule(company, RULE_FILTER, "(employeeType=contractor)", "/groups", "Contributor");
	add_rule(company, RULE_USERS, "(employeeType=contractor)", "/external", "Contributor");
	assert_string_equal(answer(company, user), "");
	add_value(company, group, "employeeType", "Contractor");
	add_value(company, user, "employeeType", "Contractor");
	add_value(company, unit, "employeeType", "Contractor");
	assert_string_equal(answer(company, group), "one /groups Contributor\n");
	assert_string_equal(answer(company, user), "two /external Contributor\n");
	assert_string_equal(answer(company, unit), "");
}

static void test_admin_rules_give_no_role(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ ^(?<unit>[a-z]+)-leads$", "/${unit}", "")->admin = true;
	assert_string_equal(team_answer(company, "pay-leads"), "one /pay (admin) [unit=pay]\n");
}

static void test_literal_names_keep_their_case(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ ^crm-(?<x>.*)$", "/Sales/CRM ${x}", "Developer");
	add_rule(company, RULE_MATCH, "cn ~ ^crm-.*$", "app:CRM", "App Owner");
	add_rule(company, RULE_MATCH, "cn ~ ^crm-.*$", "/", "Contributor");
	assert_string_equal(team_answer(company, "CRM-Web"),
			    "one /Sales/CRM web Developer [x=web]\ntwo app:CRM App Owner\nthree / Contributor\n");
}

/* --- match ----------------------------------------------------------------------------------------------------- */

static void test_captures_fill_the_anchor_and_choose_the_role(void **state)
{
	struct company *company = *state;

	add_team_rule(company);
	assert_string_equal(team_answer(company, "pay-api-devs"),
			    "one /pay/api Developer [unit=pay team=api kind=devs]\n");
	assert_string_equal(team_answer(company, "pay-api-admins"),
			    "one /pay/api Administrator [unit=pay team=api kind=admins]\n");
	assert_string_equal(team_answer(company, "pay-api-devs2"), "");
	assert_string_equal(answer(company, new_entry(company, ENTRY_GROUP, "cn=pay-api-devs,dc=x")), "");
}

static void test_values_are_folded_before_they_are_matched(void **state)
{
	struct company *company = *state;

	add_team_rule(company);
	assert_string_equal(team_answer(company, "PAY-Stra\xC3\x9F"
						 "e-DEVS"),
			    "one /pay/strasse Developer [unit=pay team=strasse kind=devs]\n");
	assert_string_equal(team_answer(company, "\xEF\xBC\xB0"
						 "ay-api-devs"), /* a fullwidth P */
			    "one /pay/api Developer [unit=pay team=api kind=devs]\n");
}

static void test_capitals_in_the_expression_match_too(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "CN ~ ^APP-(?<Name>[A-Z]+)$", "/${Name}", "Developer");
	assert_string_equal(team_answer(company, "app-Crm"), "one /crm Developer [Name=crm]\n");
}

static void test_expression_is_anchored(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ devs|ops", "/x", "Developer");
	assert_string_equal(team_answer(company, "devs"), "one /x Developer\n");
	assert_string_equal(team_answer(company, "ops"), "one /x Developer\n");
	assert_string_equal(team_answer(company, "devs-old"), "");
	assert_string_equal(team_answer(company, "no-devs"), "");
	assert_string_equal(team_answer(company, "devs\n"), "");
}

static void test_each_value_counts_and_equal_mappings_are_one(void **state)
{
	struct company *company = *state;
	struct entry *entry = group_named(company, "pay-api-devs");

	add_team_rule(company);
	add_value(company, entry, "cn", "unrelated");
	add_value(company, entry, "cn", "PAY-API-DEVS");
	add_value(company, entry, "cn", "pay-web-devs");
	add_value(company, entry, "cn", "pay-api-admins");
	assert_string_equal(answer(company, entry), "one /pay/api Developer [unit=pay team=api kind=devs]\n"
						    "one /pay/web Developer [unit=pay team=web kind=devs]\n"
						    "one /pay/api Administrator [unit=pay team=api kind=admins]\n");
}

static void test_many_values_are_all_kept(void **state)
{
	struct company *company = *state;
	struct entry *entry = new_entry(company, ENTRY_GROUP, "cn=g,dc=x");
	struct mappings found;

	add_rule(company, RULE_MATCH, "cn ~ ^t(?<n>[0-9]*)$", "/t/${n}", "Developer");
	for (int i = 0; i < COMPANY_VALUES; i++)
		add_value(company, entry, "cn", i % 2 ? "t" : arena_printf(company->arena, "t%d", i));
	rules_match(company_rules(company), entry, company->arena, &found);
	assert_int_equal(found.count, COMPANY_VALUES / 2);
	assert_int_equal(found.problem_count, COMPANY_VALUES / 2);
	for (int i = 0; i < COMPANY_VALUES / 2; i++) {
		assert_string_equal(found.items[i].anchor, arena_printf(company->arena, "/t/%d", 2 * i));
		assert_ptr_equal(found.problems[i].rule, &company->rules[0]);
	}
}

/* --- names that climb ------------------------------------------------------------------------------------------ */

static void test_captures_that_are_no_names_are_refused(void **state)
{
	struct company *company = *state;
	static const struct {
		const char *cn, *why;
	} rows[] = {
	    {"-api-devs", "one! cn \"-api-devs\": ${unit} \"\" is empty\n"},
	    {"pay-.-devs", "one! cn \"pay-.-devs\": ${team} \".\" is \".\" or \"..\"\n"},
	    {"pay-..-devs", "one! cn \"pay-..-devs\": ${team} \"..\" is \".\" or \"..\"\n"},
	    {"pay-\xE2\x80\xA5-devs", "one! cn \"pay-\xE2\x80\xA5-devs\": ${team} \"..\" is \".\" or \"..\"\n"},
	    {"pay-a/b-devs", "one! cn \"pay-a/b-devs\": ${team} \"a/b\" holds a \"/\"\n"},
	    {"pay-a\xEF\xBC\x8F"
	     "b-devs",
	     "one! cn \"pay-a\xEF\xBC\x8F"
	     "b-devs\": ${team} \"a/b\" holds a \"/\"\n"},
	    {"pay-\xE2\x84\x80-devs", "one! cn \"pay-\xE2\x84\x80-devs\": ${team} \"a/c\" holds a \"/\"\n"},
	    {"pay-a\tb-devs", "one! cn \"pay-a\\x09b-devs\": ${team} \"a\\x09b\" holds a control character\n"},
	    {"pay-a\xC2\x85"
	     "b-devs",
	     "one! cn \"pay-a\\xC2\\x85"
	     "b-devs\": ${team} \"a\\xC2\\x85"
	     "b\" holds a control character\n"},
	};

	add_team_rule(company);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(team_answer(company, rows[i].cn), rows[i].why);
}

static void test_separators_of_lines_and_paragraphs_are_control_characters(void **state)
{
	struct company *company = *state;

	add_team_rule(company);
	assert_non_null(
	    strstr(team_answer(company, "pay-a\xE2\x80\xA8-devs"), "\\xE2\\x80\\xA8\" holds a control character"));
	assert_non_null(
	    strstr(team_answer(company, "pay-a\xE2\x80\xA9-devs"), "\\xE2\\x80\\xA9\" holds a control character"));
	assert_string_equal(team_answer(company, "pay-a\xE2\x80\xA7-devs"),
			    "one /pay/a\xE2\x80\xA7 Developer [unit=pay team=a\xE2\x80\xA7 kind=devs]\n");
}

static void test_long_values_are_cut_at_a_whole_character(void **state)
{
	struct company *company = *state;
	struct str cn = {0};

	add_rule(company, RULE_MATCH, "cn ~ ^(?<x>.*)$", "/${x}", "Developer");
	str_add(&cn, "x");
	for (int i = 0; i < 150; i++)
		str_add(&cn, "\xC3\xA4");
	team_answer(company, str_text(&cn));
	assert_non_null(strstr(str_text(&company->answer), "\xC3\xA4...\": ${x}"));
	assert_true(text_is_valid(company->answer.data, company->answer.size));
	str_free(&cn);
}

static void test_names_of_dots_and_more_are_names(void **state)
{
	struct company *company = *state;

	add_team_rule(company);
	assert_string_equal(team_answer(company, "...-..a-devs"),
			    "one /.../..a Developer [unit=... team=..a kind=devs]\n");
}

static void test_a_name_of_100_characters_is_kept_and_101_refused(void **state)
{
	struct company *company = *state;
	struct str cn = {0};

	add_rule(company, RULE_MATCH, "cn ~ ^(?<x>.*)$", "/${x}", "Developer");
	for (int i = 0; i < 100; i++)
		str_add(&cn, "\xC3\xA4");
	assert_true(text_starts_with(team_answer(company, str_text(&cn)), "one /\xC3\xA4"));
	str_add(&cn, "\xC3\xA4");
	assert_true(text_starts_with(team_answer(company, str_text(&cn)), "one! cn \"\xC3\xA4"));
	assert_non_null(strstr(str_text(&company->answer), "\xC3\xA4...\" is longer than 100 characters\n"));
	str_free(&cn);
}

static void test_a_name_too_long_only_as_a_whole_is_refused(void **state)
{
	struct company *company = *state;
	char cn[201];

	memset(cn, 'a', sizeof(cn) - 1);
	cn[sizeof(cn) - 1] = '\0';
	cn[80] = '-';
	add_rule(company, RULE_MATCH, "cn ~ ^(?<x>a+)-(?<y>a+)$", "/${x}", "Developer");
	add_rule(company, RULE_MATCH, "cn ~ ^(?<x>a+)-(?<y>a{20})a*$", "/${x}${y}", "Developer");
	add_rule(company, RULE_MATCH, "cn ~ ^(?<x>a+)-(?<y>a{21})a*$", "app:${x}${y}", "Developer");
	answer(company, group_named(company, cn));
	assert_true(text_starts_with(str_text(&company->answer), "one /aaa"));
	assert_non_null(strstr(str_text(&company->answer), "\ntwo /aaa"));
	assert_non_null(strstr(str_text(&company->answer), "\nthree! cn \"aaa"));
	assert_non_null(strstr(str_text(&company->answer), "aaa\" is longer than 100 characters\n"));
}

static void test_a_capture_nobody_uses_may_be_anything(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ ^(?<x>[a-z]+)/?(?<rest>.*)$", "/${x}", "Developer");
	assert_string_equal(team_answer(company, "a"), "one /a Developer [x=a rest=]\n");
	assert_string_equal(team_answer(company, "a/../\t"), "one /a Developer [x=a rest=../\\x09]\n");
}

/* --- problems -------------------------------------------------------------------------------------------------- */

static void test_unmapped_role_value_is_a_problem_beside_good_values(void **state)
{
	struct company *company = *state;
	struct entry *entry = group_named(company, "pay-api-owners");

	add_team_rule(company);
	add_value(company, entry, "cn", "pay-api-devs");
	assert_string_equal(answer(company, entry),
			    "one /pay/api Developer [unit=pay team=api kind=devs]\n"
			    "one! cn \"pay-api-owners\": ${kind} \"owners\" is not in the role map\n");
}

static void test_capture_that_took_no_part_is_a_problem(void **state)
{
	struct company *company = *state;
	struct rule_config *rule;

	add_rule(company, RULE_MATCH, "cn ~ ^a(-(?<x>.+))?$", "/a/${x}", "Developer");
	rule = add_rule(company, RULE_MATCH, "cn ~ ^a(-(?<x>.+))?$", "/a", "");
	set_role_map(company, rule, "x", "b", "Developer", NULL);
	assert_string_equal(team_answer(company, "a-b"), "one /a/b Developer [x=b]\ntwo /a Developer [x=b]\n");
	assert_string_equal(team_answer(company, "a"), "one! cn \"a\": ${x} took no part in the match\n"
						       "two! cn \"a\": ${x} took no part in the match\n");
}

static void test_value_that_is_not_text_is_a_problem_not_a_match_of_its_beginning(void **state)
{
	struct company *company = *state;
	struct entry *entry = new_entry(company, ENTRY_GROUP, "cn=g,dc=x");

	add_rule(company, RULE_MATCH, "cn ~ ^admins$", "/a", "Administrator");
	add_bytes(company, entry, "cn", "admins\0x", 8);
	add_bytes(company, entry, "cn", "\xC3(", 2);
	assert_string_equal(answer(company, entry), "one! cn (not text, 8 bytes): a regular expression needs text\n"
						    "one! cn (not text, 2 bytes): a regular expression needs text\n");
}

static void test_expression_that_gives_up_is_a_problem_not_a_miss(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ ^(a+)+$", "/a", "Developer");
	assert_true(text_starts_with(team_answer(company, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
				     "one! cn \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\": "));
}

/* --- several rules --------------------------------------------------------------------------------------------- */

static void test_all_matching_rules_count_in_file_order(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ a.*", "/b", "Developer");
	add_rule(company, RULE_MATCH, "cn ~ .*c", "/a", "Developer");
	add_rule(company, RULE_MATCH, "cn ~ abc", "/b", "Developer");
	assert_string_equal(team_answer(company, "abc"), "one /b Developer\ntwo /a Developer\nthree /b Developer\n");
}

static void test_stop_ends_the_rules_only_where_it_matched(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ a.*", "/a", "Developer")->stop = true;
	add_rule(company, RULE_MATCH, "cn ~ .*", "/b", "Developer");
	assert_string_equal(team_answer(company, "abc"), "one /a Developer\n");
	assert_string_equal(team_answer(company, "xyz"), "two /b Developer\n");
}

static void test_stop_with_a_bad_capture_still_stops(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ a(?<x>.*)", "/${x}", "Developer")->stop = true;
	add_rule(company, RULE_MATCH, "cn ~ .*", "/b", "Developer");
	assert_string_equal(team_answer(company, "a"), "one! cn \"a\": ${x} \"\" is empty\n");
}

static void test_stop_that_cannot_be_decided_leaves_later_rules_as_they_were(void **state)
{
	struct company *company = *state;
	struct entry *entry = new_entry(company, ENTRY_GROUP, "cn=g,dc=x");

	add_bytes(company, entry, "cn", "\xFF", 1);
	add_rule(company, RULE_FILTER, "(cn=*)", "/first", "Developer");
	add_rule(company, RULE_MATCH, "cn ~ a", "/a", "Developer")->stop = true;
	add_rule(company, RULE_FILTER, "(cn=*)", "/b", "Developer");
	add_rule(company, RULE_FILTER, "(cn=other)", "/c", "Developer");
	add_rule(company, RULE_FILTER, "(cn=*)", "/d", "Developer")->stop = true;
	add_rule(company, RULE_FILTER, "(cn=*)", "/e", "Developer");
	assert_string_equal(answer(company, entry), "one /first Developer\n"
						    "two! cn (not text, 1 bytes): a regular expression needs text\n"
						    "three! rule two before it says stop and could not be evaluated\n"
						    "five! rule two before it says stop and could not be evaluated\n");
}

static void test_a_good_value_decides_a_stop_beside_an_undecidable_one(void **state)
{
	struct company *company = *state;
	struct entry *entry = new_entry(company, ENTRY_GROUP, "cn=g,dc=x");

	add_value(company, entry, "cn", "a");
	add_bytes(company, entry, "cn", "\xFF", 1);
	add_rule(company, RULE_MATCH, "cn ~ a", "/a", "Developer")->stop = true;
	add_rule(company, RULE_FILTER, "(cn=*)", "/b", "Developer");
	assert_string_equal(answer(company, entry),
			    "one /a Developer\none! cn (not text, 1 bytes): a regular expression needs text\n");
}

static void test_rules_of_other_sources_do_not_match(void **state)
{
	struct company *company = *state;

	add_rule(company, RULE_MATCH, "cn ~ .*", "/a", "Developer")->source = "sso";
	add_rule(company, RULE_MATCH, "cn ~ .*", "/b", "Developer")->source = "corp";
	add_rule(company, RULE_MATCH, "cn ~ .*", "/c", "Developer");
	assert_string_equal(team_answer(company, "x"), "two /b Developer\nthree /c Developer\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPANY_TEST(test_group_is_found_by_any_spelling_of_its_dn),
	    COMPANY_TEST(test_group_of_a_source_without_dns_is_found_by_its_path),
	    COMPANY_TEST(test_filter_looks_at_groups_and_users_at_people),
	    COMPANY_TEST(test_admin_rules_give_no_role),
	    COMPANY_TEST(test_literal_names_keep_their_case),
	    COMPANY_TEST(test_captures_fill_the_anchor_and_choose_the_role),
	    COMPANY_TEST(test_values_are_folded_before_they_are_matched),
	    COMPANY_TEST(test_capitals_in_the_expression_match_too),
	    COMPANY_TEST(test_expression_is_anchored),
	    COMPANY_TEST(test_each_value_counts_and_equal_mappings_are_one),
	    COMPANY_TEST(test_many_values_are_all_kept),
	    COMPANY_TEST(test_captures_that_are_no_names_are_refused),
	    COMPANY_TEST(test_separators_of_lines_and_paragraphs_are_control_characters),
	    COMPANY_TEST(test_long_values_are_cut_at_a_whole_character),
	    COMPANY_TEST(test_names_of_dots_and_more_are_names),
	    COMPANY_TEST(test_a_name_of_100_characters_is_kept_and_101_refused),
	    COMPANY_TEST(test_a_name_too_long_only_as_a_whole_is_refused),
	    COMPANY_TEST(test_a_capture_nobody_uses_may_be_anything),
	    COMPANY_TEST(test_unmapped_role_value_is_a_problem_beside_good_values),
	    COMPANY_TEST(test_capture_that_took_no_part_is_a_problem),
	    COMPANY_TEST(test_value_that_is_not_text_is_a_problem_not_a_match_of_its_beginning),
	    COMPANY_TEST(test_expression_that_gives_up_is_a_problem_not_a_miss),
	    COMPANY_TEST(test_all_matching_rules_count_in_file_order),
	    COMPANY_TEST(test_stop_ends_the_rules_only_where_it_matched),
	    COMPANY_TEST(test_stop_with_a_bad_capture_still_stops),
	    COMPANY_TEST(test_stop_that_cannot_be_decided_leaves_later_rules_as_they_were),
	    COMPANY_TEST(test_a_good_value_decides_a_stop_beside_an_undecidable_one),
	    COMPANY_TEST(test_rules_of_other_sources_do_not_match),
	};

	return cmocka_run_group_tests_name("rules match", tests, NULL, NULL);
}
