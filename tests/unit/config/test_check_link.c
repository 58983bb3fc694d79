/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>

#define LDAP(more)     "corp: { type: \"ldap\"; url: \"ldaps://x\"; " more " }\n"
#define KEYCLOAK(more) "sso: { type: \"keycloak\"; issuer: \"https://x/realms/e\"; token: \"file:t\"; " more " }\n"
#define OKTA(more)     "sso: { type: \"okta\"; url: \"https://x\"; token: \"file:t\"; " more " }\n"
#define SCIM(more)     "sso: { type: \"scim\"; url: \"https://x\"; token: \"file:t\"; " more " }\n"
#define NUMBER         "link: \"employeeNumber\""

/* NULL: nothing is wrong. */
static void first_error(const char *sources, const char *wanted)
{
	char text[1024];
	struct loaded loaded;

	snprintf(text, sizeof(text), HEAD "sources: { %s }\n", sources);
	loaded = load_text(text);
	if (wanted && (loaded.findings.errors == 0 || !strstr(loaded.findings.items[0].text, wanted)))
		fail_msg("%s: \"%s\" is not \"%s\"", sources,
			 loaded.findings.count > 0 ? loaded.findings.items[0].text : "", wanted);
	if (!wanted && loaded.findings.count > 0)
		fail_msg("%s: %s", sources, loaded.findings.items[0].text);
	arena_free(&loaded.arena);
}

static void what_people_write_themselves_links_nobody(void **state)
{
	static const char wrong[] = "people can write it themselves";

	(void)state;
	first_error(LDAP("link: \"mail\"") KEYCLOAK(NUMBER), wrong);
	first_error(LDAP("link: \"MAIL\"; dialect: \"openldap\"") KEYCLOAK(NUMBER), wrong);
	first_error(LDAP(NUMBER) OKTA("link: \"email\""), wrong);
	first_error(LDAP(NUMBER) OKTA("link: \"mobilePhone\""), wrong);
	first_error(LDAP(NUMBER) SCIM("link: \"/emails[?primary=true]/value\""), wrong);
	first_error(LDAP(NUMBER) SCIM("link: \"/name/familyName\""), wrong);
}

static void what_only_others_write_links(void **state)
{
	(void)state;
	first_error(LDAP(NUMBER) KEYCLOAK("link: \"staff_id\""), NULL);
	first_error(LDAP("link: \"mail\"; dialect: \"active-directory\"") KEYCLOAK("link: \"email\""), NULL);
	first_error(LDAP(NUMBER) SCIM("link: \"externalId\""), NULL);
	first_error(LDAP("link: \"uid\"") KEYCLOAK("link: \"username\""), NULL);
}

static void a_link_needs_another(void **state)
{
	(void)state;
	first_error(LDAP(NUMBER), "no other source has a link");
	first_error(LDAP(NUMBER) KEYCLOAK(""), "no other source has a link");
	first_error(LDAP("") KEYCLOAK(""), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_people_write_themselves_links_nobody),
	    cmocka_unit_test(what_only_others_write_links),
	    cmocka_unit_test(a_link_needs_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
