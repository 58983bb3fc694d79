/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

static void number_above_int_max_asks_for_the_suffix(void **state)
{
	(void)state;
	expect(HEAD "safety: { max_remove: 4294967297 }\n",
	       "rosterd.conf:2: the number 4294967297 is too large to be written without a suffix\n"
	       "    safety: { max_remove: 4294967297 }\n"
	       "    hint: write 4294967297L\n");
	expect(HEAD "safety: { max_remove: 0xFFFFFFFFFF }\n",
	       "rosterd.conf:2: the number 0xFFFFFFFFFF is too large to be written without a suffix\n"
	       "    safety: { max_remove: 0xFFFFFFFFFF }\n"
	       "    hint: write 0xFFFFFFFFFFL\n");
	expect(HEAD "safety: { max_remove: 99999999999999999999L }\n",
	       "rosterd.conf:2: the number 99999999999999999999L is too large\n"
	       "    safety: { max_remove: 99999999999999999999L }\n");
}

static void number_with_the_suffix_keeps_its_value(void **state)
{
	struct loaded loaded = load_good(HEAD "safety: { max_remove: 4294967297L; min_remove: 2147483647 }\n");

	(void)state;
	assert_int_equal(loaded.config->safety.max_remove, 4294967297);
	assert_int_equal(loaded.config->safety.min_remove, 2147483647);
	loaded_free(&loaded);
}

static void number_in_a_string_or_a_comment_is_no_number(void **state)
{
	(void)state;
	expect(HEAD "# 4294967297 /* \" {\n// 4294967297 ] \"\n/* 4294967297 { \" */\n"
		    "rules: { default_admins: [ \"4294967297 { # //\" ] }\n",
	       "");
}

static void missing_brace_is_reported_where_the_group_opened(void **state)
{
	(void)state;
	expect(HEAD "sources: {\n"
		    "  corp: {\n"
		    "    type: \"ldif\"; file: \"x\"\n"
		    "    users: {\n"
		    "      base: \"OU=x\"\n"
		    "  }\n"
		    "}\n"
		    "safety: { mode: \"hold\" }\n",
	       "rosterd.conf:5: the \"{\" of \"users\" is never closed\n"
	       "    users: {\n"
	       "    hint: the bracket in line 7 is indented like the end of another group\n");
}

static void missing_brace_without_indentation_names_the_open_group(void **state)
{
	(void)state;
	expect(HEAD "safety: { mode: \"hold\"\n", "rosterd.conf:2: the \"{\" of \"safety\" is never closed\n"
						  "    safety: { mode: \"hold\"\n");
	expect(HEAD "rules: {\nx: {\n", "rosterd.conf:2: the \"{\" of \"rules\" is never closed\n"
					"    rules: {\n"
					"rosterd.conf:3: the \"{\" of \"x\" is never closed\n"
					"    x: {\n");
}

static void bracket_of_the_wrong_kind_is_reported_at_both_ends(void **state)
{
	(void)state;
	expect(HEAD "rules: {\n default_admins: [ \"a\"\n}\n",
	       "rosterd.conf:3: the \"[\" of \"default_admins\" is never closed\n"
	       "    default_admins: [ \"a\"\n"
	       "    hint: the \"}\" in line 4 ends what is around it\n");
	expect(HEAD "safety: { }\n}\n",
	       "rosterd.conf:3: this \"}\" closes nothing\n"
	       "    }\n"
	       "    hint: remove it, or look for the bracket that closed the group too early\n");
}

static void missing_quote_is_reported_at_its_line_alone(void **state)
{
	(void)state;
	expect(HEAD "safety: { mode: \"hold }\nrules: { }\n",
	       "rosterd.conf:2: a string is not closed in its line\n"
	       "    safety: { mode: \"hold }\n"
	       "    hint: add the missing \"; a line break in a string is written \\n\n");
	expect(HEAD "database: { conninfo: \"a; owner_role: \"(b)\" }\n",
	       "rosterd.conf:2: \"database\" is already set in line 1\n"
	       "    database: { conninfo: \"a; owner_role: \"(b)\" }\n"
	       "    hint: keep one of the two\n"
	       "rosterd.conf:2: a string is not closed in its line\n"
	       "    database: { conninfo: \"a; owner_role: \"(b)\" }\n"
	       "    hint: add the missing \"; a line break in a string is written \\n\n");
}

static void comment_without_end_is_reported_where_it_begins(void **state)
{
	(void)state;
	expect(HEAD "/* note\nsafety: { }\n", "rosterd.conf:2: this comment is never closed\n"
					      "    /* note\n"
					      "    hint: end it with */\n");
}

static void byte_order_mark_and_windows_line_ends_are_taken(void **state)
{
	struct loaded loaded = load_good("\xEF\xBB\xBFversion: 1\r\ndatabase: { embedded: \"/db\" }\r\n");

	(void)state;
	assert_string_equal(loaded.config->database.embedded, "/db");
	loaded_free(&loaded);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	struct loaded loaded = load_bytes("version: 1\0x", 12);

	(void)state;
	assert_findings(&loaded.findings, "rosterd.conf: the file holds a NUL byte, so it is not text\n"
					  "    hint: save it as UTF-8 text\n");
	loaded_free(&loaded);
	expect(HEAD "# caf\xE9\nrules: { default_admins: [ \"a\" ] }\n", "rosterd.conf:2: this line is not UTF-8\n"
									 "    hint: save the file as UTF-8\n");
}

static void escapes_that_become_control_characters_are_warned_about(void **state)
{
	(void)state;
	expect(HEAD "rules: { default_admins: [ \"x\\by\" ] }\n",
	       "rosterd.conf:2: warning: \\b in a string becomes, from libconfig 1.8 on, a control character\n"
	       "    rules: { default_admins: [ \"x\\by\" ] }\n"
	       "    hint: write \\\\b for a backslash and the letter b\n");
	expect(HEAD "rules: { default_admins: [ \"x\\f3\" ] }\n",
	       "rosterd.conf:2: warning: \\f in a string is a control character\n"
	       "    rules: { default_admins: [ \"x\\f3\" ] }\n"
	       "    hint: write \\\\f for a backslash and the letter f\n");
	expect(HEAD "rules: { default_admins: [ \"x\\\\by \\d \\28\" ] }\n", "");
}

static void what_is_beside_a_duplicate_is_judged_too(void **state)
{
	static const char *const repeats[] = {" window: \"2h\"\n", " window: \"2h\";\n",
					      " window: { x: [ 1, 2 ]; window: 3; y: ( { window: \"}\" } ) } // 4\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(repeats) / sizeof(repeats[0]); i++) {
		struct str text = {0}, line = {0}, want = {0};
		str_append(&line, repeats[i] + 1, strlen(repeats[i]) - 2);
		str_printf(&text, HEAD "safety: {\n window: \"1h\"\n%s grase: \"1d\"\n}\n", repeats[i]);
		str_printf(
		    &want,
		    "rosterd.conf:4: \"window\" is already set in line 3\n    %s\n    hint: keep one of the two\n"
		    "rosterd.conf:5: unknown key \"grase\" in safety\n    grase: \"1d\"\n"
		    "    hint: did you mean \"grace\"?\n",
		    str_text(&line));
		expect(str_text(&text), str_text(&want));
		str_free(&text);
		str_free(&line);
		str_free(&want);
	}
}

static void duplicate_key_is_reported_at_its_line(void **state)
{
	(void)state;
	expect(HEAD "safety: {\n mode: \"hold\"\n window: \"1h\"\n mode: \"enforce\"\n window: \"2h\"\n}\n",
	       "rosterd.conf:5: \"mode\" is already set in line 3\n"
	       "    mode: \"enforce\"\n"
	       "    hint: keep one of the two\n"
	       "rosterd.conf:6: \"window\" is already set in line 4\n"
	       "    window: \"2h\"\n"
	       "    hint: keep one of the two\n");
	expect(HEAD
	       "rules: { default_admins: [ \"b\" ]\n"
	       " a: { into: \"platform\"; users: \"(a=b)\"; role: \"R\" } b: { into: \"platform\"; users: \"(a=b)\";"
	       " role: \"R\" } }\n",
	       "");
}

static void commas_missing_and_extra_are_explained(void **state)
{
	(void)state;
	expect(HEAD "rules: { default_admins: [ \"a\" \"b\" ] }\n",
	       "rosterd.conf:2: found a string where a \",\" should be\n"
	       "    rules: { default_admins: [ \"a\" \"b\" ] }\n"
	       "    hint: there is no comma between two values of this list\n");
	expect(HEAD "rules: { default_admins: [ \"a\", ] }\n",
	       "rosterd.conf:2: there is a \",\" before the \"]\"\n"
	       "    rules: { default_admins: [ \"a\", ] }\n"
	       "    hint: the last value of a list has no comma behind it\n");
	expect(HEAD "rules: { default_admins: [ \"a\",, \"b\" ] }\n",
	       "rosterd.conf:2: found \",\" where a value should be\n"
	       "    rules: { default_admins: [ \"a\",, \"b\" ] }\n"
	       "    hint: there is one comma too many\n");
	expect(HEAD "rules: { default_admins: [ , \"b\" ] }\n", "rosterd.conf:2: found \",\" where a value should be\n"
								"    rules: { default_admins: [ , \"b\" ] }\n");
	expect(HEAD "rules: { default_admins: [ \"a\"; \"b\" ] }\n",
	       "rosterd.conf:2: found \";\" where a \",\" should be\n"
	       "    rules: { default_admins: [ \"a\"; \"b\" ] }\n"
	       "    hint: the values of a list are separated by commas\n");
	expect(HEAD "rules: { default_admins: [ \"a\": 1 ] }\n",
	       "rosterd.conf:2: found \":\" where a \",\" should be\n"
	       "    rules: { default_admins: [ \"a\": 1 ] }\n"
	       "    hint: a list has values without names; a group of settings is written { }\n");
	expect(HEAD "safety: { mode: \"hold\";; }\n",
	       "rosterd.conf:2: found \";\" where a name should be\n"
	       "    safety: { mode: \"hold\";; }\n"
	       "    hint: remove it: one \";\" ends a setting, and it may be left out\n");
}

static void separators_between_settings_may_be_left_out(void **state)
{
	(void)state;
	expect("version=1 database:{embedded:\"/db\"},safety:{mode:\"hold\" window:\"1h\",grace:\"1d\";}", "");
}

static void strings_side_by_side_are_refused_in_one_line(void **state)
{
	struct loaded loaded;

	(void)state;
	expect(HEAD "sources: { a: { type: \"ldap\"; url: \"ldaps://a\" \"ldaps://b\" } }\n",
	       "rosterd.conf:2: two strings stand side by side\n"
	       "    sources: { a: { type: \"ldap\"; url: \"ldaps://a\" \"ldaps://b\" } }\n"
	       "    hint: they would be joined into one: separate what is a list by commas, and settings by \";\"\n");
	loaded = load_good("version: 1 database: { embedded: \"/long\"\n \"/db\" }\n");
	assert_string_equal(loaded.config->database.embedded, "/long/db");
	loaded_free(&loaded);
	expect(HEAD "safety: { min_remove: 1 \"x\" }\n", "rosterd.conf:2: found a string where a name should be\n"
							 "    safety: { min_remove: 1 \"x\" }\n");
}

static void value_without_quotes_is_explained(void **state)
{
	(void)state;
	expect(HEAD "safety: { mode: hold }\n", "rosterd.conf:2: a text needs quotes\n"
						"    safety: { mode: hold }\n"
						"    hint: write it as \"...\"\n");
	expect(HEAD "safety: { window: 24h }\n", "rosterd.conf:2: a text needs quotes\n"
						 "    safety: { window: 24h }\n"
						 "    hint: write it as \"...\"\n");
	expect(HEAD "safety: { mode: Yes }\n", "rosterd.conf:2: \"Yes\" is no value\n"
					       "    safety: { mode: Yes }\n"
					       "    hint: write true\n");
	expect(HEAD "safety: { mode: off }\n", "rosterd.conf:2: \"off\" is no value\n"
					       "    safety: { mode: off }\n"
					       "    hint: write false\n");
}

static void half_written_settings_are_explained(void **state)
{
	(void)state;
	expect(HEAD "safety: { mode: ; }\n", "rosterd.conf:2: \"mode\" has no value\n"
					     "    safety: { mode: ; }\n");
	expect(HEAD "safety: { mode: }\n", "rosterd.conf:2: \"mode\" has no value\n"
					   "    safety: { mode: }\n");
	expect(HEAD "safety { }\n", "rosterd.conf:2: found \"{\" where a \":\" should be\n"
				    "    safety { }\n"
				    "    hint: write a \":\" between \"safety\" and its value\n");
	expect(HEAD "safety: { mode }\n", "rosterd.conf:2: found \"}\" where a \":\" should be\n"
					  "    safety: { mode }\n"
					  "    hint: write a \":\" between \"mode\" and its value\n");
	expect(HEAD "safety: { 2nd: 1 }\n",
	       "rosterd.conf:2: this cannot be a name\n"
	       "    safety: { 2nd: 1 }\n"
	       "    hint: a name begins with a letter and holds only letters, digits, - and _\n");
	expect(HEAD "safety: { [ }\n", "rosterd.conf:2: found \"[\" where a name should be\n"
				       "    safety: { [ }\n");
	expect(HEAD "safety:", "rosterd.conf:2: \"safety\" has no value\n"
			       "    safety:\n");
}

static void signs_that_do_not_belong_are_explained(void **state)
{
	(void)state;
	expect(HEAD "safety: { mode: \xE2\x80\x9Chold\xE2\x80\x9D }\n",
	       "rosterd.conf:2: found \"\xE2\x80\x9C\" outside a string\n"
	       "    safety: { mode: \xE2\x80\x9Chold\xE2\x80\x9D }\n"
	       "    hint: quotes are written \"...\", and spaces are plain ones\n");
	expect(HEAD "safety: { mode: 'hold' }\n", "rosterd.conf:2: found \"'\" outside a string\n"
						  "    safety: { mode: 'hold' }\n");
	expect(HEAD "@include \"more.conf\"\n",
	       "rosterd.conf:2: @include is not used here\n"
	       "    @include \"more.conf\"\n"
	       "    hint: set include_dir to a directory: every *.conf file there is read\n");
}

static void nesting_has_an_end(void **state)
{
	(void)state;
	expect("a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{}}}}}}}}}}}}}}}}}\n",
	       "rosterd.conf:1: groups are nested too deeply\n"
	       "    a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{a:{}}}}}}}}}}}}}}}}}\n");
	expect("a: [ { } ]\n", "rosterd.conf:1: a [ ] list holds only plain values\n"
			       "    a: [ { } ]\n");
}

static void what_only_libconfig_sees_is_reported_too(void **state)
{
	(void)state;
	expect(HEAD "rules: { default_admins: [ \"a\",\n 1 ] }\n", "rosterd.conf:3: mismatched element type in array\n"
								   "    1 ] }\n");
}

static void every_mistake_of_a_file_is_reported_at_once(void **state)
{
	(void)state;
	expect("version: 1;;\nsafety: { mode: hold }\nrules: { default_admins: [ \"a\", ] }\n",
	       "rosterd.conf:1: found \";\" where a name should be\n"
	       "    version: 1;;\n"
	       "    hint: remove it: one \";\" ends a setting, and it may be left out\n"
	       "rosterd.conf:2: a text needs quotes\n"
	       "    safety: { mode: hold }\n"
	       "    hint: write it as \"...\"\n"
	       "rosterd.conf:3: there is a \",\" before the \"]\"\n"
	       "    rules: { default_admins: [ \"a\", ] }\n"
	       "    hint: the last value of a list has no comma behind it\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(number_above_int_max_asks_for_the_suffix),
	    cmocka_unit_test(number_with_the_suffix_keeps_its_value),
	    cmocka_unit_test(number_in_a_string_or_a_comment_is_no_number),
	    cmocka_unit_test(missing_brace_is_reported_where_the_group_opened),
	    cmocka_unit_test(missing_brace_without_indentation_names_the_open_group),
	    cmocka_unit_test(bracket_of_the_wrong_kind_is_reported_at_both_ends),
	    cmocka_unit_test(missing_quote_is_reported_at_its_line_alone),
	    cmocka_unit_test(comment_without_end_is_reported_where_it_begins),
	    cmocka_unit_test(byte_order_mark_and_windows_line_ends_are_taken),
	    cmocka_unit_test(bytes_that_are_no_text_are_refused),
	    cmocka_unit_test(escapes_that_become_control_characters_are_warned_about),
	    cmocka_unit_test(what_is_beside_a_duplicate_is_judged_too),
	    cmocka_unit_test(duplicate_key_is_reported_at_its_line),
	    cmocka_unit_test(commas_missing_and_extra_are_explained),
	    cmocka_unit_test(separators_between_settings_may_be_left_out),
	    cmocka_unit_test(strings_side_by_side_are_refused_in_one_line),
	    cmocka_unit_test(value_without_quotes_is_explained),
	    cmocka_unit_test(half_written_settings_are_explained),
	    cmocka_unit_test(signs_that_do_not_belong_are_explained),
	    cmocka_unit_test(nesting_has_an_end),
	    cmocka_unit_test(what_only_libconfig_sees_is_reported_too),
	    cmocka_unit_test(every_mistake_of_a_file_is_reported_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
