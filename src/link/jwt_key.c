/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: sets to judge by, and the private one to sign with. */
#include "link/jwt_private.h"

#include "roster/arena.h"

#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <jose/openssl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

struct jwt_key {
	json_t *jwk;
	char *id;
	json_t *sha1, *sha256; /* of its certificate; NULL: it is not named */
};

/* What signs how: kty, and crv where that matters. */
static const struct algorithm {
	const char *name, *kind, *curve;
} algorithms[] = {
    {"RS256", "RSA", NULL},   {"RS384", "RSA", NULL},   {"RS512", "RSA", NULL},
    {"PS256", "RSA", NULL},   {"PS384", "RSA", NULL},   {"PS512", "RSA", NULL},
    {"ES256", "EC", "P-256"}, {"ES384", "EC", "P-384"}, {"ES512", "EC", "P-521"},
};
enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

static const char *text_of(const json_t *key, const char *name)
{
	const char *text = json_string_value(json_object_get(key, name));

	return text ? text : "";
}

static bool is_of(const json_t *key, const struct algorithm *algorithm)
{
	return strcmp(text_of(key, "kty"), algorithm->kind) == 0 &&
	       (!algorithm->curve || strcmp(text_of(key, "crv"), algorithm->curve) == 0);
}

bool jwt_algorithm_is_known(const char *name)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return true;
	return false;
}

bool jwt_fits(const json_t *key, const char *name)
{
	const char *own = text_of(key, "alg");

	if (*own && strcmp(own, name) != 0)
		return false;
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return is_of(key, &algorithms[i]);
	return false;
}

size_t jwt_rsa_bits(const json_t *key)
{
	size_t bytes =
	    strcmp(text_of(key, "kty"), "RSA") == 0 ? jose_b64_dec(json_object_get(key, "n"), NULL, 0) : SIZE_MAX;

	return bytes == SIZE_MAX ? 0 : bytes * 8;
}

static bool is_strong(const json_t *key)
{
	return strcmp(text_of(key, "kty"), "RSA") != 0 || jwt_rsa_bits(key) >= JWT_RSA_BITS_LEAST;
}

static bool is_known(const json_t *key)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (is_of(key, &algorithms[i]))
			return true;
	return false;
}

/* --- sets ------------------------------------------------------------------------------------------------------------------ */

/* RFC 7517 sections 4.2 and 4.3 */
static bool is_for_signatures(const json_t *key)
{
	const char *use = text_of(key, "use");
	const json_t *operations = json_object_get(key, "key_ops");
	bool is_meant = !operations;

	for (size_t i = 0; i < json_array_size(operations); i++) {
		const char *operation = json_string_value(json_array_get(operations, i));
		is_meant = is_meant || (operation && strcmp(operation, "verify") == 0);
	}
	return is_meant && (!*use || strcmp(use, "sig") == 0);
}

/* What a set says of private keys is nobody's business. */
static json_t *public_part(const json_t *key)
{
	static const char *const kept[] = {"kty", "kid", "alg", "n", "e", "crv", "x", "y"};
	json_t *copy = json_object();

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (json_object_get(key, kept[i]))
			json_object_set(copy, kept[i], json_object_get(key, kept[i]));
	return copy;
}

int jwt_keys_parse(const char *bytes, size_t size, struct jwt_keys **ret, struct error *err)
{
	struct json *set = NULL;
	json_t *usable = json_array();

	if (json_parse(bytes, size, 1 << 20, &set, err) == 0) {
		const json_t *keys = json_object_get(jwt_theirs(set), "keys");
		for (size_t i = 0; i < json_array_size(keys); i++) {
			const json_t *key = json_array_get(keys, i);
			if (is_known(key) && is_strong(key) && is_for_signatures(key))
				json_array_append_new(usable, public_part(key));
		}
		if (!json_is_array(keys))
			error_set(err, ERR_DATA, "it is no set of keys");
		else if (json_array_size(usable) == 0)
			error_set(err, ERR_DATA, "none of its keys can judge a signature");
	}
	json_free(&set);
	if (json_array_size(usable) == 0) {
		json_decref(usable);
		return -1;
	}
	*ret = (struct jwt_keys *)usable;
	return 0;
}

void jwt_keys_free(struct jwt_keys **keys)
{
	json_decref((json_t *)*keys);
	*keys = NULL;
}

size_t jwt_keys_count(const struct jwt_keys *keys)
{
	return json_array_size((const json_t *)keys);
}

/* --- the private one ------------------------------------------------------------------------------------------------------- */

/* A key that asks for a password asks nobody. */
static int no_password(char *text, int size, int writing, void *context)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static json_t *from_pem(const char *bytes, size_t size)
{
	BIO *memory = BIO_new_mem_buf(bytes, (int)size);
	EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, no_password, NULL) : NULL;
	json_t *jwk = key ? jose_openssl_jwk_from_EVP_PKEY(NULL, key) : NULL;

	EVP_PKEY_free(key);
	BIO_free(memory);
	return jwk;
}

/* A JWK, or what Google gives for a service account. */
static json_t *from_json(const char *bytes, size_t size, const char **id)
{
	json_error_t fault;
	json_t *object = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &fault), *jwk = NULL;
	const char *pem = json_string_value(json_object_get(object, "private_key"));

	if (pem) {
		jwk = from_pem(pem, strlen(pem));
		if (jwk && json_object_get(object, "private_key_id"))
			json_object_set(jwk, "kid", json_object_get(object, "private_key_id"));
	} else if (json_object_get(object, "kty")) {
		jwk = json_incref(object);
	}
	json_decref(object);
	*id = jwk ? json_string_value(json_object_get(jwk, "kid")) : NULL;
	return jwk;
}

int jwt_key_parse(const char *bytes, size_t size, const char *id, struct jwt_key **ret, struct error *err)
{
	const char *own = NULL;
	bool json = size > 0 && bytes[strspn(bytes, " \t\r\n")] == '{';
	json_t *jwk = size > 1 << 20 ? NULL : json ? from_json(bytes, size, &own) : from_pem(bytes, size);

	if (!jwk)
		return error_set(err, ERR_CONFIG, "it is no private key in PEM without a password, nor a JWK");
	struct jwt_key *key = xcalloc(1, sizeof(*key));
	key->jwk = jwk;
	if (id || own)
		key->id = xstrdup(id ? id : own);
	*ret = key;
	if (json_object_get(jwk, "d") && is_known(jwk) && is_strong(jwk))
		return 0;
	jwt_key_free(ret);
	return error_set(
	    err, ERR_CONFIG,
	    "it cannot sign: it has to be a private RSA key of 2048 bits, or one of the curves P-256, P-384 and "
	    "P-521");
}

int jwt_key_generate(struct jwt_key **ret, struct error *err)
{
	json_t *jwk = json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256");

	if (!jose_jwk_gen(NULL, jwk)) {
		json_decref(jwk);
		return error_set(err, ERR_INTERNAL, "no key can be made");
	}
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->jwk = jwk;
	return 0;
}

void jwt_key_free(struct jwt_key **key)
{
	if (!*key)
		return;
	/* Every part of it that is a text, the secret ones too. */
	const char *name;
	json_t *value;
	json_object_foreach((*key)->jwk, name, value) if (json_is_string(value))
	    explicit_bzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
	json_decref((*key)->jwk);
	json_decref((*key)->sha1);
	json_decref((*key)->sha256);
	free((*key)->id);
	free(*key);
	*key = NULL;
}

/* --- its certificate ------------------------------------------------------------------------------------------------------- */

static json_t *thumbprint(const X509 *certificate, const EVP_MD *digest)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	return X509_digest(certificate, digest, bytes, &size) == 1 ? jose_b64_enc(bytes, size) : NULL;
}

static bool is_its_key(const X509 *certificate, const json_t *jwk)
{
	EVP_PKEY *key = jose_openssl_jwk_to_EVP_PKEY(NULL, jwk);
	bool same = key && X509_check_private_key(certificate, key) == 1;

	EVP_PKEY_free(key);
	return same;
}

int jwt_key_name_certificate(struct jwt_key *key, const char *file, struct error *err)
{
	BIO *bytes = BIO_new_file(file, "r");
	X509 *certificate = bytes ? PEM_read_bio_X509(bytes, NULL, no_password, NULL) : NULL;
	int status = 0;

	if (!certificate)
		status = error_set(err, ERR_CONFIG, "%s is no certificate in PEM that can be read", file);
	else if (!is_its_key(certificate, key->jwk))
		status = error_set(err, ERR_CONFIG, "%s is the certificate of another key", file);
	else {
		key->sha1 = thumbprint(certificate, EVP_sha1());
		key->sha256 = thumbprint(certificate, EVP_sha256());
	}
	X509_free(certificate);
	BIO_free(bytes);
	return status;
}

const char *jwt_key_algorithm(const struct jwt_key *key)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (jwt_fits(key->jwk, algorithms[i].name))
			return algorithms[i].name;
	return "";
}

int jwt_sign(const struct jwt_key *key, const struct jwt_style *style, const struct json *claims, struct str *out,
	     struct error *err)
{
	static const struct jwt_style usual = {0};
	const struct jwt_style *as = style ? style : &usual;
	const char *name = as->algorithm ? as->algorithm : jwt_key_algorithm(key);
	json_t *template, *jws;
	int status = 0;

	if (!jwt_fits(key->jwk, name))
		return error_set(err, ERR_CONFIG, "the key cannot sign with %s", name);
	template = json_pack("{s:{s:s,s:s,s:s*,s:O*,s:O*,s:o*}}", "protected", "alg", name, "typ",
			     as->type ? as->type : "JWT", "kid", key->id, "x5t", key->sha1, "x5t#S256", key->sha256,
			     "jwk", as->shows_key ? public_part(key->jwk) : NULL);
	jws = json_pack("{s:o}", "payload", jose_b64_enc_dump(jwt_theirs(claims)));
	if (template && jws && jose_jws_sig(NULL, jws, template, key->jwk))
		str_printf(out, "%s.%s.%s", text_of(jws, "protected"), text_of(jws, "payload"),
			   text_of(jws, "signature"));
	else
		status = error_set(err, ERR_INTERNAL, "the key does not sign");
	json_decref(template);
	json_decref(jws);
	return status;
}

void jwt_digest(const char *text, struct str *out)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(text, strlen(text), bytes, &size, EVP_sha256(), NULL) != 1)
		return;
	json_t *digest = jose_b64_enc(bytes, size);
	str_add(out, json_string_value(digest));
	json_decref(digest);
}
