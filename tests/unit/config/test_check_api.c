/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>

#define API(type, more) HEAD "sources: { sso: { type: \"" type "\"\n" more " } }\n"
#define CLIENT          "client_id: \"r\"; client_secret: \"file:s\"; "

/* The first finding says so; NULL: there is none. */
static void first_finding(const char *text, const char *wanted)
{
	struct loaded loaded = load_text(text);

	if (wanted && (loaded.findings.errors == 0 || !strstr(loaded.findings.items[0].text, wanted)))
		fail_msg("\"%s\" is not \"%s\"", loaded.findings.count > 0 ? loaded.findings.items[0].text : "",
			 wanted);
	if (!wanted && loaded.findings.count > 0)
		fail_msg("%s", loaded.findings.items[0].text);
	arena_free(&loaded.arena);
}

static void each_type_needs_what_it_needs(void **state)
{
	(void)state;
	first_finding(API("keycloak", "issuer: \"https://x/realms/e\"; " CLIENT), NULL);
	first_finding(API("keycloak", CLIENT), "sources.sso has no \"issuer\"");
	first_finding(API("keycloak", "issuer: \"https://x/realms/e\"; token: \"file:t\""), NULL);
	first_finding(API("scim", "token: \"file:t\""), "sources.sso has no \"url\"");
	first_finding(API("scim", "url: \"https://x\""), "does not say how roster proves who it is");
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\""), NULL);
	first_finding(API("graph", "issuer: \"https://x/t/v2.0\"; " CLIENT), NULL);
	first_finding(API("okta", "url: \"https://x\"; client_id: \"r\"; client_key: \"file:k\""), NULL);
	first_finding(API("google", "client_id: \"r\"; client_key: \"file:k\""), "has no \"subject\"");
	first_finding(API("google", "subject: \"a@b\"; client_id: \"r\"; client_key: \"file:k\""), NULL);
	first_finding(API("authentik", "url: \"https://x\"; token: \"file:t\""), NULL);
	first_finding(API("rest", "url: \"https://x\"; token: \"file:t\"; pages: { by: \"none\" }"),
		      "does not say where its people are");
	first_finding(API("rest", "url: \"https://x\"; token: \"file:t\"; users: { path: \"/u\" }"),
		      "has no \"pages\"");
}

static void what_proves_who_roster_is_fits_together(void **state)
{
	static const struct {
		const char *keys, *wanted;
	} cases[] = {
	    {"client_id: \"r\"", "neither \"client_secret\" nor \"client_key\""},
	    {"client_secret: \"file:s\"", "has no \"client_id\""},
	    {CLIENT "client_key: \"file:k\"", "exclude each other"},
	    {CLIENT "client_auth: \"jwt\"", "needs \"client_key\""},
	    {"client_id: \"r\"; client_key: \"file:k\"; client_auth: \"post\"", "needs \"client_secret\""},
	    {"client_id: \"r\"; client_key: \"file:k\"; client_auth: \"tls\"", "needs \"client_cert\""},
	    {"client_id: \"r\"; client_secret: \"file:k\"; client_cert: \"c\"", "needs \"client_key\""},
	    {CLIENT "token: \"file:t\"", "and \"token\" exclude each other"},
	    {CLIENT "client_auth: \"digest\"", "cannot be \"digest\""},
	    {CLIENT, NULL},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), API("keycloak", "issuer: \"https://x/realms/e\"; %s"), cases[i].keys);
		first_finding(text, cases[i].wanted);
	}
}

static void addresses_are_those_of_web_servers(void **state)
{
	(void)state;
	first_finding(API("keycloak", "issuer: \"http://x/realms/e\"; " CLIENT), "without encryption");
	first_finding(API("keycloak", "issuer: \"http://127.0.0.1:80/realms/e\"; " CLIENT), NULL);
	first_finding(API("keycloak", "issuer: \"https://x/realms/e?a\"; " CLIENT), "which no issuer has");
	first_finding(API("graph", "issuer: \"https://login.x/common/v2.0\"; " CLIENT), "that of no one tenant");
	first_finding(API("scim", "url: \"ftp://x\"; token: \"file:t\""), "is not the address of a web server");
	first_finding(API("scim", "url: \"https://x https://y\"; token: \"file:t\""), "names several");
	first_finding(API("scim", "url: \"https://169.254.169.254\"; token: \"file:t\""), "where roster never goes");
}

static void keys_of_others_are_refused(void **state)
{
	(void)state;
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\"; bind_dn: \"cn=a\""),
		      "\"bind_dn\" does not apply");
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\"; users: { base: \"dc=x\" }"),
		      "\"base\" does not apply");
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\"; users: { path: \"/u\" }"),
		      "\"path\" is for a source");
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\"; pages: { by: \"none\" }"),
		      "\"pages\" is for a source");
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\"; roles: true"), "\"roles\" is for a source");
	first_finding(API("scim", "url: \"https://x\"; token: \"file:t\"; subject: \"a@b\""),
		      "\"subject\" is for a source");
	first_finding(API("ldap", "url: \"ldaps://x\"; issuer: \"https://x\""), "\"issuer\" does not apply");
	first_finding(API("ldap", "url: \"ldaps://x\"; users: { attributes: { login: \"/a\" } }"),
		      "not the name of an attribute");
}

static void a_description_is_whole(void **state)
{
	static const struct {
		const char *keys, *wanted;
	} cases[] = {
	    {"pages: { }", "by what the next page is named"},
	    {"pages: { by: \"offset\" }", "the parameter the next page is named by"},
	    {"pages: { by: \"cursor\"; at: \"c\" }", "needs \"at\" and \"next\""},
	    {"pages: { by: \"next\" }", "where the next address is"},
	    {"pages: { by: \"next\"; next: \"meta\" }", "is not a pointer"},
	    {"pages: { by: \"none\" }; groups: { path: \"/g\"; members: \"/m\" }", "does not say which group"},
	    {"pages: { by: \"none\" }; groups: { path: \"/g\"; members: \"/g/{id}/m\" }", NULL},
	    {"pages: { by: \"none\" }; groups: { path: \"/g\"; attributes: { id: \"a=b\" } }",
	     "not the name of an attribute"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 API("rest", "url: \"https://x\"; token: \"file:t\"; users: { path: \"/u\" }; %s"),
			 cases[i].keys);
		first_finding(text, cases[i].wanted);
	}
}

static void a_rule_names_groups_as_its_source_does(void **state)
{
	static const char form[] = HEAD "sources: { sso: { type: \"scim\"; url: \"https://x\"; token: \"file:t\" }\n"
					"corp: { type: \"ldif\"; file: \"f\" } }\n"
					"rules: { default_admins: [ \"a\" ]; r: { %s; into: \"/a\"; role: \"b\" } }\n";
	static const struct {
		const char *rule, *wanted;
	} cases[] = {
	    {"source: \"sso\"; group: \"/ops\"", NULL},
	    {"source: \"sso\"; group: \"role:ops\"", NULL},
	    {"source: \"sso\"; group: \"cn=a,dc=b\"", "which is not a path"},
	    {"source: \"corp\"; group: \"/ops\"", "which is not a DN"},
	    {"source: \"corp\"; group: \"cn=a,dc=b\"", NULL},
	    {"group: \"/ops\"", NULL},
	    {"group: \"cn=a,dc=b\"", NULL},
	    {"group: \"ops\"", "which is not a DN"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), form, cases[i].rule);
		first_finding(text, cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_type_needs_what_it_needs),
	    cmocka_unit_test(what_proves_who_roster_is_fits_together),
	    cmocka_unit_test(addresses_are_those_of_web_servers),
	    cmocka_unit_test(keys_of_others_are_refused),
	    cmocka_unit_test(a_description_is_whole),
	    cmocka_unit_test(a_rule_names_groups_as_its_source_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
