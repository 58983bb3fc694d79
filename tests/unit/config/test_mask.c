/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

static void assert_masked(const char *text, const char *want)
{
	struct str out = {0};

	mask_secrets(text, strlen(text), &out);
	assert_string_equal(str_text(&out), want);
	str_free(&out);
}

static void value_of_a_secret_is_masked(void **state)
{
	(void)state;
	assert_masked("password: \"hunter2\"; poll: \"5m\"", "password: \"********\"; poll: \"5m\"");
	assert_masked("password=\"a\\\"hunter2\" }", "password=\"********\" }");
	assert_masked("client_secret: \"x\" API_TOKEN = \"y\" pwd: \"z\"",
		      "client_secret: \"********\" API_TOKEN = \"********\" pwd: \"********\"");
}

static void misspelt_secret_is_masked(void **state)
{
	(void)state;
	assert_masked("pasword: \"hunter2\"", "pasword: \"********\"");
	assert_masked("pssword: \"hunter2\"", "pssword: \"********\"");
}

static void reference_is_shown(void **state)
{
	(void)state;
	assert_masked("password: \"credential:bind\" ;", "password: \"credential:bind\" ;");
	assert_masked("password: \"file:/run/x\" ;", "password: \"file:/run/x\" ;");
}

static void signing_key_is_masked_wherever_it_stands(void **state)
{
	(void)state;
	assert_masked("sign: \"hunter2\"; left: \"keep\"", "sign: \"********\"; left: \"keep\"");
	assert_masked("signs: [ \"credential:a\", \"hunter2\" ]", "signs: [ \"credential:a\", \"********\" ]");
	assert_masked("sgin: \"whsec_MfKQ9r8+GKY/Tw==\"; left: \"x\"", "sgin: \"********\"; left: \"x\"");
	assert_masked("[ \"WHSEC_Mf+\", \"a\" ]", "[ \"********\", \"a\" ]");
	assert_masked("# the key was whsec_MfKQ9r8", "# the key was ********");
	assert_masked("whsec_", "********");
	assert_masked("site: { type: \"webhook\" }", "site: { type: \"webhook\" }");
}

static void broken_value_is_masked(void **state)
{
	(void)state;
	assert_masked("password: \"hunter2\nmode: \"x\"", "password: \"********\nmode: \"x\"");
	assert_masked("password: hunter2; mode: 1", "password: ********; mode: 1");
	assert_masked("password: hunter2 \"hunter3\"; mode: 1", "password: ******** \"********\"; mode: 1");
	assert_masked("password: 'hunter2'; mode: 1", "password: '********'; mode: 1");
	assert_masked("password:\n\t\"hunter2\"\n\t\"hunter3\"", "password:\n\t\"********\"\n\t\"********\"");
	assert_masked("password: # note\n \"hunter2\"", "password: ********\n \"********\"");
	assert_masked("password: #hunter2", "password: ********");
	assert_masked("password: \"hunter2\\", "password: \"********");
	assert_masked("password", "password");
	assert_masked("password:", "password:");
}

static void everything_in_the_group_of_a_secret_is_masked(void **state)
{
	(void)state;
	assert_masked("password: [ \"a\",\n(\"b\"), c ] \"d\"",
		      "password: [ \"********\",\n(\"********\"), ******** ] \"********\"");
	assert_masked("password: { x:{ y: \"a\" }; z: \"b\" }; mode: \"c\"",
		      "password: { ********{ ******** \"********\" }; ******** \"********\" }; mode: \"c\"");
	assert_masked("password: { x", "password: { ********");
	assert_masked("password: {", "password: {");
}

static void password_inside_a_connection_string_is_masked(void **state)
{
	(void)state;
	assert_masked("\"host=x password=hunter2 dbname=y\"", "\"host=x password=******** dbname=y\"");
	assert_masked("\"host=x password='hunter2 3' dbname=y\"", "\"host=x password='********' dbname=y\"");
	assert_masked("a: \"password=x\"; password: \"hunter2\"", "a: \"password=********\"; password: \"********\"");
	assert_masked("a: \"\\\"password=x \"; password: \"hunter2\"",
		      "a: \"\\\"password=******** \"; password: \"********\"");
	assert_masked("a: \"password=\"; password: \"hunter2\"\nb: \"c\"", "a: \"password=********\nb: \"c\"");
	assert_masked("a: \"b; password: \"hunter2\"", "a: \"b; password: ********");
	assert_masked("\"postgresql://me:hunter2@db/x\"", "\"postgresql://me:********@db/x\"");
	assert_masked("\"postgresql://me:hun/te@r2@db/x\" a", "\"postgresql://me:********@db/x\" a");
	assert_masked("\"ldaps://dc:636 ldaps://b\"", "\"ldaps://dc:636 ldaps://b\"");
	assert_masked("\"postgresql://me@db:5432/x\"", "\"postgresql://me@db:5432/x\"");
}

static void commented_secret_is_masked(void **state)
{
	(void)state;
	assert_masked("mode: 1 # password: \"hunter2\"", "mode: 1 # password: \"********\"");
}

static void no_finding_shows_a_secret_beside_a_mistake(void **state)
{
	static const char *const texts[] = {
	    HEAD "sources: { a: { password: \"hunter2 } }\n",
	    HEAD "sources: { a: { password: hunter2 } }\n",
	    HEAD "sources: { a: { password: hunter2! } }\n",
	    HEAD "sources: { a: { passwort: \"hunter2\"; mode: x } }\n",
	    HEAD "sources: { a: { password: \"x\" \"hunter2\" } }\n",
	    HEAD "sources: { a: { password: [ \"hunter2\", ] } }\n",
	    HEAD "sources: { a: { password: (\n\"hunter2\",\n \"x\" \"hunter2\" } }\n",
	    HEAD "sources: { a: { type: \"ldap\"; password:\n\"hunter2\"; mod: 1 } }\n",
	    HEAD "sources: { a: { type: \"ldap\"; password: { x: \"hunter2\" } } }\n",
	    "version: 1; database: { conninfo: \"host=x password=hunter2\" }\n",
	    HEAD "targets: { a: { type: \"webhook\"; sign: \"hunter2\" } }\n",
	    HEAD "targets: { a: { type: \"webhook\"; sign: [ \"credential:a\", \"hunter2\" ] } }\n",
	    HEAD "targets: { a: { type: \"webhook\"; key: \"whsec_hunter2\" } }\n",
	    HEAD "targets: { a: { type: \"webhook\"; url: \"https://me:hunter2@x/\" } }\n",
	    HEAD "notify: { run_held: { url: \"http://me:hunter2@x/\" } }\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct loaded loaded = load_text(texts[i]);
		struct str out = {0};
		findings_print(&loaded.findings, &out);
		assert_true(loaded.findings.errors > 0);
		if (strstr(str_text(&out), "hunter2"))
			fail_msg("%s", str_text(&out));
		str_free(&out);
		loaded_free(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(value_of_a_secret_is_masked),
	    cmocka_unit_test(misspelt_secret_is_masked),
	    cmocka_unit_test(reference_is_shown),
	    cmocka_unit_test(signing_key_is_masked_wherever_it_stands),
	    cmocka_unit_test(broken_value_is_masked),
	    cmocka_unit_test(everything_in_the_group_of_a_secret_is_masked),
	    cmocka_unit_test(password_inside_a_connection_string_is_masked),
	    cmocka_unit_test(commented_secret_is_masked),
	    cmocka_unit_test(no_finding_shows_a_secret_beside_a_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
