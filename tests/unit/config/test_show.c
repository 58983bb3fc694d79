/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdlib.h>

static void assert_shown(const char *text, bool with_defaults, const char *want)
{
	struct loaded loaded = load_good(text);
	struct str out = {0};

	config_show(loaded.config, with_defaults, &out);
	assert_string_equal(str_text(&out), want);
	str_free(&out);
	loaded_free(&loaded);
}

static const char everything[] = "version: 1\n"
				 "database: {\n"
				 "  conninfo: \"dbname='a \\\\\\\\ b'\"\n"
				 "  owner_role: \"o\"\n"
				 "  daemon_role: \"d\"\n"
				 "}\n"
				 "sources: {\n"
				 "  corp: {\n"
				 "    type: \"ldap\"\n"
				 "    url: [ \"ldaps://a\", \"ldaps://b\" ]\n"
				 "    bind_dn: \"CN=\\\"x\\\"\"\n"
				 "    password: \"credential:bind\"\n"
				 "    ca_file: \"/ca.pem\"\n"
				 "    timeouts: {\n"
				 "      connect: \"5s\"\n"
				 "    }\n"
				 "    page_size: 0\n"
				 "    users: {\n"
				 "      base: \"OU=P\"\n"
				 "      attributes: {\n"
				 "        login: \"sAMAccountName\"\n"
				 "        email: \"\"\n"
				 "      }\n"
				 "    }\n"
				 "    groups: {\n"
				 "      nested: false\n"
				 "    }\n"
				 "    units: {\n"
				 "    }\n"
				 "    authoritative: false\n"
				 "    poll: \"5m\"\n"
				 "  }\n"
				 "  people: {\n"
				 "    type: \"ldif\"\n"
				 "    file: \"/people.ldif\"\n"
				 "  }\n"
				 "}\n"
				 "safety: {\n"
				 "  mode: \"observe\"\n"
				 "  max_remove: 5000000000L\n"
				 "  first_run: \"apply\"\n"
				 "}\n"
				 "rules: {\n"
				 "  default_admins: [ \"ann\" ]\n"
				 "  teams: {\n"
				 "    source: \"corp\"\n"
				 "    match: \"cn ~ ^(?<kind>a|b)\\\\\\\\x09\\x09$\"\n"
				 "    into: \"/teams\"\n"
				 "    role: { a: \"Admin\"; b: \"Reader\"; }\n"
				 "    role_by: \"kind\"\n"
				 "    stop: true\n"
				 "  }\n"
				 "  leads: {\n"
				 "    filter: \"(cn=*)\"\n"
				 "    into: \"/\"\n"
				 "    admin: true\n"
				 "    admins: [ \"bob\", \"eve\" ]\n"
				 "  }\n"
				 "  org: {\n"
				 "    subtree: \"OU=D\"\n"
				 "    into: \"/org\"\n"
				 "    role: \"Reader\"\n"
				 "    max_depth: 3\n"
				 "  }\n"
				 "}\n"
				 "targets: {\n"
				 "  billing: {\n"
				 "    type: \"webhook\"\n"
				 "    url: \"https://billing.example/hook\"\n"
				 "    sign: [ \"credential:new\", \"file:/old\" ]\n"
				 "    resources: [ \"app:billing-*\", \"group:/pay/**\" ]\n"
				 "    left: \"keep\"\n"
				 "    batch: 50\n"
				 "    timeout: \"5s\"\n"
				 "    ca_file: \"/ca.pem\"\n"
				 "  }\n"
				 "  bus: {\n"
				 "    type: \"webhook\"\n"
				 "    url: \"http://[::1]:8080/\"\n"
				 "    sign: \"credential:bus\"\n"
				 "    resources: [ \"**\" ]\n"
				 "  }\n"
				 "}\n"
				 "notify: {\n"
				 "  run_held: {\n"
				 "    exec: \"/usr/local/bin/tell\"\n"
				 "  }\n"
				 "  target_stuck: {\n"
				 "    url: \"https://chat.example/hook\"\n"
				 "  }\n"
				 "}\n"
				 "status: {\n"
				 "  listen: \"unix:/run/roster/status.sock\"\n"
				 "}\n";

static void what_differs_is_shown_as_it_could_be_written(void **state)
{
	(void)state;
	assert_shown(everything, false, everything);
}

static void nothing_is_shown_that_is_as_usual(void **state)
{
	(void)state;
	assert_shown(HEAD
		     "safety: { mode: \"enforce\"; window: \"1440m\" }\n"
		     "sources: { s: { type: \"ldif\"; file: \"/x\"; users: { attributes: { id: \"entryUUID\" } } } }\n",
		     false,
		     "version: 1\n"
		     "database: {\n"
		     "  embedded: \"/db\"\n"
		     "}\n"
		     "sources: {\n"
		     "  s: {\n"
		     "    type: \"ldif\"\n"
		     "    file: \"/x\"\n"
		     "  }\n"
		     "}\n");
}

static void defaults_are_shown_on_request(void **state)
{
	char day[32], month[32];
	struct str want = {0};

	(void)state;
	duration_format(INT64_C(86400000), day, sizeof(day));
	duration_format(30 * INT64_C(86400000), month, sizeof(month));
	str_printf(&want,
		   "version: 1\n"
		   "database: {\n"
		   "  embedded: \"/db\"\n"
		   "  owner_role: \"roster_owner\"\n"
		   "  daemon_role: \"roster_daemon\"\n"
		   "  signin_role: \"roster_signin\"\n"
		   "  signals_role: \"roster_signals\"\n"
		   "}\n"
		   "safety: {\n"
		   "  mode: \"enforce\"\n"
		   "  window: \"%s\"\n"
		   "  max_remove: 500\n"
		   "  max_remove_percent: 10\n"
		   "  min_remove: 10\n"
		   "  max_suspend: 200\n"
		   "  max_grant: 20\n"
		   "  first_run: \"hold\"\n"
		   "  grace: \"%s\"\n"
		   "}\n"
		   "history: {\n"
		   "  keep: \"0s\"\n"
		   "}\n"
		   "log: {\n"
		   "  format: \"auto\"\n"
		   "  level: \"info\"\n"
		   "}\n",
		   day, month);
	assert_shown(HEAD, true, str_text(&want));
	str_free(&want);
}

static void defaults_of_a_target_are_shown_on_request(void **state)
{
	struct loaded loaded = load_good(HEAD "targets: { t: { type: \"webhook\"; url: \"https://t\"\n"
					      " sign: \"credential:t\"; resources: [ \"**\" ] } }\n");
	struct str out = {0};

	(void)state;
	config_show(loaded.config, true, &out);
	assert_non_null(strstr(str_text(&out), "targets: {\n"
					       "  t: {\n"
					       "    type: \"webhook\"\n"
					       "    url: \"https://t\"\n"
					       "    sign: \"credential:t\"\n"
					       "    resources: [ \"**\" ]\n"
					       "    left: \"revoke\"\n"
					       "    batch: 2000\n"
					       "    timeout: \"20s\"\n"
					       "  }\n"
					       "}\n"));
	assert_null(strstr(str_text(&out), "notify"));
	assert_null(strstr(str_text(&out), "status"));
	str_free(&out);
	loaded_free(&loaded);
}

static void keys_of_other_types_are_not_among_the_defaults(void **state)
{
	struct loaded loaded = load_good(HEAD "sources: { s: { type: \"ldif\"; file: \"/x\" } }\n");
	struct str out = {0};

	(void)state;
	config_show(loaded.config, true, &out);
	assert_non_null(strstr(str_text(&out), "entryUUID"));
	assert_null(strstr(str_text(&out), "page_size"));
	assert_null(strstr(str_text(&out), "timeouts"));
	str_free(&out);
	loaded_free(&loaded);
}

static void what_is_shown_loads_to_the_same(void **state)
{
	struct loaded first = load_good(everything);
	struct str once = {0}, twice = {0};

	(void)state;
	config_show(first.config, true, &once);
	struct loaded second = load_good(str_text(&once));
	config_show(second.config, true, &twice);
	assert_string_equal(str_text(&twice), str_text(&once));
	assert_string_equal(second.config->rules[0].select, "cn ~ ^(?<kind>a|b)\\\\x09\t$");
	str_free(&once);
	str_free(&twice);
	loaded_free(&first);
	loaded_free(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_differs_is_shown_as_it_could_be_written),
	    cmocka_unit_test(nothing_is_shown_that_is_as_usual),
	    cmocka_unit_test(defaults_are_shown_on_request),
	    cmocka_unit_test(defaults_of_a_target_are_shown_on_request),
	    cmocka_unit_test(keys_of_other_types_are_not_among_the_defaults),
	    cmocka_unit_test(what_is_shown_loads_to_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
