/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdlib.h>

static void everything_absent_has_its_default(void **state)
{
	struct loaded loaded =
	    load_good(HEAD "sources: { corp: { type: \"ldap\"; url: \"ldaps://dc\" } }\n"
			   "rules: { r: { users: \"(a=b)\"; into: \"platform\"; role: \"Reader\" } }\n");
	const struct config *config = loaded.config;
	const struct source_config *source = &config->sources[0];

	(void)state;
	assert_string_equal(config->file, "rosterd.conf");
	assert_string_equal(config->database.conninfo, "host=/db/run port=5432 dbname=roster");
	assert_string_equal(config->database.owner_role, "roster_owner");
	assert_string_equal(config->database.daemon_role, "roster_daemon");
	assert_int_equal(config->safety.mode, SAFETY_ENFORCE);
	assert_int_equal(config->safety.window_ms, 86400000);
	assert_int_equal(config->safety.grace_ms, 30 * INT64_C(86400000));
	assert_int_equal(config->safety.max_remove, 500);
	assert_int_equal(config->safety.max_remove_percent, 10);
	assert_int_equal(config->safety.min_remove, 10);
	assert_int_equal(config->safety.max_suspend, 200);
	assert_int_equal(config->safety.max_grant, 20);
	assert_true(config->safety.first_run_hold);
	assert_string_equal(source->ldap.bind_dn, "");
	assert_string_equal(source->ldap.password.text, "");
	assert_string_equal(source->ldap.sasl, "");
	assert_string_equal(source->server.ca_file, "");
	assert_false(source->ldap.starttls || source->ldap.allow_plaintext);
	assert_int_equal(source->server.connect_ms, 10000);
	assert_int_equal(source->server.operation_ms, 60000);
	assert_int_equal(source->server.run_ms, 3600000);
	assert_int_equal(source->server.page_size, 500);
	assert_string_equal(source->ldap.changes, "");
	assert_string_equal(source->users.base, "");
	assert_string_equal(source->dialect, "");
	assert_ptr_equal(source->users.filter, config_unset);
	assert_ptr_equal(source->users.id, config_unset);
	assert_ptr_equal(source->users.login, config_unset);
	assert_ptr_equal(source->users.email, config_unset);
	assert_ptr_equal(source->users.name, config_unset);
	assert_ptr_equal(source->groups.id, config_unset);
	assert_ptr_equal(source->groups.name, config_unset);
	assert_ptr_equal(source->groups.member, config_unset);
	assert_true(source->groups.nested);
	assert_ptr_equal(source->units.id, config_unset);
	assert_ptr_equal(source->units.name, config_unset);
	assert_false(source->units.present);
	assert_true(source->authoritative);
	assert_int_equal(source->poll_ms, 900000);
	assert_int_equal(source->full_ms, 86400000);
	assert_string_equal(config->rules[0].source, "");
	assert_string_equal(config->rules[0].role_by, "");
	assert_false(config->rules[0].stop || config->rules[0].admin);
	assert_int_equal(config->rules[0].max_depth, 0);
	assert_int_equal(config->default_admin_count, 0);
	loaded_free(&loaded);
}

static void sources_land_in_their_structs(void **state)
{
	struct loaded loaded = load_good(
	    HEAD
	    "sources: {\n"
	    " a: { type: \"ldap\"; url: \" ldaps://one  ldap://two \"; bind_dn: \"CN=r\"; password: "
	    "\"credential:bind\"\n"
	    "  starttls: false; allow_plaintext: true; ca_file: \"ca.pem\"; page_size: 0; changes: \"full\"\n"
	    "  timeouts: { connect: \"1s\"; operation: \"90s\"; run: \"2h\" }\n"
	    "  users: { base: \"OU=P\"; filter: \"(a=b)\"; attributes: { id: \"i\"; login: \"l\"; email: \"\"; name: "
	    "\"n\" } }\n"
	    "  groups: { base: \"OU=G\"; nested: false; attributes: { id: \"gi\"; name: \"gn\"; member: \"gm\" } }\n"
	    "  units: { base: \"OU=U\"; attributes: { id: \"ui\"; name: \"un\" } }\n"
	    "  authoritative: false; poll: \"5m\"; full: \"7d\" }\n"
	    " b: { type: \"ldif\"; file: \"/p.ldif\"; units: { } } }\n");
	const struct source_config *a = &loaded.config->sources[0], *b = &loaded.config->sources[1];

	(void)state;
	assert_int_equal(loaded.config->source_count, 2);
	assert_string_equal(a->name, "a");
	assert_string_equal(a->type, "ldap");
	assert_string_equal(a->position.file, "rosterd.conf");
	assert_int_equal(a->position.line, 3);
	assert_int_equal(a->server.url_count, 2);
	assert_string_equal(a->server.urls[0], "ldaps://one");
	assert_string_equal(a->server.urls[1], "ldap://two");
	assert_string_equal(a->ldap.bind_dn, "CN=r");
	assert_string_equal(a->ldap.password.text, "credential:bind");
	assert_string_equal(a->server.ca_file, "ca.pem");
	assert_true(a->ldap.allow_plaintext);
	assert_int_equal(a->server.page_size, 0);
	assert_string_equal(a->ldap.changes, "full");
	assert_int_equal(a->server.connect_ms, 1000);
	assert_int_equal(a->server.operation_ms, 90000);
	assert_int_equal(a->server.run_ms, 7200000);
	assert_string_equal(a->users.base, "OU=P");
	assert_string_equal(a->users.filter, "(a=b)");
	assert_string_equal(a->users.id, "i");
	assert_string_equal(a->users.login, "l");
	assert_string_equal(a->users.email, "");
	assert_string_equal(a->users.name, "n");
	assert_string_equal(a->groups.base, "OU=G");
	assert_false(a->groups.nested);
	assert_string_equal(a->groups.id, "gi");
	assert_string_equal(a->groups.name, "gn");
	assert_string_equal(a->groups.member, "gm");
	assert_string_equal(a->units.base, "OU=U");
	assert_string_equal(a->units.id, "ui");
	assert_string_equal(a->units.name, "un");
	assert_false(a->authoritative);
	assert_int_equal(a->poll_ms, 300000);
	assert_int_equal(a->full_ms, 7 * INT64_C(86400000));
	assert_ptr_equal(config_source(loaded.config, "b"), b);
	assert_null(config_source(loaded.config, "c"));
	assert_int_equal(b->order, 1);
	assert_string_equal(b->file, "/p.ldif");
	assert_true(b->units.present);
	loaded_free(&loaded);
}

static void rules_land_in_their_structs_in_file_order(void **state)
{
	struct loaded loaded = load_good(
	    HEAD
	    "sources: { corp: { type: \"ldif\"; file: \"x\"; units: { } } }\n"
	    "rules: { default_admins: [ \"zoe\" ]\n"
	    " teams: { source: \"corp\"; match: \"cn ~ ^(?<unit>[a-z]+)-(?<kind>a|b)$\"; into: \"/${unit}\"\n"
	    "  role_by: \"kind\"; role: { a: \"Admin\"; b: \"Reader\" }; admins: [ \"ann\", \"bob\" ]; stop: true }\n"
	    " one: { group: \"CN=x\"; into: \"app:crm\"; role: \"App Owner\" }\n"
	    " some: { filter: \"(cn=a*)\"; into: \"/x\"; admin: true }\n"
	    " org: { subtree: \"OU=D\"; into: \"/org\"; max_depth: 4; role: \"R\" }\n"
	    " all: { users: \"(a=b)\"; into: \"platform\"; role: \"R\" } }\n");
	const struct rule_config *rules = loaded.config->rules;

	(void)state;
	assert_int_equal(loaded.config->rule_count, 5);
	assert_string_equal(loaded.config->default_admins[0], "zoe");
	assert_string_equal(rules[0].name, "teams");
	assert_int_equal(rules[0].position.line, 4);
	assert_string_equal(rules[0].source, "corp");
	assert_int_equal(rules[0].selector, RULE_MATCH);
	assert_string_equal(rules[0].select, "cn ~ ^(?<unit>[a-z]+)-(?<kind>a|b)$");
	assert_string_equal(rules[0].into, "/${unit}");
	assert_string_equal(rules[0].role, "");
	assert_string_equal(rules[0].role_by, "kind");
	assert_int_equal(rules[0].role_count, 2);
	assert_string_equal(rules[0].roles[1].value, "b");
	assert_string_equal(rules[0].roles[1].role, "Reader");
	assert_int_equal(rules[0].admin_count, 2);
	assert_string_equal(rules[0].admins[1], "bob");
	assert_true(rules[0].stop);
	assert_int_equal(rules[1].selector, RULE_GROUP);
	assert_string_equal(rules[1].role, "App Owner");
	assert_int_equal(rules[2].selector, RULE_FILTER);
	assert_true(rules[2].admin);
	assert_int_equal(rules[3].selector, RULE_SUBTREE);
	assert_int_equal(rules[3].max_depth, 4);
	assert_int_equal(rules[4].selector, RULE_USERS);
	loaded_free(&loaded);
}

static void safety_lands_in_its_struct(void **state)
{
	struct loaded loaded =
	    load_good(HEAD "safety: { mode: \"observe\"; window: \"1h\"; max_remove: 1; max_remove_percent: 100\n"
			   " min_remove: 2; max_suspend: 3; max_grant: 4; first_run: \"apply\"; grace: \"0s\" }\n");
	const struct safety_config *safety = &loaded.config->safety;

	(void)state;
	assert_int_equal(safety->mode, SAFETY_OBSERVE);
	assert_int_equal(safety->window_ms, 3600000);
	assert_int_equal(safety->max_remove, 1);
	assert_int_equal(safety->max_remove_percent, 100);
	assert_int_equal(safety->min_remove, 2);
	assert_int_equal(safety->max_suspend, 3);
	assert_int_equal(safety->max_grant, 4);
	assert_false(safety->first_run_hold);
	assert_int_equal(safety->grace_ms, 0);
	loaded_free(&loaded);
}

static void misspelt_keys_get_the_nearest(void **state)
{
	(void)state;
	expect(HEAD "safty: { }\n", "rosterd.conf:2: unknown key \"safty\"\n"
				    "    safty: { }\n"
				    "    hint: did you mean \"safety\"?\n");
	expect(HEAD "sources: { corp: { type: \"ldif\"; file: \"x\"; users: { atributes: { } } } }\n",
	       "rosterd.conf:2: unknown key \"atributes\" in sources.corp.users\n"
	       "    sources: { corp: { type: \"ldif\"; file: \"x\"; users: { atributes: { } } } }\n"
	       "    hint: did you mean \"attributes\"?\n");
}

static void misplaced_keys_are_sent_to_their_place(void **state)
{
	(void)state;
	expect(HEAD "sources: { corp: { type: \"ldif\"; file: \"x\"\n filter: \"(a=b)\" } }\n",
	       "rosterd.conf:3: unknown key \"filter\" in sources.corp\n"
	       "    filter: \"(a=b)\" } }\n"
	       "    hint: it belongs in sources.*.users\n");
	expect(HEAD "max_grant: 5\n", "rosterd.conf:2: unknown key \"max_grant\"\n"
				      "    max_grant: 5\n"
				      "    hint: it belongs in safety\n");
	expect(HEAD "safety: { conninfo: \"x\" }\n", "rosterd.conf:2: unknown key \"conninfo\" in safety\n"
						     "    safety: { conninfo: \"x\" }\n"
						     "    hint: it belongs in database\n");
}

static void unknown_keys_get_the_list_of_known_ones(void **state)
{
	(void)state;
	expect(HEAD "outlets: { }\n",
	       "rosterd.conf:2: unknown key \"outlets\"\n"
	       "    outlets: { }\n"
	       "    hint: known here: version, include_dir, database, sources, safety, history, rules, "
	       "targets, notify, status, signin, signals, log\n");
}

static void wrong_types_are_named(void **state)
{
	(void)state;
	expect("version: 1; database: { embedded: 5 }\n",
	       "rosterd.conf:1: \"embedded\" must be a string, not a number\n"
	       "    version: 1; database: { embedded: 5 }\n"
	       "    hint: write the value in quotes\n");
	expect("version: 1; database: { embedded: [ ] }\n",
	       "rosterd.conf:1: \"embedded\" must be a string, not a list\n"
	       "    version: 1; database: { embedded: [ ] }\n");
	expect(HEAD "safety: { max_remove: \"5\" }\n",
	       "rosterd.conf:2: \"max_remove\" must be a whole number, not a string\n"
	       "    safety: { max_remove: \"5\" }\n"
	       "    hint: write digits, without quotes and without a unit\n");
	expect(HEAD "safety: { max_remove: 5.5 }\n",
	       "rosterd.conf:2: \"max_remove\" must be a whole number, not a real number\n"
	       "    safety: { max_remove: 5.5 }\n"
	       "    hint: write digits, without quotes and without a unit\n");
	expect(HEAD "sources: { a: { type: \"ldif\"; file: \"x\"; authoritative: \"true\" } }\n",
	       "rosterd.conf:2: \"authoritative\" must be true or false, not a string\n"
	       "    sources: { a: { type: \"ldif\"; file: \"x\"; authoritative: \"true\" } }\n"
	       "    hint: write true or false, without quotes\n");
	expect(HEAD "safety: true\n", "rosterd.conf:2: \"safety\" must be a group, not true or false\n"
				      "    safety: true\n"
				      "    hint: write it as { ... }\n");
	expect(HEAD "rules: { default_admin: [ \"a\" ] }\n",
	       "rosterd.conf:2: \"default_admin\" must be a group, not a list\n"
	       "    rules: { default_admin: [ \"a\" ] }\n"
	       "    hint: did you mean \"default_admins\"?\n");
}

static void lists_hold_strings(void **state)
{
	(void)state;
	expect(HEAD "rules: { default_admins: \"ann\" }\n",
	       "rosterd.conf:2: \"default_admins\" must be a list of strings, not a string\n"
	       "    rules: { default_admins: \"ann\" }\n"
	       "    hint: write [ \"one\", \"two\" ]\n");
	expect(HEAD "rules: { default_admins: [ 1 ] }\n",
	       "rosterd.conf:2: \"default_admins\" must hold strings, not a number\n"
	       "    rules: { default_admins: [ 1 ] }\n"
	       "    hint: write [ \"one\", \"two\" ]\n");
	expect(HEAD "rules: { default_admins: [ \"\" ] }\n",
	       "rosterd.conf:2: \"default_admins\" must not hold an empty string\n"
	       "    rules: { default_admins: [ \"\" ] }\n");
	expect(HEAD
	       "targets: { t: { type: \"webhook\"; url: \"https://x.example/\"; sign: \"credential:k\"; resources: [\n"
	       "\"\",\n\"app:*\",\n\"foo:bar\" ] } }\n",
	       "rosterd.conf:3: \"resources\" must not hold an empty string\n"
	       "    \"\",\n"
	       "rosterd.conf:5: the pattern \"foo:bar\" is of no kind of resource\n"
	       "    \"foo:bar\" ] } }\n"
	       "    hint: write app:NAME, environment:APP/NAME, cluster:NAME, namespace:CLUSTER/NAME/PURPOSE, "
	       "group:/PATH or platform, with * and ** in the names, or ** for everything\n");
	expect(HEAD "rules: { default_admins: [ ] }\n", "rosterd.conf:2: \"default_admins\" must not be empty\n"
							"    rules: { default_admins: [ ] }\n");
	expect(HEAD "sources: { a: { type: \"ldap\"; url: [ ] } }\n",
	       "rosterd.conf:2: \"url\" must not be empty\n"
	       "    sources: { a: { type: \"ldap\"; url: [ ] } }\n");
	expect(HEAD "sources: { a: { type: \"ldap\"; url: \"  \" } }\n",
	       "rosterd.conf:2: \"url\" must not be empty\n"
	       "    sources: { a: { type: \"ldap\"; url: \"  \" } }\n");
}

static void durations_need_a_unit(void **state)
{
	static const char hint[] =
	    "    hint: write a number and a unit in quotes: \"90s\", \"15m\", \"24h\" or \"30d\"\n";
	struct str want = {0};

	(void)state;
	str_printf(&want, "rosterd.conf:2: \"window\" is a duration without a unit\n    safety: { window: 24\n%s",
		   hint);
	str_printf(&want, "rosterd.conf:3: \"grace\" is a duration without a unit\n    grace: \"30\" }\n%s", hint);
	expect(HEAD "safety: { window: 24\ngrace: \"30\" }\n", str_text(&want));
	str_clear(&want);
	str_printf(&want, "rosterd.conf:2: \"window\" is not a duration\n    safety: { window: \"soon\" }\n%s", hint);
	expect(HEAD "safety: { window: \"soon\" }\n", str_text(&want));
	str_free(&want);
}

static void numbers_and_durations_have_ranges(void **state)
{
	(void)state;
	expect(HEAD "safety: { max_remove_percent: 101 }\n",
	       "rosterd.conf:2: \"max_remove_percent\" must be in the range 0..100\n"
	       "    safety: { max_remove_percent: 101 }\n");
	expect(HEAD "safety: { max_remove_percent: -1 }\n",
	       "rosterd.conf:2: \"max_remove_percent\" must be in the range 0..100\n"
	       "    safety: { max_remove_percent: -1 }\n");
	expect(HEAD "safety: { window: \"31d\" }\n", "rosterd.conf:2: \"window\" must be in the range 1m..30d\n"
						     "    safety: { window: \"31d\" }\n");
	expect(HEAD "safety: { window: \"59s\" }\n", "rosterd.conf:2: \"window\" must be in the range 1m..30d\n"
						     "    safety: { window: \"59s\" }\n");
	expect(HEAD "safety: { window: \"30d\"; max_remove_percent: 0 }\n", "");
}

static void choices_are_from_their_list(void **state)
{
	(void)state;
	expect(HEAD "safety: { mode: \"hodl\" }\n", "rosterd.conf:2: \"mode\" cannot be \"hodl\"\n"
						    "    safety: { mode: \"hodl\" }\n"
						    "    hint: did you mean \"hold\"?\n");
	expect(HEAD "safety: { first_run: \"perhaps\" }\n", "rosterd.conf:2: \"first_run\" cannot be \"perhaps\"\n"
							    "    safety: { first_run: \"perhaps\" }\n"
							    "    hint: known here: hold apply\n");
}

static void literal_secrets_are_refused_and_never_repeated(void **state)
{
	static const char want[] = "rosterd.conf:3: \"password\" must say where the secret is, not what it is\n"
				   "    password: \"********\" } }\n"
				   "    hint: write credential:NAME or file:PATH, and keep the secret itself there\n";

	(void)state;
	expect(HEAD
	       "sources: { a: { type: \"ldap\"; url: \"ldaps://x\"; bind_dn: \"CN=x\"\n password: \"hunter2\" } }\n",
	       want);
	expect(HEAD "sources: { a: { type: \"ldap\"; url: \"ldaps://x\"; bind_dn: \"CN=x\"\n password: \"\" } }\n",
	       want);
	expect(HEAD "sources: { a: { type: \"ldap\"; url: \"ldaps://x\"; bind_dn: \"CN=x\"\n password: \"file:\" } }\n",
	       "rosterd.conf:3: \"password\" names no file\n"
	       "    password: \"file:\" } }\n"
	       "    hint: write credential:NAME or file:PATH, and keep the secret itself there\n");
	expect(HEAD "sources: { a: { type: \"ldap\"; url: \"ldaps://x\"; bind_dn: \"CN=x\"\n password: "
		    "\"credential:../x\" } }\n",
	       "rosterd.conf:3: \"password\" names a credential that cannot exist\n"
	       "    password: \"credential:../x\" } }\n"
	       "    hint: write credential:NAME or file:PATH, and keep the secret itself there\n");
}

static void environment_is_read_inside_strings(void **state)
{
	struct loaded loaded;

	(void)state;
	setenv("ROSTER_TEST_HOST", "db", 1);
	setenv("ROSTER_TEST_EMPTY", "", 1);
	loaded =
	    load_good("version: 1; database: { embedded: \"/${env:ROSTER_TEST_HOST}/${env:ROSTER_TEST_EMPTY}x\" }\n"
		      "rules: { r: { match: \"cn ~ (?<u>x)\"; into: \"/${u}/${env:ROSTER_TEST_HOST}\"; role: \"R\"\n"
		      " admins: [ \"${env:ROSTER_TEST_HOST}\" ] } }\n");
	assert_string_equal(loaded.config->database.embedded, "/db/x");
	assert_string_equal(loaded.config->rules[0].into, "/${u}/db");
	assert_string_equal(loaded.config->rules[0].admins[0], "db");
	loaded_free(&loaded);
}

static void environment_that_is_not_there_is_a_finding(void **state)
{
	(void)state;
	unsetenv("ROSTER_TEST_GONE");
	expect("version: 1; database: { embedded: \"/${env:ROSTER_TEST_GONE}\" }\n",
	       "rosterd.conf:1: the environment variable ROSTER_TEST_GONE is not set\n"
	       "    version: 1; database: { embedded: \"/${env:ROSTER_TEST_GONE}\" }\n"
	       "    hint: set it for rosterd and for rosterctl, or write the value here\n");
	expect("version: 1; database: { embedded: \"/${env:X\" }\n",
	       "rosterd.conf:1: a ${env: in this string is not complete\n"
	       "    version: 1; database: { embedded: \"/${env:X\" }\n"
	       "    hint: it is written ${env:NAME}, with letters, digits and _ in NAME\n");
	expect("version: 1; database: { embedded: \"/${env:1X}\" }\n",
	       "rosterd.conf:1: a ${env: in this string is not complete\n"
	       "    version: 1; database: { embedded: \"/${env:1X}\" }\n"
	       "    hint: it is written ${env:NAME}, with letters, digits and _ in NAME\n");
}

static void secret_from_the_environment_is_refused_without_showing_it(void **state)
{
	(void)state;
	setenv("ROSTER_TEST_PASSWORD", "hunter2", 1);
	expect(HEAD "sources: { a: { type: \"ldap\"; url: \"ldaps://x\"; bind_dn: \"CN=x\"\n"
		    " password: \"${env:ROSTER_TEST_PASSWORD}\" } }\n",
	       "rosterd.conf:3: \"password\" must say where the secret is, not what it is\n"
	       "    password: \"********\" } }\n"
	       "    hint: write credential:NAME or file:PATH, and keep the secret itself there\n");
}

static void strings_made_of_escapes_must_be_text(void **state)
{
	(void)state;
	expect("version: 1; database: { embedded: \"/\\xff\" }\n",
	       "rosterd.conf:1: this string is not UTF-8\n"
	       "    version: 1; database: { embedded: \"/\\xff\" }\n");
}

static void version_must_be_one(void **state)
{
	(void)state;
	expect("database: { embedded: \"/db\" }\n", "rosterd.conf: the file does not say \"version\"\n"
						    "    hint: write version: 1 as its first line\n");
	expect("version: 2; database: { embedded: \"/db\" }\n",
	       "rosterd.conf:1: \"version\" names a form of this file that is not known\n"
	       "    version: 2; database: { embedded: \"/db\" }\n"
	       "    hint: this roster reads version: 1\n");
	expect("version: \"1\"; database: { embedded: \"/db\" }\n",
	       "rosterd.conf:1: \"version\" names a form of this file that is not known\n"
	       "    version: \"1\"; database: { embedded: \"/db\" }\n"
	       "    hint: this roster reads version: 1\n");
}

static void role_maps_hold_names_of_roles(void **state)
{
	(void)state;
	expect(HEAD "rules: { r: { match: \"cn ~ (?<k>x)\"; into: \"platform\"; role_by: \"k\"\n role: { } } }\n",
	       "rosterd.conf:3: \"role\" must not be empty\n"
	       "    role: { } } }\n");
	expect(HEAD "rules: { r: { match: \"cn ~ (?<k>x)\"; into: \"platform\"; role_by: \"k\"\n role: { x: 5 } } }\n",
	       "rosterd.conf:3: \"role\" must be a string, not a number\n"
	       "    role: { x: 5 } } }\n"
	       "    hint: write the value in quotes\n");
}

/* What the file says stays; a file of entries, and a server whose dialect is said, need not be asked. */
static void a_dialect_fills_in_what_the_file_says_nothing_about(void **state)
{
	struct loaded loaded =
	    load_good(HEAD "sources: {\n"
			   "  a: { type: \"ldif\"; file: \"/x\" }\n"
			   "  b: { type: \"ldap\"; url: \"ldaps://dc\"; dialect: \"active-directory\"\n"
			   "    users: { filter: \"(a=b)\"; attributes: { login: \"uid\"; email: \"\" } } }\n"
			   "  c: { type: \"ldap\"; url: \"ldaps://dc\"; dialect: \"freeipa\" }\n"
			   "}\n");
	const struct source_config *sources = loaded.config->sources;

	(void)state;
	assert_string_equal(sources[0].users.id, "entryUUID");
	assert_string_equal(sources[0].users.login, "uid");
	assert_string_equal(sources[0].users.filter, "");
	assert_string_equal(sources[0].units.name, "ou");
	assert_string_equal(sources[1].users.id, "objectGUID");
	assert_string_equal(sources[1].users.login, "uid");
	assert_string_equal(sources[1].users.email, "");
	assert_string_equal(sources[1].users.filter, "(a=b)");
	assert_string_equal(sources[1].groups.filter, "(objectClass=group)");
	assert_string_equal(sources[1].groups.member, "member");
	assert_string_equal(sources[2].units.id, "ipaUniqueID");
	assert_ptr_equal(dialect_find("no such thing"), dialect_find(DIALECT_OTHER));
	loaded_free(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_absent_has_its_default),
	    cmocka_unit_test(a_dialect_fills_in_what_the_file_says_nothing_about),
	    cmocka_unit_test(sources_land_in_their_structs),
	    cmocka_unit_test(rules_land_in_their_structs_in_file_order),
	    cmocka_unit_test(safety_lands_in_its_struct),
	    cmocka_unit_test(misspelt_keys_get_the_nearest),
	    cmocka_unit_test(misplaced_keys_are_sent_to_their_place),
	    cmocka_unit_test(unknown_keys_get_the_list_of_known_ones),
	    cmocka_unit_test(wrong_types_are_named),
	    cmocka_unit_test(lists_hold_strings),
	    cmocka_unit_test(durations_need_a_unit),
	    cmocka_unit_test(numbers_and_durations_have_ranges),
	    cmocka_unit_test(choices_are_from_their_list),
	    cmocka_unit_test(literal_secrets_are_refused_and_never_repeated),
	    cmocka_unit_test(environment_is_read_inside_strings),
	    cmocka_unit_test(environment_that_is_not_there_is_a_finding),
	    cmocka_unit_test(secret_from_the_environment_is_refused_without_showing_it),
	    cmocka_unit_test(strings_made_of_escapes_must_be_text),
	    cmocka_unit_test(version_must_be_one),
	    cmocka_unit_test(role_maps_hold_names_of_roles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
