/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>

#define SOURCE(more)                                                                                                   \
	"sources: { sso: { type: \"keycloak\"; issuer: \"https://x/realms/e\"; token: \"file:t\"; " more " } }\n"
#define SIGNIN(more)  SOURCE("") "signin: { " more " }\n"
#define OF            "client_id: \"c\"; source: \"sso\"; client_auth: \"none\"; "
#define WHO           "issuer: \"https://x/realms/e\"; client_id: \"c\"; source: \"sso\"; "
#define PUBLIC        WHO "client_auth: \"none\"; "
#define SIGNALS(more) SOURCE("signals: { " more " }")
#define FROM          "issuer: \"https://x\"; audience: \"a\"; "
#define HEARD         "signals: { listen: \"127.0.0.1:8444\" }\n"

/* NULL: nothing is wrong. */
static void first_error(const char *sections, const char *wanted)
{
	char text[1024];
	struct loaded loaded;

	snprintf(text, sizeof(text), HEAD "%s", sections);
	loaded = load_text(text);
	if (wanted && (loaded.findings.errors == 0 || !strstr(loaded.findings.items[0].text, wanted)))
		fail_msg("%s: \"%s\" is not \"%s\"", sections,
			 loaded.findings.count > 0 ? loaded.findings.items[0].text : "", wanted);
	if (!wanted && loaded.findings.count > 0)
		fail_msg("%s: %s", sections, loaded.findings.items[0].text);
	arena_free(&loaded.arena);
}

static void who_signs_in_proves_it_to_somebody(void **state)
{
	(void)state;
	first_error(SIGNIN(PUBLIC), NULL);
	first_error(SIGNIN(WHO "client_secret: \"file:s\""), NULL);
	first_error(SIGNIN(WHO), "has neither \"client_secret\" nor \"client_key\"");
	first_error(SIGNIN(PUBLIC "client_secret: \"file:s\""), "says that nothing is proven");
	first_error(SIGNIN("client_id: \"c\"; client_auth: \"none\"; source: \"sso\""), "has no \"issuer\"");
	first_error(SIGNIN("issuer: \"http://x\"; client_id: \"c\"; client_auth: \"none\"; source: \"sso\""),
		    "without encryption");
	first_error(SIGNIN("issuer: \"https://x/?a\"; client_id: \"c\"; client_auth: \"none\"; source: \"sso\""),
		    "has a query");
	first_error(SIGNIN("issuer: \"https://x\"; client_id: \"c\"; client_auth: \"none\"; source: \"other\""),
		    "names no source");
	first_error(SIGNIN(PUBLIC "scope: \"profile\""), "without which nobody says who signed in");
	first_error(SIGNIN(PUBLIC "jwks_url: \"http://y/keys\""), "without encryption");
}

static void ids_of_another_realm_are_other_ids(void **state)
{
	struct loaded loaded = load_text(HEAD SIGNIN("issuer: \"https://x/realms/f\"; " OF));

	(void)state;
	assert_int_equal(loaded.findings.count, 1);
	assert_int_equal(loaded.findings.errors, 0);
	assert_non_null(strstr(loaded.findings.items[0].text, "is not that of sources.sso"));
	arena_free(&loaded.arena);
}

static void tokens_are_signed_by_what_proves_something(void **state)
{
	(void)state;
	first_error(SIGNIN(PUBLIC "algorithms: [ \"ES256\", \"PS512\" ]"), NULL);
	first_error(SIGNIN(PUBLIC "algorithms: [ \"none\" ]"), "none that proves anything");
	first_error(SIGNIN(PUBLIC "algorithms: [ \"RS256\", \"HS256\" ]"), "none that proves anything");
}

static void a_token_crosses_no_network_without_encryption(void **state)
{
	(void)state;
	first_error(SIGNIN(PUBLIC "listen: \"unix:/run/x\""), NULL);
	first_error(SIGNIN(PUBLIC "listen: \"127.0.0.1:80\""), "must be a unix socket");
	first_error(SIGNIN(PUBLIC "listen: \"0.0.0.0:80\""), "listen");
	first_error(SIGNALS(FROM) "signals: { listen: \"0.0.0.0:80\" }\n", "listen");
}

static void who_says_something_is_heard_somewhere(void **state)
{
	(void)state;
	first_error(SIGNALS(FROM) HEARD, NULL);
	first_error(SIGNALS(FROM), "has nowhere to be heard");
	first_error(SIGNALS("issuer: \"https://x\"") HEARD, "has no \"audience\"");
	first_error(SIGNALS("issuer: \"ftp://x\"; audience: \"a\"") HEARD, "issuer");
	first_error("sources: { corp: { type: \"ldif\"; file: \"f\"; signals: { " FROM "} } }\n" HEARD, "signals");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_signs_in_proves_it_to_somebody),
	    cmocka_unit_test(ids_of_another_realm_are_other_ids),
	    cmocka_unit_test(tokens_are_signed_by_what_proves_something),
	    cmocka_unit_test(a_token_crosses_no_network_without_encryption),
	    cmocka_unit_test(who_says_something_is_heard_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
