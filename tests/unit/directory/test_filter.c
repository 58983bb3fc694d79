/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct value classes[] = {TEXT("top"), TEXT("inetOrgPerson"), TEXT("posixAccount")};
static struct value cns[] = {TEXT("Ann  M\xC3\x9CLLER"), TEXT("\xFF\xFE")};
static struct value uids[] = {TEXT("ann")};
static struct value numbers[] = {TEXT("1000")};
static struct value managers[] = {TEXT("CN=Bob \\2C Jr, OU=People")};
static struct value logins[] = {TEXT("Ann")};
static struct value members[] = {TEXT("cn=a,o=x#'0101'B")};
static struct value broken[] = {TEXT("\xFF")};
static struct value stars[] = {TEXT("a*b(c)\\d"), TEXT("e\0f")};
static struct value negatives[] = {TEXT("-2147483646")};
static struct value types[] = {TEXT("internal")};
static struct value languages[] = {TEXT("ana")};
static struct attribute attributes[] = {
    ATTRIBUTE("objectClass", classes),
    ATTRIBUTE("cn", cns),
    ATTRIBUTE("uid", uids),
    ATTRIBUTE("uidNumber", numbers),
    ATTRIBUTE("manager", managers),
    ATTRIBUTE("memberUid", logins),
    ATTRIBUTE("uniqueMember", members),
    ATTRIBUTE("title", broken),
    ATTRIBUTE("description", stars),
    ATTRIBUTE("groupType", negatives),
    ATTRIBUTE("employeeType", types),
    ATTRIBUTE("sn;lang-es", languages),
    {"none", NULL, 0},
};
static const struct entry ann = {
    .dn = "uid=ann,ou=People", .attributes = attributes, .attribute_count = COUNT(attributes)};

static struct filter *parsed(const char *text, struct arena *arena)
{
	struct error err = {0};
	struct filter *filter = NULL;

	if (filter_parse(text, arena, &filter, &err) < 0)
		fail_msg("%s", err.text);
	return filter;
}

static void assert_matching(const char *const filters[], size_t count, bool expected)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < count; i++)
		if (filter_matches(parsed(filters[i], arena), &ann) != expected)
			fail_msg("%s %s", filters[i], expected ? "does not match" : "matches");
	arena_free(&arena);
}

#define ASSERT_ALL_MATCH(...)                                                                                          \
	do {                                                                                                           \
		static const char *const filters[] = {__VA_ARGS__};                                                    \
		assert_matching(filters, COUNT(filters), true);                                                        \
	} while (0)
#define ASSERT_NONE_MATCH(...)                                                                                         \
	do {                                                                                                           \
		static const char *const filters[] = {__VA_ARGS__};                                                    \
		assert_matching(filters, COUNT(filters), false);                                                       \
	} while (0)

static void equality_ignores_case_and_white_space(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(uid=ANN)", "(UID= ann )", "(cn=ann m\xC3\xBCller)", "(cn=ANN M\\c3\\9cLLER)",
			 "(objectclass=InetOrgPerson)", " ( uid=ann ) ");
	ASSERT_NONE_MATCH("(uid=ann.)", "(uid=an)", "(uid=)", "(cn=annm\xC3\xBCller)");
}

static void exact_attributes_compare_octets(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(memberUid=Ann)", "(memberUid=A*n)", "(memberuid=*)");
	ASSERT_NONE_MATCH("(memberUid=ann)", "(memberUid= Ann)", "(memberUid=a*)");
}

static void integers_compare_as_numbers(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(uidNumber>=999)", "(uidNumber>=1000)", "(uidNumber<=1000)",
			 "(uidNumber<=99999999999999999999)", "(uidNumber=01000)", "(groupType=-2147483646)",
			 "(groupType<=-2147483645)", "(groupType<=0)", "(groupType>=-99999999999)", "(uidNumber>=-5)",
			 "(uidNumber>=-0)");
	ASSERT_NONE_MATCH("(uidNumber>=1001)", "(uidNumber<=999)", "(uidNumber<=-1000)", "(groupType>=0)",
			  "(groupType<=-2147483647)");
}

static void texts_have_an_order(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(uid>=AMY)", "(uid<=ann)", "(uid<=anna)", "(uid>=an)");
	ASSERT_NONE_MATCH("(uid>=anna)", "(uid<=an)", "(uid>=bob)");
}

static void dns_compare_in_canonical_form(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(manager=cn=bob \\5c, jr,ou=people)", "(manager=2.5.4.3=\"Bob , JR\";OU=People)",
			 "(uniqueMember=CN=A, O=X)", "(uniqueMember=cn=a,o=x#'1'B)", "(manager=*)");
	ASSERT_NONE_MATCH("(manager=cn=bob,ou=people)", "(uniqueMember=cn=a,o=x#'2'B)", "(uniqueMember=cn=a)");
}

static void substrings_match_in_order_without_overlap(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(uid=a*)", "(uid=*n)", "(uid=*N*)", "(uid=a*n)", "(uid=a*n*n)", "(uid=ann*)", "(uid=*ann)",
			 "(cn=ann *)", "(cn=Ann  m*R)", "(cn=* m*l*l*)", "(objectClass=posix*)", "(uid=**)",
			 "(uid=a**n)", "(description=*\\2a*\\28*)");
	ASSERT_NONE_MATCH("(uid=n*)", "(uid=*a)", "(uid=an*nn)", "(uid=ann*n)", "(uid=a*n*n*n)", "(uid=*nna*)",
			  "(uid=ann *)", "(uid=ann*ann)", "(cn=annm*)");
}

static void escapes_stand_for_octets(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(description=a\\2ab\\28c\\29\\5cd)", "(description=a\\2Ab\\28C\\29\\5CD)",
			 "(description=e\\00f)");
	ASSERT_NONE_MATCH("(description=a\\2ab)", "(description=e)");
}

static void presence_is_true_or_false_but_never_undefined(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(uid=*)", "(!(mail=*))", "(!(none=*))", "(title=*)");
	ASSERT_NONE_MATCH("(mail=*)", "(none=*)", "(!(uid=*))");
}

static void options_are_part_of_the_name(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(sn;lang-es=ana)", "(!(sn=*))");
}

static void comparison_with_an_absent_attribute_is_false(void **state)
{
	(void)state;
	ASSERT_NONE_MATCH("(mail=x)", "(none=x)", "(mail>=x)", "(mail=x*)", "(!(!(mail=x)))");
	ASSERT_ALL_MATCH("(!(mail=x))", "(!(none=x))", "(!(mail=x*))", "(!(|(mail=x)(uid=bob)))",
			 "(!(&(mail=x)(uid=ann)))");
}

static void undefined_passes_through_and_and_or(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(|(title=x)(uid=ann))", "(!(&(title=x)(uid=bob)))", "(|(uid=ann)(title=x))");
	ASSERT_NONE_MATCH("(&(title=x)(uid=ann))", "(!(&(title=x)(uid=ann)))", "(|(title=x)(uid=bob))",
			  "(!(|(title=x)(uid=bob)))", "(!(|(title=x)(uid=ann)))");
}

static void a_value_that_cannot_be_read_is_undefined(void **state)
{
	(void)state;
	ASSERT_NONE_MATCH("(title=x)", "(!(title=x))", "(!(cn=bob))");
}

static void and_or_and_not_combine(void **state)
{
	(void)state;
	ASSERT_ALL_MATCH("(&(uid=ann)(uidNumber=1000))", "(|(uid=bob)(uid=ann))", "(!(uid=bob))", "(&)",
			 "(&(uid=ann)(|(uid=x)(!(&(uid=ann)(uid=bob)))))", "(!(|))", "(& (uid=ann)\n  (uid=*) )",
			 "(!(uid=bob) )");
	ASSERT_NONE_MATCH("(&(uid=ann)(uid=bob))", "(|(uid=bob)(uid=eve))", "(!(uid=ann))", "(|)", "(!(&))");
}

static void assert_refused(const char *text, const char *message)
{
	struct arena *arena = arena_new();
	struct filter *filter = NULL;
	struct error err = {0};
	char expected[512];

	assert_int_equal(filter_parse(text, arena, &filter, &err), -1);
	assert_null(filter);
	assert_int_equal(err.class, ERR_CONFIG);
	snprintf(expected, sizeof(expected), "filter \"%s\", column %s", text, message);
	assert_string_equal(err.text, expected);
	arena_free(&arena);
}

static void faults_are_named_with_their_column(void **state)
{
	(void)state;
	assert_refused("", "1: expected (");
	assert_refused("uid=ann", "1: expected (");
	assert_refused("(uid=ann", "9: expected )");
	assert_refused("(uid=ann))", "10: the filter should end here");
	assert_refused("(uid=ann)(uid=bob)", "10: the filter should end here");
	assert_refused("(&(uid=ann)", "12: expected )");
	assert_refused("(&(uid=ann)x)", "12: expected )");
	assert_refused("()", "2: an attribute name is missing");
	assert_refused("(=x)", "2: an attribute name is missing");
	assert_refused("(;x=y)", "2: an attribute name is missing");
	assert_refused("(uid)", "5: expected =, >= or <= behind the attribute name");
	assert_refused("(uid>x)", "6: expected =, >= or <= behind the attribute name");
	assert_refused("(u d=x)", "3: expected =, >= or <= behind the attribute name");
	assert_refused("(!)", "3: expected ( behind !");
	assert_refused("(!(a=b)(c=d))", "8: ! takes one filter only");
	assert_refused("(a=\\2)", "4: a \\ must be followed by two hexadecimal digits");
	assert_refused("(a=\\zz)", "4: a \\ must be followed by two hexadecimal digits");
	assert_refused("(a=x\\", "5: a \\ must be followed by two hexadecimal digits");
	assert_refused("(a=b(c)", "5: a ( in a value is written \\28");
	assert_refused("(a>=b*)", "6: a * is written \\2a behind >=, <=, ~= and :=");
	assert_refused("(a=\\ff)", "4: the value is not UTF-8");
	assert_refused("(a=b*\\ff)", "6: the value is not UTF-8");
}

static void what_a_server_compares_is_taken_for_one(void **state)
{
	static const char *const good[] = {"(userAccountControl:1.2.840.113556.1.4.803:=2)",
					   "(&(objectClass=user)(!(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=x)))",
					   "(ou:dn:=people)", "(cn~=ann)"};
	static const char *const bad[] = {"(cn:dn=ann)x", "(cn:dn:ann)", "(cn~ann)", "cn=ann", "(cn:=a*)"};
	struct arena *arena = arena_new();
	struct entry nobody = {0};
	struct filter *filter;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(filter_parse_for_server(good[i], arena, &filter, NULL), 0);
		assert_false(filter_matches(filter, &nobody));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(filter_parse_for_server(bad[i], arena, &filter, NULL), -1);
	arena_free(&arena);
}

static void what_roster_cannot_compare_is_refused(void **state)
{
	(void)state;
	assert_refused("(cn~=ann)", "4: approximate matching (~=) is not supported, use = with * instead");
	assert_refused("(cn:dn:=ann)", "4: extensible matching (:=) is not supported");
	assert_refused("(userAccountControl:1.2.840.113556.1.4.803:=2)",
		       "20: extensible matching (:=) is not supported");
	assert_refused("(member=cn=a*)", "9: DNs and integers cannot be compared in part, only as a whole");
	assert_refused("(uidNumber=1*)", "12: DNs and integers cannot be compared in part, only as a whole");
	assert_refused("(uidNumber=x)", "12: this attribute is compared with an integer");
	assert_refused("(uidNumber=-)", "12: this attribute is compared with an integer");
	assert_refused("(uidNumber=)", "12: this attribute is compared with an integer");
	assert_refused("(member=ann)", "9: this attribute is compared with a DN");
	assert_refused("(member>=cn=a)", "10: DNs have no order");
}

static void depth_is_limited(void **state)
{
	struct arena *arena = arena_new();
	struct filter *filter = NULL;
	struct error err = {0};
	struct str text = {0};

	(void)state;
	for (int i = 0; i < 63; i++)
		str_add(&text, "(!");
	str_add(&text, "(uid=ann)");
	for (int i = 0; i < 63; i++)
		str_add(&text, ")");
	assert_false(filter_matches(parsed(text.data, arena), &ann));
	str_clear(&text);
	for (int i = 0; i < 100000; i++)
		str_add(&text, "(!");
	assert_int_equal(filter_parse(text.data, arena, &filter, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	str_free(&text);
	arena_free(&arena);
}

static void siblings_do_not_count_as_depth(void **state)
{
	struct arena *arena = arena_new();
	struct str text = {0};

	(void)state;
	str_add(&text, "(|");
	for (int i = 0; i < 1000; i++)
		str_printf(&text, "(uid=user%d)", i);
	str_add(&text, "(uid=ann))");
	assert_true(filter_matches(parsed(text.data, arena), &ann));
	str_free(&text);
	arena_free(&arena);
}

static void assert_explained(const char *text, const char *words)
{
	struct arena *arena = arena_new();
	struct str out = {0};

	filter_explain(parsed(text, arena), &ann, &out);
	assert_string_equal(str_text(&out), words);
	str_free(&out);
	arena_free(&arena);
}

static void a_failing_leaf_is_explained_in_words(void **state)
{
	(void)state;
	assert_explained("(employeeType=contractor)", "employeeType is \"internal\", not \"contractor\"");
	assert_explained("(employeeType=con*)", "employeeType is \"internal\", not like \"con*\"");
	assert_explained("(uidNumber>=2000)", "uidNumber is \"1000\", not at least \"2000\"");
	assert_explained("(uidNumber<=5)", "uidNumber is \"1000\", not at most \"5\"");
	assert_explained("(mail=x)", "mail is absent");
	assert_explained("(mail=*)", "mail is absent");
	assert_explained("(title=x)", "title is 1 bytes that are not text, not \"x\"");
	assert_explained("(objectClass=group)",
			 "objectClass is \"top\", \"inetOrgPerson\", \"posixAccount\", not \"group\"");
}

static void the_nearest_failing_leaf_is_explained(void **state)
{
	(void)state;
	assert_explained("(&(uid=ann)(mail=*)(uid=bob))", "mail is absent");
	assert_explained("(|(&(uid=bob)(mail=*))(&(uid=ann)(uidNumber>=2000)))",
			 "uidNumber is \"1000\", not at least \"2000\"");
	assert_explained("(!(uid=ann))", "uid is \"ann\"");
	assert_explained("(!(mail=x))", "it matches");
	assert_explained("(!(|(uid=bob)(employeeType=internal)))", "employeeType is \"internal\"");
	assert_explained("(!(&(uid=ann)(uidNumber=1000)))", "uid is \"ann\"");
	assert_explained("(!(!(uid=bob)))", "uid is \"ann\", not \"bob\"");
	assert_explained("(|)", "nothing is asked for in (|)");
	assert_explained("(!(&))", "nothing is asked for in (&)");
	assert_explained("(uid=ann)", "it matches");
}

static void long_values_and_many_are_cut(void **state)
{
	static char umlauts[201];
	static struct value values[] = {{umlauts, 200}, TEXT("b"), TEXT("c"), TEXT("d"), TEXT("e")};
	static struct attribute many[] = {ATTRIBUTE("ou", values)};
	static const struct entry entry = {.dn = "", .attributes = many, .attribute_count = 1};
	struct arena *arena = arena_new();
	struct str out = {0};

	(void)state;
	umlauts[0] = 'x';
	for (size_t i = 1; i + 1 < 200; i += 2)
		memcpy(umlauts + i, "\xC3\xA4", 2);
	umlauts[199] = 'x';
	filter_explain(parsed("(ou=z)", arena), &entry, &out);
	assert_true(text_is_valid(out.data, out.size));
	assert_non_null(strstr(out.data, "\xC3\xA4...\", \"b\", \"c\" and 2 more, not \"z\""));
	assert_true(out.size < 140);
	str_free(&out);
	arena_free(&arena);
}

static void join(const char *name, void *context)
{
	str_printf(context, "%s ", name);
}

static void every_attribute_is_told(void **state)
{
	struct arena *arena = arena_new();
	struct str names = {0};

	(void)state;
	filter_attributes(parsed("(&(uid=a)(!(mail=*))(|(cn;lang-es=x*)(uid>=b)))", arena), join, &names);
	assert_string_equal(str_text(&names), "uid mail cn;lang-es uid ");
	str_free(&names);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equality_ignores_case_and_white_space),
	    cmocka_unit_test(exact_attributes_compare_octets),
	    cmocka_unit_test(integers_compare_as_numbers),
	    cmocka_unit_test(texts_have_an_order),
	    cmocka_unit_test(dns_compare_in_canonical_form),
	    cmocka_unit_test(substrings_match_in_order_without_overlap),
	    cmocka_unit_test(escapes_stand_for_octets),
	    cmocka_unit_test(presence_is_true_or_false_but_never_undefined),
	    cmocka_unit_test(options_are_part_of_the_name),
	    cmocka_unit_test(comparison_with_an_absent_attribute_is_false),
	    cmocka_unit_test(undefined_passes_through_and_and_or),
	    cmocka_unit_test(a_value_that_cannot_be_read_is_undefined),
	    cmocka_unit_test(and_or_and_not_combine),
	    cmocka_unit_test(faults_are_named_with_their_column),
	    cmocka_unit_test(what_a_server_compares_is_taken_for_one),
	    cmocka_unit_test(what_roster_cannot_compare_is_refused),
	    cmocka_unit_test(depth_is_limited),
	    cmocka_unit_test(siblings_do_not_count_as_depth),
	    cmocka_unit_test(a_failing_leaf_is_explained_in_words),
	    cmocka_unit_test(the_nearest_failing_leaf_is_explained),
	    cmocka_unit_test(long_values_and_many_are_cut),
	    cmocka_unit_test(every_attribute_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
