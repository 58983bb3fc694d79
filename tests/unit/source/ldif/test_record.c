/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add_record(const struct ldif_record *record, struct str *out)
{
	static const char *const kinds[] = {"entry", "result", "reference"};

	str_printf(out, "%s@%lu", kinds[record->kind], record->line);
	if (record->dn)
		str_printf(out, " <%s>", record->dn);
	for (size_t i = 0; i < record->attribute_count; i++) {
		str_printf(out, " %s=", record->attributes[i].name);
		for (size_t j = 0; j < record->attributes[i].count; j++)
			str_printf(out, "[%.*s]", (int)record->attributes[i].values[j].size,
				   record->attributes[i].values[j].data);
	}
	str_printf(out, "%s%s%s%s\n", record->text ? record->text : "", record->cut ? " CUT" : "",
		   record->problem ? " PROBLEM " : "", record->problem ? record->problem : "");
}

static void list(const char *text, size_t size, size_t limit, struct str *out)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
	struct ldif_records records = {.lines = ldif_lines_new(file, limit), .limit = limit};
	struct arena *arena = arena_new();
	struct ldif_record record;
	struct error err = {0};
	int more;

	while ((more = ldif_record_next(&records, arena, &record, &err)) == 1) {
		add_record(&record, out);
		arena_reset(arena);
	}
	if (more < 0) {
		assert_int_equal(err.class, ERR_DATA);
		str_printf(out, "ERROR %s\n", err.text);
	}
	arena_free(&arena);
	ldif_lines_free(&records.lines);
	fclose(file);
}

static void assert_records_limited(const char *text, size_t limit, const char *expected)
{
	struct str out = {0};

	list(text, strlen(text), limit, &out);
	assert_string_equal(str_text(&out), expected);
	str_free(&out);
}

static void assert_records(const char *text, const char *expected)
{
	assert_records_limited(text, 100000, expected);
}

static void records_are_separated_by_empty_lines(void **state)
{
	(void)state;
	assert_records("\n\ndn: cn=a\ncn: a\n\n\n# x\n\ndn: cn=b\ncn: b\nsn: c\n",
		       "entry@3 <cn=a> cn=[a]\nentry@9 <cn=b> cn=[b] sn=[c]\n");
	assert_records("dn: cn=a\n", "entry@1 <cn=a>\n");
}

static void version_1_may_stand_in_front(void **state)
{
	(void)state;
	assert_records("version: 1\ndn: cn=a\ncn: a\n", "entry@2 <cn=a> cn=[a]\n");
	assert_records("# x\n\nversion:1\n\ndn: cn=a\ncn: a\n", "entry@5 <cn=a> cn=[a]\n");
	assert_records("version: 1\n", "");
	assert_records("version: 2\n\ndn: cn=a\n", "ERROR line 1: LDIF version \"2\" is not known, 1 is\n");
	assert_records("dn: cn=a\n\nversion: 1\n",
		       "entry@1 <cn=a>\nentry@3 version=[1] PROBLEM line 3 should begin a record with \"dn:\"\n");
}

static void values_of_one_attribute_come_together(void **state)
{
	(void)state;
	assert_records("dn: cn=a\nmember: 1\nCN: a\nMEMBER: 2\nmember:3\nmember:\n",
		       "entry@1 <cn=a> member=[1][2][3][] CN=[a]\n");
}

static void options_stay_except_binary(void **state)
{
	(void)state;
	assert_records("dn: cn=a\ncn: a\ncn;lang-de: b\nx;binary:: YWI=\nx: c\n2.5.4.3: d\n",
		       "entry@1 <cn=a> cn=[a] cn;lang-de=[b] x=[ab][c] 2.5.4.3=[d]\n");
}

static void base64_is_decoded(void **state)
{
	(void)state;
	assert_records("dn:: Y249w6Q=\ncn:: w6Q=\nsn::\ngn:: aGVs\n bG8=\n",
		       "entry@1 <cn=\xC3\xA4> cn=[\xC3\xA4] sn=[] gn=[hello]\n");
	assert_records("dn: cn=a\ncn:: w6Q\n", "entry@1 <cn=a> PROBLEM line 2 is not valid base64\n");
	assert_records("dn: cn=a\ncn:: !!\nsn: b\n", "entry@1 <cn=a> sn=[b] PROBLEM line 2 is not valid base64\n");
	assert_records("dn:: Y\ncn: a\n", "entry@1 cn=[a] PROBLEM line 1 is not valid base64\n");
}

static void raw_utf_8_is_accepted(void **state)
{
	(void)state;
	assert_records("dn: cn=\xC3\xA4\ncn: \xC3\xA4: b\n", "entry@1 <cn=\xC3\xA4> cn=[\xC3\xA4: b]\n");
}

static void octets_are_kept_with_a_nul_behind_them(void **state)
{
	static const char text[] = "dn: cn=a\nx:: AGEA\n";
	FILE *file = fmemopen((void *)(uintptr_t)text, sizeof(text) - 1, "r");
	struct ldif_records records = {.lines = ldif_lines_new(file, 100), .limit = 100};
	struct arena *arena = arena_new();
	struct ldif_record record;

	(void)state;
	assert_int_equal(ldif_record_next(&records, arena, &record, NULL), 1);
	assert_int_equal(record.attributes[0].values[0].size, 3);
	assert_memory_equal(record.attributes[0].values[0].data, "\0a\0", 4);
	arena_free(&arena);
	ldif_lines_free(&records.lines);
	fclose(file);
}

static void a_bad_record_is_told_and_the_next_one_read(void **state)
{
	(void)state;
	assert_records(
	    "cn: a\nsn: b\n\ndn: cn=b\ncn: b\n",
	    "entry@1 cn=[a] sn=[b] PROBLEM line 1 should begin a record with \"dn:\"\nentry@4 <cn=b> cn=[b]\n");
	assert_records("dn: cn=a\nnonsense\nsn: b\n", "entry@1 <cn=a> sn=[b] PROBLEM line 2 has no colon\n");
	assert_records("dn: cn=a\nc n: b\n", "entry@1 <cn=a> PROBLEM line 2 does not begin with an attribute name\n");
	assert_records("dn: cn=a\n: b\n", "entry@1 <cn=a> PROBLEM line 2 does not begin with an attribute name\n");
	assert_records("dn: cn=a\n-x: b\n", "entry@1 <cn=a> PROBLEM line 2 does not begin with an attribute name\n");
	assert_records("dn: cn=\xFF\ncn: a\n", "entry@1 cn=[a] PROBLEM line 1 holds a DN that is not UTF-8\n");
	assert_records("dn:: Y249AA==\n", "entry@1 PROBLEM line 1 holds a DN that is not UTF-8\n");
	assert_records(" folded\n", "entry@1 PROBLEM line 1 continues nothing\n");
	assert_records("nonsense\n", "entry@1 PROBLEM line 1 has no colon\n");
	assert_records("search: 2\n", "entry@1 PROBLEM has no dn\n");
}

static void a_raw_nul_is_a_fault(void **state)
{
	struct str out = {0};

	(void)state;
	list("dn: cn=a\ncn: a\0b\n", 17, 100, &out);
	assert_string_equal(str_text(&out), "entry@1 <cn=a> PROBLEM line 2 holds a NUL byte outside base64\n");
	str_free(&out);
}

static void urls_are_refused(void **state)
{
	(void)state;
	assert_records(
	    "dn: cn=a\n\ndn: cn=b\njpegPhoto:< file:///etc/passwd\n",
	    "entry@1 <cn=a>\nERROR line 4 wants a value to be fetched from a URL (\":<\"), which is refused; "
	    "write the value itself\n");
	assert_records(
	    "dn:< file:///etc/passwd\n",
	    "ERROR line 1 wants a value to be fetched from a URL (\":<\"), which is refused; write the value "
	    "itself\n");
}

static void changes_are_refused(void **state)
{
	static const char error[] =
	    "ERROR line 2: this file is a list of changes, not the content of a directory; export "
	    "it without changetype\n";

	(void)state;
	assert_records("dn: cn=a\nchangetype: add\ncn: a\n", error);
	assert_records("dn: cn=a\nChangeType:: bW9kaWZ5\n", error);
	assert_records("dn: cn=a\ncontrol: 1.2.3 true\nchangetype: delete\n", error);
}

static void an_attribute_may_be_called_like_a_change(void **state)
{
	(void)state;
	assert_records("dn: changeNumber=1\ncn: a\nchangeType: add\n",
		       "entry@1 <changeNumber=1> cn=[a] changeType=[add]\n");
}

static void results_and_references_of_ldapsearch_are_known(void **state)
{
	(void)state;
	assert_records(
	    "dn: cn=a\n\n# search reference\nref: ldap://b/\n\n# search result\nsearch: 2\nresult: 4 Size limit "
	    "exceeded\ntext: x\n\n# numEntries: 1\n",
	    "entry@1 <cn=a>\nreference@4ldap://b/\nresult@74 Size limit exceeded\n");
	assert_records("result: 0 Success\n", "result@10 Success\n");
	assert_records("dn: cn=a\nresult: 4\nref: x\n", "entry@1 <cn=a> result=[4] ref=[x]\n");
}

static void a_record_in_which_the_file_ends_is_cut(void **state)
{
	(void)state;
	assert_records("dn: cn=a\ncn: a", "entry@1 <cn=a> cn=[a] CUT\n");
	assert_records("dn: cn=a\ncn:: YWJ", "entry@1 <cn=a> CUT PROBLEM line 2 is not valid base64\n");
	assert_records("dn: cn=a\ncn: a\n ", "entry@1 <cn=a> cn=[a] CUT\n");
	assert_records("dn: cn=a\ncn: a\n\n# x", "entry@1 <cn=a> cn=[a]\n");
}

static void a_record_over_the_limit_is_told_and_skipped(void **state)
{
	(void)state;
	assert_records_limited("dn: cn=a\ncn: abcdefgh\nsn: c\n\ndn: cn=b\ncn: b\n", 19,
			       "entry@1 <cn=a> PROBLEM line 2 makes the record longer than roster reads\n"
			       "entry@5 <cn=b> cn=[b]\n");
	assert_records_limited("dn: cn=abcdefghijklmnopqrstuvwxyz\n", 20,
			       "entry@1 PROBLEM line 1 makes the record longer than roster reads\n");
}

static void attributes_are_limited_but_values_are_not(void **state)
{
	struct str text = {0}, out = {0};

	(void)state;
	str_add(&text, "dn: cn=a\n");
	for (int i = 0; i < 5000; i++)
		str_printf(&text, "member: %d\n", i);
	for (int i = 0; i < 4096; i++)
		str_printf(&text, "a%d: x\n", i);
	list(text.data, text.size, 1000000, &out);
	assert_non_null(strstr(out.data, "[4999] a0=[x]"));
	assert_non_null(strstr(out.data, " a4094=[x] PROBLEM line 9097 is one attribute too many for an entry\n"));
	str_free(&text);
	str_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_separated_by_empty_lines),
	    cmocka_unit_test(version_1_may_stand_in_front),
	    cmocka_unit_test(values_of_one_attribute_come_together),
	    cmocka_unit_test(options_stay_except_binary),
	    cmocka_unit_test(base64_is_decoded),
	    cmocka_unit_test(raw_utf_8_is_accepted),
	    cmocka_unit_test(octets_are_kept_with_a_nul_behind_them),
	    cmocka_unit_test(a_bad_record_is_told_and_the_next_one_read),
	    cmocka_unit_test(a_raw_nul_is_a_fault),
	    cmocka_unit_test(urls_are_refused),
	    cmocka_unit_test(changes_are_refused),
	    cmocka_unit_test(an_attribute_may_be_called_like_a_change),
	    cmocka_unit_test(results_and_references_of_ldapsearch_are_known),
	    cmocka_unit_test(a_record_in_which_the_file_ends_is_cut),
	    cmocka_unit_test(a_record_over_the_limit_is_told_and_skipped),
	    cmocka_unit_test(attributes_are_limited_but_values_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
