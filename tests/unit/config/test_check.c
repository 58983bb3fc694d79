/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>

#define LDAP(more) HEAD "sources: { corp: { type: \"ldap\"\n" more " } }\n"
#define LDIF(more) HEAD "sources: { corp: { type: \"ldif\"\n" more " } }\n"
#define RULE(more) HEAD "rules: { default_admins: [ \"ann\" ]; r: {\n" more " } }\n"

static void source_needs_a_type_it_knows(void **state)
{
	(void)state;
	expect(HEAD "sources: { corp: { } }\n", "rosterd.conf:2: sources.corp has no \"type\"\n"
						"    sources: { corp: { } }\n"
						"    hint: what kind of source it is\n");
	expect(HEAD "sources: { corp: { type: \"ladp\" } }\n", "rosterd.conf:2: \"type\" cannot be \"ladp\"\n"
							       "    sources: { corp: { type: \"ladp\" } }\n"
							       "    hint: did you mean \"ldap\"?\n");
}

static void source_needs_what_its_type_needs(void **state)
{
	(void)state;
	expect(LDAP(""), "rosterd.conf:2: sources.corp has no \"url\"\n"
			 "    sources: { corp: { type: \"ldap\"\n"
			 "    hint: write url: \"ldaps://HOST\"\n");
	expect(LDIF(""), "rosterd.conf:2: sources.corp has no \"file\"\n"
			 "    sources: { corp: { type: \"ldif\"\n"
			 "    hint: write file: \"people.ldif\"\n");
}

static void keys_of_another_type_are_refused(void **state)
{
	(void)state;
	expect(LDIF("file: \"x\"\nurl: \"ldaps://x\"\ntimeouts: { }"),
	       "rosterd.conf:4: \"url\" does not apply to a source of type \"ldif\"\n"
	       "    url: \"ldaps://x\"\n"
	       "    hint: remove it, or correct the type\n"
	       "rosterd.conf:5: \"timeouts\" does not apply to a source of type \"ldif\"\n"
	       "    timeouts: { } } }\n"
	       "    hint: remove it, or correct the type\n");
	expect(LDAP("url: \"ldaps://x\"; file: \"x\""),
	       "rosterd.conf:3: \"file\" does not apply to a source of type \"ldap\"\n"
	       "    url: \"ldaps://x\"; file: \"x\" } }\n"
	       "    hint: remove it, or correct the type\n");
}

static void no_source_is_called_hand(void **state)
{
	(void)state;
	expect(HEAD "sources: { hand: { type: \"ldif\"; file: \"x\" } }\n",
	       "rosterd.conf:2: \"hand\" stands for what administrators give by hand and is no source\n"
	       "    sources: { hand: { type: \"ldif\"; file: \"x\" } }\n"
	       "    hint: choose another name\n");
}

static void addresses_must_be_of_ldap_servers(void **state)
{
	(void)state;
	expect(LDAP("url: [ \"ldaps://x\", \"https://x\" ]"),
	       "rosterd.conf:3: https://x is not the address of an LDAP server\n"
	       "    url: [ \"ldaps://x\", \"https://x\" ] } }\n"
	       "    hint: write ldaps://HOST, ldap://HOST or ldapi://PATH\n");
	expect(LDAP("url: \"ldaps://x\"\nstarttls: true"),
	       "rosterd.conf:4: \"starttls\" is for ldap:// addresses, not for ldaps://x\n"
	       "    starttls: true } }\n"
	       "    hint: remove starttls\n");
	expect(LDAP("url: \"ldapi:///\"; sasl: \"external\""), "");
}

/* A catalog of a domain that is read for another one would empty its groups. */
static void a_global_catalog_is_no_directory(void **state)
{
	static const char *const urls[] = {"ldap://dc.ex.org:3268", "ldaps://dc.ex.org:3269/",
					   "ldaps://dc.ex.org:03269"};
	static const char *const dialects[] = {"", "; dialect: \"active-directory\""};
	char text[256], want[512];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(urls) / sizeof(*urls); i++) {
		snprintf(text, sizeof(text), LDAP("url: \"%s\"%s"), urls[i / 2], dialects[i % 2]);
		snprintf(
		    want, sizeof(want),
		    "rosterd.conf:3: %s is a global catalog, which lacks members of groups and more\n    url: \"%s\"%s "
		    "} }\n"
		    "    hint: use ldaps://HOST (port 636), and a source for each domain; for another server on that "
		    "port set its dialect\n",
		    urls[i / 2], urls[i / 2], dialects[i % 2]);
		expect(text, want);
	}
	expect(LDAP("url: \"ldaps://x:3269\"; dialect: \"openldap\""), "");
	expect(LDAP("url: \"ldaps://x:32690 ldaps://x:636 ldaps://3269\""), "");
}

static void address_says_where_the_server_is_and_no_more(void **state)
{
	static const struct {
		const char *url, *what, *hint;
	} wrong[] = {
	    {"ldaps://x:99999", "has a port that cannot be", "a port is a number from 1 to 65535"},
	    {"ldaps://x:", "has a port that cannot be", "a port is a number from 1 to 65535"},
	    {"ldaps://", "names no host", "write ldaps://HOST"},
	    {"ldap://x,", "names a host that cannot be",
	     "a host is a name in ASCII, an IPv4 address, or an IPv6 address in [ ]"},
	    {"ldaps://ann@x/", "names a user", "remove what stands before the @, and the @"},
	    {"ldaps://x/dc=ex?uid", "says more than where the server is",
	     "remove what follows the host and the port: users, groups and units say what to read"},
	};
	char text[256], want[512];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(text, sizeof(text), LDAP("url: \"%s\""), wrong[i].url);
		snprintf(want, sizeof(want), "rosterd.conf:3: \"url\" %s\n    url: \"%s\" } }\n    hint: %s\n",
			 wrong[i].what, wrong[i].url, wrong[i].hint);
		expect(text, want);
	}
	expect(LDAP("url: \"ldaps://dc_1.ex.org:6360/ ldaps://[2001:db8::1]:636 ldap://127.0.0.1:1389\""), "");
}

static void base_is_a_dn_and_an_attribute_has_a_name(void **state)
{
	(void)state;
	expect(LDAP("url: \"ldaps://x\"\nusers: { base: \"people\"; attributes: { login: \"user name\" } }"),
	       "rosterd.conf:4: \"base\" is not a DN\n"
	       "    users: { base: \"people\"; attributes: { login: \"user name\" } } } }\n"
	       "    hint: write it as the server does: \"ou=people,dc=corp,dc=example\"\n"
	       "rosterd.conf:4: \"login\" is not the name of an attribute\n"
	       "    users: { base: \"people\"; attributes: { login: \"user name\" } } } }\n"
	       "    hint: write one name, as \"uid\" or \"sAMAccountName\"\n");
	expect(LDIF("file: \"x\"\ngroups: { base: \"dc=ex,\"; attributes: { id: \"-x\"; member: \"(cn\" } }"),
	       "rosterd.conf:4: \"base\" is not a DN\n"
	       "    groups: { base: \"dc=ex,\"; attributes: { id: \"-x\"; member: \"(cn\" } } } }\n"
	       "    hint: write it as the server does: \"ou=people,dc=corp,dc=example\"\n"
	       "rosterd.conf:4: \"id\" is not the name of an attribute\n"
	       "    groups: { base: \"dc=ex,\"; attributes: { id: \"-x\"; member: \"(cn\" } } } }\n"
	       "    hint: write one name, as \"uid\" or \"sAMAccountName\"\n"
	       "rosterd.conf:4: \"member\" is not the name of an attribute\n"
	       "    groups: { base: \"dc=ex,\"; attributes: { id: \"-x\"; member: \"(cn\" } } } }\n"
	       "    hint: write one name, as \"uid\" or \"sAMAccountName\"\n");
	expect(LDAP("url: \"ldaps://x\"; units: { base: \"\" }\n"
		    "users: { base: \"OU=A\\\\, B,DC=ex\"; attributes: { id: \"2.5.4.45\"; email: \"\"; name: "
		    "\"cn;lang-en\" } }"),
	       "");
}

static void password_does_not_travel_in_clear_text(void **state)
{
	static const char want[] = "rosterd.conf:3: the password would go to ldap://dc:389 without encryption\n"
				   "    url: \"ldap://dc:389\"\n"
				   "    hint: use ldaps://, or starttls: true; allow_plaintext: true if it must be\n";

	(void)state;
	expect(LDAP("url: \"ldap://dc:389\"\nbind_dn: \"CN=x\"; password: \"credential:x\""), want);
	expect(LDAP("url: \"ldap://dc\"; starttls: true\nbind_dn: \"CN=x\"; password: \"credential:x\""), "");
	expect(LDAP("url: \"ldap://dc\"; allow_plaintext: true\nbind_dn: \"CN=x\"; password: \"credential:x\""), "");
	expect(LDAP("url: \"ldap://127.0.0.1:389 ldap://[::1]:389 ldap://localhost/\"\nbind_dn: \"CN=x\"; password: "
		    "\"file:x\""),
	       "");
	expect(LDAP("url: \"ldap://dc\""), "");
}

static void bind_needs_both_its_halves(void **state)
{
	(void)state;
	expect(LDAP("url: \"ldaps://x\"; bind_dn: \"CN=x\""),
	       "rosterd.conf:3: \"bind_dn\" needs \"password\" beside it\n"
	       "    url: \"ldaps://x\"; bind_dn: \"CN=x\" } }\n"
	       "    hint: set both, or none for an anonymous bind\n");
	expect(LDAP("url: \"ldaps://x\"; password: \"file:x\""),
	       "rosterd.conf:3: \"password\" needs \"bind_dn\" beside it\n"
	       "    url: \"ldaps://x\"; password: \"file:x\" } }\n"
	       "    hint: set both, or none for an anonymous bind\n");
	expect(LDAP("url: \"ldaps://x\"; bind_dn: \"CN=x\"; password: \"file:x\"\nsasl: \"external\""),
	       "rosterd.conf:4: \"sasl\" and a bind with a password exclude each other\n"
	       "    sasl: \"external\" } }\n"
	       "    hint: set one of the two\n");
}

static void rule_has_exactly_one_selector(void **state)
{
	(void)state;
	expect(RULE("into: \"platform\"; role: \"R\""),
	       "rosterd.conf:2: rule \"r\" does not say which entries it is about\n"
	       "    rules: { default_admins: [ \"ann\" ]; r: {\n"
	       "    hint: it needs one of: group, filter, match, subtree, users\n");
	expect(RULE("group: \"CN=x\"; into: \"platform\"; role: \"R\"\nusers: \"(a=b)\""),
	       "rosterd.conf:4: rule \"r\" has both \"group\" and \"users\"\n"
	       "    users: \"(a=b)\" } }\n"
	       "    hint: write one rule for each\n");
}

static void group_is_named_by_its_dn(void **state)
{
	(void)state;
	expect(HEAD "rules: { default_admins: [ \"ann\" ]\n r: { group: \"devs\"; into: \"/x\"; role: \"R\" }\n"
		    " s: { group: \"/a=b\"; into: \"/x\"; role: \"R\" } }\n",
	       "rosterd.conf:3: rule \"r\" names the group \"devs\", which is not a DN\n"
	       "    r: { group: \"devs\"; into: \"/x\"; role: \"R\" }\n"
	       "    hint: write group: \"CN=NAME,OU=...,DC=...\"\n"
	       "rosterd.conf:4: rule \"s\" names the group \"/a=b\", which is not a DN\n"
	       "    s: { group: \"/a=b\"; into: \"/x\"; role: \"R\" } }\n"
	       "    hint: write group: \"CN=NAME,OU=...,DC=...\"\n");
}

static void rule_needs_a_place(void **state)
{
	(void)state;
	expect(RULE("group: \"CN=x\"; role: \"R\""), "rosterd.conf:2: rules.r has no \"into\"\n"
						     "    rules: { default_admins: [ \"ann\" ]; r: {\n"
						     "    hint: where the role holds: /path/of/groups, platform, "
						     "app:NAME or access-group:NAME; names may hold ${capture}\n");
	expect(RULE("group: \"CN=x\"; role: \"R\"; into: \"\""), "rosterd.conf:3: \"into\" must not be empty\n"
								 "    group: \"CN=x\"; role: \"R\"; into: \"\" } }\n"
								 "    hint: leave the key out if it is not needed\n");
}

static void rule_gives_a_role_or_administration(void **state)
{
	(void)state;
	expect(RULE("group: \"CN=x\"; into: \"platform\""), "rosterd.conf:2: rule \"r\" gives nothing\n"
							    "    rules: { default_admins: [ \"ann\" ]; r: {\n"
							    "    hint: write role: \"NAME\", or admin: true\n");
	expect(RULE("group: \"CN=x\"; into: \"platform\"\nadmin: false"),
	       "rosterd.conf:4: rule \"r\" gives nothing\n"
	       "    admin: false } }\n"
	       "    hint: write role: \"NAME\", or admin: true\n");
	expect(RULE("group: \"CN=x\"; into: \"/x\"; role: \"R\"\nadmin: true"),
	       "rosterd.conf:4: rule \"r\" gives both a role and administration of the group\n"
	       "    admin: true } }\n"
	       "    hint: write two rules\n");
}

static void role_map_and_capture_belong_together(void **state)
{
	(void)state;
	expect(RULE("match: \"cn ~ (?<k>x)\"; into: \"platform\"\nrole: { x: \"R\" }"),
	       "rosterd.conf:4: rule \"r\" does not say which capture chooses the role\n"
	       "    role: { x: \"R\" } } }\n"
	       "    hint: write role_by: \"NAME\" with the name of a capture\n");
	expect(RULE("match: \"cn ~ (?<k>x)\"; into: \"platform\"; role: \"R\"\nrole_by: \"k\""),
	       "rosterd.conf:4: rule \"r\" chooses by a capture, but has only one role\n"
	       "    role_by: \"k\" } }\n"
	       "    hint: write role: { VALUE: \"Role\"; ... }\n");
}

static void rule_names_a_source_that_is_there(void **state)
{
	(void)state;
	expect(HEAD "sources: { corp: { type: \"ldif\"; file: \"x\" } }\n"
		    "rules: { r: { users: \"(a=b)\"; into: \"platform\"; role: \"R\"\n source: \"crop\" } }\n",
	       "rosterd.conf:4: rule \"r\" looks at \"crop\", which is not among the sources\n"
	       "    source: \"crop\" } }\n"
	       "    hint: did you mean \"corp\"?\n");
	expect(RULE("users: \"(a=b)\"; into: \"platform\"; role: \"R\"\nsource: \"corp\""),
	       "rosterd.conf:4: rule \"r\" looks at \"corp\", which is not among the sources\n"
	       "    source: \"corp\" } }\n");
}

static void subtree_needs_units(void **state)
{
	static const char sources[] = HEAD "sources: { corp: { type: \"ldif\"; file: \"x\" } }\n"
					   "rules: { default_admins: [ \"ann\" ]\n"
					   " r: { subtree: \"OU=x\"; into: \"/o\"; role: \"R\" } }\n";

	(void)state;
	expect(sources, "rosterd.conf:4: rule \"r\" follows organizational units, but its source reads none\n"
			"    r: { subtree: \"OU=x\"; into: \"/o\"; role: \"R\" } }\n"
			"    hint: add units: { base: \"OU=...,DC=...\" } to the source\n");
	expect(RULE("users: \"(a=b)\"; into: \"platform\"; role: \"R\"\nmax_depth: 3"),
	       "rosterd.conf:4: rule \"r\" has no subtree whose depth could be limited\n"
	       "    max_depth: 3 } }\n"
	       "    hint: remove it\n");
}

static void rule_that_makes_groups_needs_somebody_to_administer_them(void **state)
{
	(void)state;
	expect(HEAD "rules: { r: { users: \"(a=b)\"; role: \"R\"\n into: \"/x\" } }\n",
	       "rosterd.conf:3: rule \"r\" can make groups, but nobody is named as their admin\n"
	       "    into: \"/x\" } }\n"
	       "    hint: add default_admins: [ \"LOGIN\" ] to rules, or admins to the rule\n");
	expect(HEAD "rules: { r: { users: \"(a=b)\"; role: \"R\"\n into: \"/x\"; admins: [ \"ann\" ] } }\n", "");
	expect(HEAD "rules: { default_admins: [ \"ann\" ]; r: { users: \"(a=b)\"; role: \"R\"; into: \"/x\" } }\n", "");
}

static void error_of_the_whole_names_the_first_mistake(void **state)
{
	struct loaded loaded =
	    load_text(HEAD "rules: { default_admins: [ \"\\b\" ] }\nsafety: { mode: 1; window: 2; grace: 3 }\n");

	(void)state;
	assert_string_equal(loaded.err.text, "rosterd.conf:3: \"mode\" must be a string, not a number (and 2 more)");
	loaded_free(&loaded);
	loaded = load_text("database: { embedded: \"/db\" }\n");
	assert_string_equal(loaded.err.text, "rosterd.conf: the file does not say \"version\"");
	loaded_free(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(source_needs_a_type_it_knows),
	    cmocka_unit_test(source_needs_what_its_type_needs),
	    cmocka_unit_test(keys_of_another_type_are_refused),
	    cmocka_unit_test(no_source_is_called_hand),
	    cmocka_unit_test(addresses_must_be_of_ldap_servers),
	    cmocka_unit_test(a_global_catalog_is_no_directory),
	    cmocka_unit_test(address_says_where_the_server_is_and_no_more),
	    cmocka_unit_test(base_is_a_dn_and_an_attribute_has_a_name),
	    cmocka_unit_test(password_does_not_travel_in_clear_text),
	    cmocka_unit_test(bind_needs_both_its_halves),
	    cmocka_unit_test(rule_has_exactly_one_selector),
	    cmocka_unit_test(group_is_named_by_its_dn),
	    cmocka_unit_test(rule_needs_a_place),
	    cmocka_unit_test(rule_gives_a_role_or_administration),
	    cmocka_unit_test(role_map_and_capture_belong_together),
	    cmocka_unit_test(rule_names_a_source_that_is_there),
	    cmocka_unit_test(subtree_needs_units),
	    cmocka_unit_test(rule_that_makes_groups_needs_somebody_to_administer_them),
	    cmocka_unit_test(error_of_the_whole_names_the_first_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
