/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/arena.h"
#include "roster/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit/link/jwt_keys.h"
#include <cmocka.h>

enum { NOW = 1700000000 };

static const char *const usual[] = {"RS256", "ES256"};

static struct jwt_expect expectation(void)
{
	return (struct jwt_expect){.algorithms = usual,
				   .algorithm_count = 2,
				   .issuer = "https://id.example",
				   .audience = "roster",
				   .now = NOW,
				   .leeway = 30};
}

static struct jwt_keys *keys_of(const char *first, const char *second)
{
	struct jwt_keys *keys = NULL;
	struct str set = {0};
	struct error err = {0};

	str_printf(&set, "{\"keys\":[%s%s%s]}", first, second ? "," : "", second ? second : "");
	if (jwt_keys_parse(set.data, set.size, &keys, &err) != 0)
		fail_msg("%s", err.text);
	str_free(&set);
	return keys;
}

static char *sign(const char *jwk, const char *claims)
{
	struct jwt_key *key = NULL;
	struct json *object = NULL;
	struct error err = {0};
	struct str out = {0};

	if (jwt_key_parse(jwk, strlen(jwk), NULL, &key, &err) != 0 ||
	    json_parse(claims, strlen(claims), JWT_MOST, &object, &err) != 0 ||
	    jwt_sign(key, NULL, object, &out, &err) != 0)
		fail_msg("%s", err.text);
	jwt_key_free(&key);
	json_free(&object);
	return str_take(&out);
}

static char *encode(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t size = strlen(text);
	struct str out = {0};

	for (size_t i = 0; i < size; i += 3) {
		unsigned long bits = (unsigned char)text[i] * 65536UL;
		bits += i + 1 < size ? (unsigned char)text[i + 1] * 256UL : 0;
		bits += i + 2 < size ? (unsigned char)text[i + 2] : 0;
		for (size_t k = 0; k < 4 && i + k <= size; k++)
			str_add_char(&out, letters[bits >> (18 - 6 * k) & 63]);
	}
	return str_take(&out);
}

/* The verdict, and the reason where it is not good. */
static enum jwt_verdict judge(const char *token, struct jwt_keys *keys, const struct jwt_expect *expect,
			      const char *why)
{
	struct json *claims = NULL;
	struct error err = {0};
	enum jwt_verdict verdict = jwt_judge(token, keys, expect, &claims, &err);

	if (verdict == JWT_GOOD)
		assert_null(why);
	else if (!why || !strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why ? why : "that it is good");
	assert_true((verdict == JWT_GOOD) == (claims != NULL));
	json_free(&claims);
	return verdict;
}

static const char good_claims[] =
    "{\"iss\":\"https://id.example\",\"aud\":\"roster\",\"sub\":\"ann\",\"iat\":1699999990,\"exp\":1700000060}";

static void what_is_signed_is_good(void **state)
{
	static const char *const jwks[] = {rsa_jwk, ec_jwk};
	const struct jwt_expect expect = expectation();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct jwt_keys *keys = keys_of(rsa_jwk, ec_jwk);
		char *token = sign(jwks[i], good_claims);
		judge(token, keys, &expect, NULL);
		free(token);
		assert_int_equal(jwt_keys_count(keys), 2);
		jwt_keys_free(&keys);
	}
}

/* RFC 7515: the signatures are right, and so the next question is for whom they are. */
static void the_examples_of_the_standard_are_signed_well(void **state)
{
	static const char *const examples[][2] = {{rfc_rsa, rfc_rsa_token}, {rfc_ec, rfc_ec_token}};
	struct jwt_expect expect = expectation();

	(void)state;
	expect.issuer = "joe";
	for (size_t i = 0; i < 2; i++) {
		struct jwt_keys *keys = keys_of(examples[i][0], NULL), *others = keys_of(rsa_jwk, ec_jwk);
		char *forged = xstrdup(examples[i][1]);
		judge(examples[i][1], keys, &expect, "for somebody else than \"roster\"");
		judge(examples[i][1], others, &expect, "signature that is not that of its issuer");
		forged[strlen(forged) - 10] ^= 1;
		judge(forged, keys, &expect, "signature");
		free(forged);
		jwt_keys_free(&keys);
		jwt_keys_free(&others);
	}
}

/* RFC 7520 section 4: the signature is right, and what it signs says nothing of anybody. A secret that both know proves nothing. */
static void the_cookbook_is_signed_well(void **state)
{
	static const char *const signed_well[][2] = {
	    {cookbook_rsa, cookbook_rs256}, {cookbook_rsa, cookbook_ps384}, {cookbook_ec, cookbook_es512}};
	struct jwt_expect expect = expectation();

	(void)state;
	expect.algorithm_count = 0;
	for (size_t i = 0; i < 3; i++) {
		struct jwt_keys *keys = keys_of(signed_well[i][0], NULL);
		char *forged = xstrdup(signed_well[i][1]);
		assert_int_equal(judge(signed_well[i][1], keys, &expect, "holds no claims"), JWT_REFUSED);
		strstr(forged, ".SXTig")[10] ^= 1;
		assert_int_equal(judge(forged, keys, &expect, "signature that is not"), JWT_REFUSED);
		free(forged);
		jwt_keys_free(&keys);
	}
	struct jwt_keys *keys = keys_of(cookbook_rsa, cookbook_oct);
	assert_int_equal(jwt_keys_count(keys), 1);
	judge(cookbook_hs256, keys, &expect, "signed with \"HS256\"");
	jwt_keys_free(&keys);
}

/* The same claims under a header of somebody else's making, with a signature or none. */
static void assert_header_refused(const char *header, const char *signature, const char *why)
{
	const struct jwt_expect expect = expectation();
	struct jwt_keys *keys = keys_of(rsa_jwk, ec_jwk);
	char *head = encode(header), *body = encode(good_claims);
	struct str token = {0};

	str_printf(&token, "%s.%s.%s", head, body, signature);
	judge(token.data, keys, &expect, why);
	str_free(&token);
	free(head);
	free(body);
	jwt_keys_free(&keys);
}

static void a_header_decides_nothing(void **state)
{
	(void)state;
	assert_header_refused("{\"alg\":\"none\"}", "", "no JSON Web Token");
	assert_header_refused("{\"alg\":\"none\"}", "AAAA", "signed with \"none\"");
	assert_header_refused("{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}", "AAAA",
			      "signed with \"HS256\", and only RS256, ES256 are");
	assert_header_refused("{\"alg\":\"RS512\",\"kid\":\"rsa-1\"}", "AAAA", "signed with \"RS512\"");
	assert_header_refused("{\"alg\":\"ES256\",\"kid\":\"rsa-1\"}", "AAAA", "signature");
	assert_header_refused("{\"alg\":\"RS256\",\"kid\":\"nobody\"}", "AAAA",
			      "key \"nobody\", which its issuer does not name");
	assert_header_refused("{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", "AAAA", "crit");
	assert_header_refused("{\"alg\":\"RS256\",\"b64\":false}", "AAAA", "crit");
	assert_header_refused("{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\"},\"jku\":\"https://evil.example\"}", "AAAA",
			      "signature");
	assert_header_refused("{\"alg\":\"RS256\",\"alg\":\"RS256\"}", "AAAA", "no JSON Web Token");
	assert_header_refused("[]", "AAAA", "no JSON Web Token");
	assert_header_refused("{\"alg\":5}", "AAAA", "signed with \"\"");
}

static void assert_text_refused(const char *text, const char *why)
{
	const struct jwt_expect expect = expectation();
	struct jwt_keys *keys = keys_of(rsa_jwk, NULL);

	judge(text, keys, &expect, why);
	jwt_keys_free(&keys);
}

static void what_is_no_token_is_none(void **state)
{
	char *token = sign(rsa_jwk, good_claims);
	struct str text = {0};

	(void)state;
	assert_text_refused("", "no JSON Web Token");
	assert_text_refused("..", "no JSON Web Token");
	assert_text_refused("a.b", "no JSON Web Token");
	str_printf(&text, "%s.AAAA", token);
	assert_text_refused(text.data, "no JSON Web Token");
	str_clear(&text);
	str_printf(&text, "%s=", token);
	assert_text_refused(text.data, "no JSON Web Token");
	str_clear(&text);
	str_printf(&text, " %s", token);
	assert_text_refused(text.data, "no JSON Web Token");
	str_clear(&text);
	while (text.size <= JWT_MOST)
		str_add(&text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_text_refused(text.data, "longer than 64 KiB");
	str_free(&text);
	free(token);
}

static void assert_claims(const char *claims, const struct jwt_expect *expect, const char *why)
{
	struct jwt_keys *keys = keys_of(ec_jwk, NULL);
	char *token = sign(ec_jwk, claims);

	judge(token, keys, expect, why);
	free(token);
	jwt_keys_free(&keys);
}

#define CLAIMS(more) "{\"iss\":\"https://id.example\",\"aud\":\"roster\"" more "}"

static void the_times_are_judged(void **state)
{
	struct jwt_expect expect = expectation();

	(void)state;
	assert_claims(CLAIMS(",\"exp\":1699999999"), &expect, NULL);
	assert_claims(CLAIMS(",\"exp\":1699999970"), &expect, "expired 30 s ago");
	assert_claims(CLAIMS(",\"exp\":1700000000.5"), &expect, NULL);
	assert_claims(CLAIMS(",\"exp\":\"1700000060\""), &expect, "a time that is none");
	assert_claims(CLAIMS(",\"exp\":-1"), &expect, "a time that is none");
	assert_claims(CLAIMS(""), &expect, "when it expires");
	assert_claims(CLAIMS(",\"exp\":1700000060,\"nbf\":1700000031"), &expect, "future");
	assert_claims(CLAIMS(",\"exp\":1700000060,\"nbf\":1700000030"), &expect, NULL);
	assert_claims(CLAIMS(",\"exp\":1700000060,\"iat\":1700000031"), &expect, "future");
	expect.lasting = true;
	assert_claims(CLAIMS(",\"iat\":1600000000"), &expect, NULL);
	assert_claims(CLAIMS(""), &expect, "when it was issued");
}

static void the_names_are_judged(void **state)
{
	struct jwt_expect expect = expectation();

	(void)state;
	assert_claims("{\"iss\":\"https://id.example/\",\"aud\":\"roster\",\"exp\":1700000060}", &expect, "of issuer");
	assert_claims("{\"aud\":\"roster\",\"exp\":1700000060}", &expect, "of issuer \"\"");
	assert_claims("{\"iss\":\"https://id.example\",\"exp\":1700000060}", &expect, "aud");
	assert_claims("{\"iss\":\"https://id.example\",\"aud\":[\"a\",\"roster\"],\"exp\":1700000060}", &expect, NULL);
	assert_claims("{\"iss\":\"https://id.example\",\"aud\":[\"a\",5],\"exp\":1700000060}", &expect, "aud");
	assert_claims(CLAIMS(",\"exp\":1700000060,\"sub\":5"), &expect, "subject");
	expect.party = "roster";
	assert_claims(CLAIMS(",\"exp\":1700000060"), &expect, NULL);
	assert_claims(CLAIMS(",\"exp\":1700000060,\"azp\":\"other\""), &expect, "azp");
	assert_claims("{\"iss\":\"https://id.example\",\"aud\":[\"a\",\"roster\"],\"exp\":1700000060}", &expect, "azp");
	expect.party = NULL;
	expect.nonce = "n1";
	assert_claims(CLAIMS(",\"exp\":1700000060"), &expect, "nonce");
	assert_claims(CLAIMS(",\"exp\":1700000060,\"nonce\":\"n2\""), &expect, "nonce");
	assert_claims(CLAIMS(",\"exp\":1700000060,\"nonce\":\"n1\""), &expect, NULL);
	expect.nonce = NULL;
	expect.type = "secevent+jwt";
	assert_claims(CLAIMS(",\"exp\":1700000060"), &expect, "of the type \"JWT\"");
	expect.type = "jwt";
	assert_claims(CLAIMS(",\"exp\":1700000060"), &expect, NULL);
}

static void a_key_of_another_curve_or_kind_does_not_count(void **state)
{
	const struct jwt_expect expect = expectation();
	struct jwt_keys *keys = keys_of(ec384_jwk, NULL);
	char *token = sign(ec_jwk, good_claims), *strong = sign(ec384_jwk, good_claims);

	(void)state;
	assert_int_equal(judge(token, keys, &expect, "key \"ec-1\""), JWT_UNKNOWN_KEY);
	assert_int_equal(judge(strong, keys, &expect, "signed with \"ES384\""), JWT_REFUSED);
	free(token);
	free(strong);
	jwt_keys_free(&keys);
}

static void assert_no_keys(const char *set)
{
	struct jwt_keys *keys = NULL;
	struct error err = {0};

	assert_int_equal(jwt_keys_parse(set, strlen(set), &keys, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
	assert_null(keys);
}

static void keys_that_cannot_judge_are_passed_over(void **state)
{
	struct str set = {0};

	(void)state;
	assert_no_keys("");
	assert_no_keys("{}");
	assert_no_keys("{\"keys\":{}}");
	assert_no_keys("{\"keys\":[]}");
	assert_no_keys("{\"keys\":[5,null,{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"EC\",\"crv\":\"P-1\"}]}");
	str_printf(&set, "{\"keys\":[%s]}", weak_jwk);
	assert_no_keys(set.data);
	str_clear(&set);
	str_printf(&set, "{\"keys\":[{\"use\":\"enc\",%s]}", ec_jwk + 1);
	assert_no_keys(set.data);
	str_clear(&set);
	str_printf(&set, "{\"keys\":[{\"key_ops\":[\"sign\"],%s]}", ec_jwk + 1);
	assert_no_keys(set.data);
	str_free(&set);
}

static void assert_no_private_key(const char *text, const char *why)
{
	struct jwt_key *key = NULL;
	struct error err = {0};

	assert_int_equal(jwt_key_parse(text, strlen(text), NULL, &key, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	assert_null(key);
}

static void a_private_key_is_needed_to_sign(void **state)
{
	struct jwt_key *key = NULL;
	struct error err = {0};
	struct str google = {0};

	(void)state;
	assert_no_private_key("", "no private key");
	assert_no_private_key("-----BEGIN PRIVATE KEY-----\n", "no private key");
	assert_no_private_key(rsa_public_pem, "no private key");
	assert_no_private_key(ec_pem_locked, "without a password");
	assert_no_private_key(rfc_rsa, "cannot sign");
	assert_no_private_key(weak_jwk, "2048");
	assert_int_equal(jwt_key_parse(ec_pem, strlen(ec_pem), "mine", &key, &err), 0);
	assert_string_equal(jwt_key_algorithm(key), "ES256");
	assert_int_equal(jwt_sign(key, &(struct jwt_style){.algorithm = "RS256"}, NULL, &google, &err), -1);
	jwt_key_free(&key);
	str_add(&google, "{\"type\":\"service_account\",\"private_key_id\":\"g\",\"private_key\":");
	json_add_text(&google, ec_pem);
	str_add(&google, "}");
	assert_int_equal(jwt_key_parse(google.data, google.size, NULL, &key, &err), 0);
	jwt_key_free(&key);
	jwt_key_free(&key);
	str_free(&google);
}

/* The example of RFC 9449 section 7.1; and a key that is shown is not shown whole. */
static void a_proof_names_its_token_and_shows_its_key(void **state)
{
	static const char shown[] = "\"jwk\":{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":";
	static const struct jwt_style style = {.type = "dpop+jwt", .shows_key = true};
	struct jwt_key *key = NULL;
	struct json *claims = json_new_object();
	struct str out = {0}, header = {0};

	(void)state;
	jwt_digest("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", &out);
	assert_string_equal(str_text(&out), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
	str_clear(&out);
	assert_int_equal(jwt_key_generate(&key, NULL), 0);
	assert_string_equal(jwt_key_algorithm(key), "ES256");
	assert_int_equal(jwt_sign(key, &style, claims, &out, NULL), 0);
	for (char *at = out.data; *at; at++)
		*at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
	size_t size = strcspn(str_text(&out), ".");
	str_append(&header, out.data, size);
	while (header.size % 4)
		str_add_char(&header, '=');
	str_clear(&out);
	assert_true(base64_decode(header.data, header.size, &out) >= 0);
	assert_non_null(strstr(str_text(&out), "\"typ\":\"dpop+jwt\""));
	assert_non_null(strstr(str_text(&out), shown));
	assert_null(strstr(str_text(&out), "\"d\":"));
	json_free(&claims);
	jwt_key_free(&key);
	str_free(&header);
	str_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_signed_is_good),
	    cmocka_unit_test(the_examples_of_the_standard_are_signed_well),
	    cmocka_unit_test(the_cookbook_is_signed_well),
	    cmocka_unit_test(a_header_decides_nothing),
	    cmocka_unit_test(what_is_no_token_is_none),
	    cmocka_unit_test(the_times_are_judged),
	    cmocka_unit_test(the_names_are_judged),
	    cmocka_unit_test(a_key_of_another_curve_or_kind_does_not_count),
	    cmocka_unit_test(keys_that_cannot_judge_are_passed_over),
	    cmocka_unit_test(a_private_key_is_needed_to_sign),
	    cmocka_unit_test(a_proof_names_its_token_and_shows_its_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
