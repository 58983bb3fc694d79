/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void users_groups_and_units_are_told_apart(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.units.present = true;
	assert_complete(fixture,
			ANN "dn: cn=devs,o=x\nobjectClass: groupOfNames\nmember: cn=Ann,o=x\nentryUUID: " UUID(
			    2) "\n\n"
			       "dn: ou=pay,o=x\nobjectClass: organizationalUnit\nentryUUID: " UUID(
				   3) "\n\n"
				      "dn: o=x\nobjectClass: organization\n\n",
			ANN_SEEN
			"group " UUID(2) " <cn=devs,o=x> member=[cn=Ann,o=x]\nunit " UUID(3) " <ou=pay,o=x>\n");
	assert_int_equal(fixture->result.entries, 3);
	assert_int_equal(fixture->result.unreadable, 0);
	assert_int_equal(fixture->result.ignored, 1);
}

static void units_are_ignored_unless_wanted(void **state)
{
	struct fixture *fixture = *state;

	assert_complete(fixture, "dn: ou=pay,o=x\nobjectClass: organizationalUnit\nentryUUID: " UUID(3) "\n", "");
	assert_int_equal(fixture->result.ignored, 1);
}

static void users_come_before_groups_and_groups_before_units(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.units.present = true;
	assert_complete(fixture,
			"dn: cn=a\nobjectClass: organizationalUnit\nobjectClass: posixGroup\nobjectClass: person\n"
			"entryUUID: 1\n\ndn: cn=b\nobjectClass: organizationalUnit\nobjectClass: posixGroup\n"
			"entryUUID: 2\n",
			"user 1 <cn=a>\ngroup 2 <cn=b>\n");
}

static void bases_and_filters_decide(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.users.base = "OU = People, O=x";
	fixture->config.users.filter = "(&(objectClass=person)(employeeType=staff))";
	assert_complete(fixture,
			"dn: cn=a,ou=people,o=X\nobjectClass: person\nemployeeType: staff\nentryUUID: 1\n\n"
			"dn: cn=b,ou=people,o=x\nobjectClass: person\nemployeeType: guest\nentryUUID: 2\n\n"
			"dn: cn=c,o=x\nobjectClass: person\nemployeeType: staff\nentryUUID: 3\n",
			"user 1 <cn=a,ou=people,o=X>\n");
	assert_int_equal(fixture->result.ignored, 2);
}

static void only_configured_attributes_are_handed_on_and_never_secrets(void **state)
{
	assert_complete(*state,
			"dn: cn=a\nobjectClass: person\nCN: a\nsn: b\nmail: c\nmail: d\ncn;lang-de: e\n"
			"userPassword: geheim\nuserPassword;x-hash: f\nentryUUID: 1\n",
			"user 1 <cn=a> CN=[a] mail=[c][d]\n");
}

static void ids_are_canonical(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.groups.id = "gidNumber";
	assert_complete(fixture,
			"dn: cn=a\nobjectClass: person\nentryUUID: 00000000-0000-4000-8000-00000000000A\n\n"
			"dn: cn=b\nobjectClass: posixGroup\ngidNumber: 0100\n",
			"user 00000000-0000-4000-8000-00000000000a <cn=a>\ngroup 0100 <cn=b>\n");
}

static void a_record_without_id_is_named_with_the_cure(void **state)
{
	assert_incomplete(*state, ANN "dn: cn=b\nobjectClass: posixGroup\n",
			  ANN_SEEN "bad - :6 cn=b: it has no entryUUID, set attributes.id of the source's groups to an "
				   "attribute that all of them have and that never changes\n",
			  "the record at line 6 cannot be read and may be anybody's: it has no entryUUID, set "
			  "attributes.id of the source's groups to an attribute that all of them have and that never "
			  "changes");
	assert_incomplete(
	    *state, ANN "dn: cn=b\nobjectClass: person\nentryUUID: 1\nentryUUID: 2\n",
	    ANN_SEEN "bad - :6 cn=b: entryUUID has 2 values, an id has one\n",
	    "the record at line 6 cannot be read and may be anybody's: entryUUID has 2 values, an id has one");
}

static void an_id_that_stands_twice_counts_once(void **state)
{
	struct fixture *fixture = *state;

	assert_complete(fixture, ANN "dn: cn=b\nobjectClass: posixGroup\nentryUUID: " UUID(1) "\n",
			ANN_SEEN "bad - :6 cn=b: entryUUID " UUID(1) " stands in line 1 and again in line 6, the first "
								     "counts\n");
	assert_int_equal(fixture->result.entries, 1);
	assert_int_equal(fixture->result.unreadable, 1);
}

static void many_ids_are_told_apart(void **state)
{
	struct fixture *fixture = *state;
	struct str text = {0};

	for (int i = 0; i < 3000; i++)
		str_printf(&text, "dn: cn=%d\nobjectClass: person\nentryUUID: %d\n\n", i, i);
	str_add(&text, "dn: cn=x\nobjectClass: person\nentryUUID: 2000\n\n");
	write_file(fixture->file, text.data);
	str_free(&text);
	assert_int_equal(read_it(fixture), 0);
	assert_int_equal(fixture->result.entries, 3000);
	assert_int_equal(fixture->result.unreadable, 1);
	assert_non_null(strstr(fixture->seen.data, "2000 stands in line 8001 and again in line 12001"));
}

static void a_damaged_record_that_says_its_id_is_kept_as_it_was(void **state)
{
	struct fixture *fixture = *state;

	assert_complete(fixture, "dn: cn=b,o=x\nobjectClass: person\nmail:: ???\nentryUUID: " UUID(2) "\n\n" ANN,
			"bad " UUID(2) " :1 cn=b,o=x: line 3 is not valid base64\n" ANN_SEEN);
	assert_int_equal(fixture->result.unreadable, 1);
	assert_complete(fixture, "dn: no dn\nobjectClass: person\nentryUUID: " UUID(2) "\n\n" ANN,
			"bad " UUID(2) " :1 no dn: \"no dn\" is not a DN\n" ANN_SEEN);
}

static void a_damaged_record_without_id_may_be_anybodys(void **state)
{
	assert_incomplete(*state, "dn:: ???\nobjectClass: person\n\n" ANN,
			  "bad - :1 line 1 is not valid base64\n" ANN_SEEN,
			  "the record at line 1 cannot be read and may be anybody's: line 1 is not valid base64");
	assert_incomplete(*state, "cn: b\n\n" ANN, "bad - :1 line 1 should begin a record with \"dn:\"\n" ANN_SEEN,
			  "the record at line 1 cannot be read and may be anybody's: line 1 should begin a record with "
			  "\"dn:\"");
}

static void a_group_of_names_without_member_is_not_empty_but_unreadable(void **state)
{
	static const char why[] =
	    "it is a group that cannot be empty, but shows no member: the members may be hidden from "
	    "who wrote the file";
	struct fixture *fixture = *state;
	char seen[512];

	snprintf(seen, sizeof(seen), "bad 1 :1 cn=a: %s\nbad 2 :5 cn=b: %s\n", why, why);
	assert_complete(fixture,
			"dn: cn=a\nobjectClass: groupOfNames\nentryUUID: 1\n\n"
			"dn: cn=b\nobjectClass: groupOfUniqueNames\nentryUUID: 2\n",
			seen);
	assert_int_equal(fixture->result.entries, 0);
}

static void a_group_with_members_of_any_name_is_readable(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.groups.member = "participant";
	assert_complete(fixture,
			"dn: cn=a\nobjectClass: groupOfNames\nentryUUID: 1\nuniqueMember: cn=x\n\n"
			"dn: cn=b\nobjectClass: groupOfNames\nentryUUID: 2\nparticipant: x\n",
			"group 1 <cn=a>\ngroup 2 <cn=b>\n");
}

static void a_posix_group_without_member_is_empty(void **state)
{
	assert_complete(*state, "dn: cn=a\nobjectClass: posixGroup\nentryUUID: 1\n", "group 1 <cn=a>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(users_groups_and_units_are_told_apart),
	    TEST(units_are_ignored_unless_wanted),
	    TEST(users_come_before_groups_and_groups_before_units),
	    TEST(bases_and_filters_decide),
	    TEST(only_configured_attributes_are_handed_on_and_never_secrets),
	    TEST(ids_are_canonical),
	    TEST(a_record_without_id_is_named_with_the_cure),
	    TEST(an_id_that_stands_twice_counts_once),
	    TEST(many_ids_are_told_apart),
	    TEST(a_damaged_record_that_says_its_id_is_kept_as_it_was),
	    TEST(a_damaged_record_without_id_may_be_anybodys),
	    TEST(a_group_of_names_without_member_is_not_empty_but_unreadable),
	    TEST(a_group_with_members_of_any_name_is_readable),
	    TEST(a_posix_group_without_member_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
