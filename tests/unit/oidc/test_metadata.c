/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/arena.h"
#include "roster/oidc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct oidc_peer peer = {
    .issuer = "https://id.example:8443/realms/eng", .token_url = "", .device_url = "", .jwks_url = ""};

/* NULL: they are good. */
static void assert_metadata(const char *text, const char *why)
{
	struct arena *arena = arena_new();
	struct oidc_metadata metadata = {0};
	struct error err = {0};
	int status = oidc_metadata_parse(text, strlen(text), &peer, arena, &metadata, &err);

	if (!why && status)
		fail_msg("%s", err.text);
	if (why && (status == 0 || !strstr(err.text, why) || err.class != ERR_PROTOCOL))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
	arena_free(&arena);
}

#define OF_ISSUER "{\"issuer\":\"https://id.example:8443/realms/eng\""

static void metadata_are_those_of_the_issuer(void **state)
{
	(void)state;
	assert_metadata(OF_ISSUER "}", NULL);
	assert_metadata("{\"issuer\":\"https://id.example:8443/realms/eng/\"}", "exactly as the provider does");
	assert_metadata("{\"issuer\":\"https://ID.example:8443/realms/eng\"}", "exactly as the provider does");
	assert_metadata("{}", "exactly as the provider does");
	assert_metadata("{\"issuer\":5}", "issuer");
	assert_metadata("[]", "no JSON object");
	assert_metadata("", "");
	assert_metadata(OF_ISSUER ",\"issuer\":\"x\"}", "");
}

static void no_address_in_them_leads_elsewhere(void **state)
{
	static const char *const elsewhere[] = {"https://id.example/token",
						"http://id.example:8443/token",
						"https://evil.example:8443/token",
						"https://id.example:8443@evil.example/",
						"//id.example:8443/token",
						"token",
						"file:///etc/passwd",
						"https://user@id.example:8443/token"};
	struct str text = {0};

	(void)state;
	assert_metadata(OF_ISSUER ",\"token_endpoint\":\"https://id.example:8443/token\"}", NULL);
	assert_metadata(OF_ISSUER ",\"token_endpoint\":\"https://ID.EXAMPLE:8443/token\"}", NULL);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		static const char *const names[] = {"token_endpoint", "device_authorization_endpoint", "jwks_uri"};
		for (size_t k = 0; k < 3; k++) {
			str_clear(&text);
			str_printf(&text, OF_ISSUER ",\"%s\":\"%s\"}", names[k], elsewhere[i]);
			assert_metadata(text.data, "at another address");
		}
	}
	assert_metadata(OF_ISSUER ",\"token_endpoint\":[]}", "token_endpoint");
	str_free(&text);
}

static void they_are_kept_for_minutes_to_a_day(void **state)
{
	const int64_t least = 5 * 60 * 1000, most = 24 * 60 * 60 * 1000;

	(void)state;
	assert_int_equal(oidc_metadata_keep_ms(NULL), least);
	assert_int_equal(oidc_metadata_keep_ms("no-store"), least);
	assert_int_equal(oidc_metadata_keep_ms("public, max-age=600"), 600000);
	assert_int_equal(oidc_metadata_keep_ms("max-age=-5"), least);
	assert_int_equal(oidc_metadata_keep_ms("max-age=99999999999999999999"), most);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(metadata_are_those_of_the_issuer),
	    cmocka_unit_test(no_address_in_them_leads_elsewhere),
	    cmocka_unit_test(they_are_kept_for_minutes_to_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
