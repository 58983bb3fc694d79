/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a provider over time: the clock and its answers are of this test. */
#include "roster/arena.h"
#include "roster/elapsed.h"
#include "roster/oidc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/link/jwt_keys.h"
#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static int64_t now;
static int asked, status;
static char published[8192];

int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
	return now;
}

int __wrap_http_fetch(struct http *http, const struct http_request *request, struct http_reply *ret, struct error *err);
int __wrap_http_fetch(struct http *http, const struct http_request *request, struct http_reply *ret, struct error *err)
{
	(void)http;
	(void)err;
	assert_string_equal(request->url, "https://id.example/jwks");
	*ret = (struct http_reply){.status = status, .body = published, .size = strlen(published)};
	asked++;
	return 0;
}

const char *__wrap_http_reply_header(const struct http_reply *reply, const char *name, size_t index);
const char *__wrap_http_reply_header(const struct http_reply *reply, const char *name, size_t index)
{
	(void)reply;
	return strcmp(name, "Cache-Control") == 0 && index == 0 ? "max-age=600" : NULL;
}

static void publish(const char *jwk)
{
	snprintf(published, sizeof(published), "{\"keys\":[%s]}", jwk);
	status = 200;
}

static char *sign(const char *jwk)
{
	static const char claims[] = "{\"iss\":\"https://id.example\",\"aud\":\"roster\",\"exp\":4102444800}";
	struct jwt_key *key = NULL;
	struct json *object = NULL;
	struct str out = {0};

	assert_int_equal(jwt_key_parse(jwk, strlen(jwk), NULL, &key, NULL), 0);
	assert_int_equal(json_parse(claims, strlen(claims), JWT_MOST, &object, NULL), 0);
	assert_int_equal(jwt_sign(key, NULL, object, &out, NULL), 0);
	jwt_key_free(&key);
	json_free(&object);
	return str_take(&out);
}

static bool is_good(struct oidc_provider *provider, const char *jwk)
{
	const struct jwt_expect expect = {.issuer = "https://id.example", .audience = "roster"};
	struct json *claims = NULL;
	struct error err = {0};
	char *token = sign(jwk);
	enum jwt_verdict verdict;
	int rc = oidc_provider_judge(provider, token, &expect, &claims, &verdict, &err);

	assert_true((rc == 0) == (claims != NULL));
	json_free(&claims);
	free(token);
	return rc == 0;
}

static struct oidc_provider *begin(void)
{
	const struct oidc_peer peer = {.issuer = "", .jwks_url = "https://id.example/jwks", .ca_file = ""};

	now = 1000 * MINUTE;
	asked = 0;
	publish(rsa_jwk);
	return oidc_provider_new(&peer, NULL);
}

static void keys_are_kept_as_long_as_they_may_be(void **state)
{
	struct oidc_provider *provider = begin();

	(void)state;
	assert_true(is_good(provider, rsa_jwk) && is_good(provider, rsa_jwk));
	assert_int_equal(asked, 1);
	now += 9 * MINUTE;
	assert_true(is_good(provider, rsa_jwk));
	assert_int_equal(asked, 1);
	now += 2 * MINUTE;
	assert_true(is_good(provider, rsa_jwk));
	assert_int_equal(asked, 2);
	oidc_provider_free(&provider);
}

static void a_key_that_is_not_known_is_asked_for_once_a_minute(void **state)
{
	struct oidc_provider *provider = begin();

	(void)state;
	assert_true(is_good(provider, rsa_jwk));
	publish(ec_jwk);
	now += 59 * SECOND;
	assert_false(is_good(provider, ec_jwk));
	assert_int_equal(asked, 1);
	now += 2 * SECOND;
	assert_true(is_good(provider, ec_jwk));
	assert_int_equal(asked, 2);
	for (int i = 0; i < 10; i++)
		assert_false(is_good(provider, ec384_jwk));
	assert_int_equal(asked, 2);
	oidc_provider_free(&provider);
}

static void a_key_that_was_given_up_counts_for_a_while(void **state)
{
	struct oidc_provider *provider = begin();

	(void)state;
	assert_true(is_good(provider, rsa_jwk));
	publish(ec_jwk);
	now += 2 * MINUTE;
	assert_true(is_good(provider, ec_jwk) && is_good(provider, rsa_jwk));
	publish(ec384_jwk);
	now += 2 * MINUTE;
	assert_true(is_good(provider, ec384_jwk) && is_good(provider, ec_jwk) && is_good(provider, rsa_jwk));
	now += 9 * MINUTE;
	assert_true(is_good(provider, ec384_jwk) && is_good(provider, ec_jwk) && !is_good(provider, rsa_jwk));
	now += 2 * MINUTE;
	assert_true(is_good(provider, ec384_jwk) && !is_good(provider, ec_jwk));
	oidc_provider_free(&provider);
}

static void old_keys_are_better_than_none(void **state)
{
	struct oidc_provider *provider = begin();

	(void)state;
	assert_true(is_good(provider, rsa_jwk));
	status = 503;
	now += 11 * MINUTE;
	assert_true(is_good(provider, rsa_jwk));
	assert_int_equal(asked, 2);
	now += 30 * SECOND;
	assert_true(is_good(provider, rsa_jwk));
	assert_int_equal(asked, 2);
	publish("");
	now += MINUTE;
	assert_true(is_good(provider, rsa_jwk));
	assert_int_equal(asked, 3);
	oidc_provider_free(&provider);
}

static void without_keys_nothing_is_good(void **state)
{
	struct oidc_provider *provider = begin();

	(void)state;
	status = 404;
	assert_false(is_good(provider, rsa_jwk));
	publish(rsa_jwk);
	assert_true(is_good(provider, rsa_jwk));
	oidc_provider_free(&provider);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_kept_as_long_as_they_may_be),
	    cmocka_unit_test(a_key_that_is_not_known_is_asked_for_once_a_minute),
	    cmocka_unit_test(a_key_that_was_given_up_counts_for_a_while),
	    cmocka_unit_test(old_keys_are_better_than_none),
	    cmocka_unit_test(without_keys_nothing_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
