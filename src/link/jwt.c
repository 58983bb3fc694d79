/* SPDX-License-Identifier: Apache-2.0 */
/* Judging a token. */
#include "link/jwt_private.h"

#include "roster/arena.h"
#include "roster/text.h"

#include <jose/b64.h>
#include <jose/jws.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MOST = 200 };

/* One token, taken apart. */
struct token {
	const char *parts[3]; /* not terminated */
	size_t sizes[3];
	struct json *header, *claims;
};

static void token_free(struct token *token)
{
	json_free(&token->header);
	json_free(&token->claims);
}

/* What a stranger wrote, as it may stand in a message. Valid until the next call. */
static const char *shown(const char *text)
{
	static _Thread_local char copy[SHOWN_MOST + 1];

	snprintf(copy, sizeof(copy), "%s", text ? text : "");
	text_clean(copy);
	return copy;
}

static int denied(struct error *err, const char *what)
{
	error_set(err, ERR_DENIED, "the token %s", what);
	return JWT_REFUSED;
}

/* --- taking apart ---------------------------------------------------------------------------------------------------------- */

static bool is_base64url(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", text[i]) || !text[i])
			return false;
	return size > 0 && size % 4 != 1;
}

static bool split(const char *text, struct token *ret)
{
	for (size_t i = 0; i < 3; i++) {
		ret->parts[i] = text;
		ret->sizes[i] = strcspn(text, ".");
		if (!is_base64url(ret->parts[i], ret->sizes[i]))
			return false;
		text += ret->sizes[i];
		if (*text != (i < 2 ? '.' : '\0'))
			return false;
		text += i < 2;
	}
	return true;
}

/* An object, or NULL. */
static struct json *decode(const struct token *token, size_t part)
{
	size_t size = jose_b64_dec_buf(token->parts[part], token->sizes[part], NULL, 0);
	struct json *object = NULL;
	char *bytes;

	if (size == SIZE_MAX)
		return NULL;
	bytes = xmalloc(size + 1);
	if (jose_b64_dec_buf(token->parts[part], token->sizes[part], bytes, size) == SIZE_MAX ||
	    json_parse(bytes, size, JWT_MOST, &object, NULL) || json_kind_of(object) != JSON_KIND_OBJECT)
		json_free(&object);
	free(bytes);
	return object;
}

static const char *header_text(const struct token *token, const char *name)
{
	const char *text = json_as_text(json_get(token->header, name));

	return text ? text : "";
}

/* --- the signature --------------------------------------------------------------------------------------------------------- */

static int check_algorithm(const struct token *token, const struct jwt_expect *expect, struct error *err)
{
	const char *algorithm = header_text(token, "alg");
	struct str allowed = {0};

	if (expect->algorithm_count == 0 && jwt_algorithm_is_known(algorithm))
		return JWT_GOOD;
	if (expect->algorithm_count == 0)
		str_add(&allowed, "RSA and elliptic curves");
	for (size_t i = 0; i < expect->algorithm_count; i++) {
		if (strcmp(expect->algorithms[i], algorithm) == 0) {
			str_free(&allowed);
			return JWT_GOOD;
		}
		str_printf(&allowed, "%s%s", i > 0 ? ", " : "", expect->algorithms[i]);
	}
	error_set(err, ERR_DENIED, "the token is signed with \"%s\", and only %s %s allowed", shown(algorithm),
		  str_text(&allowed), expect->algorithm_count == 1 ? "is" : "are");
	str_free(&allowed);
	return JWT_REFUSED;
}

/* RFC 7515 section 4.1.9: "application/" may be left out. */
static bool is_type(const char *type, const char *wanted)
{
	static const char media[] = "application/";

	if (strlen(type) > strlen(media) && text_starts_with(type, media))
		type += strlen(media);
	return text_equal_fold(type, wanted);
}

static int check_header(const struct token *token, const struct jwt_expect *expect, struct error *err)
{
	int verdict = check_algorithm(token, expect, err);

	if (verdict != JWT_GOOD)
		return verdict;
	if (json_get(token->header, "crit") || json_get(token->header, "b64"))
		return denied(err, "wants something of its reader that is not known here (crit)");
	if (expect->type && !is_type(header_text(token, "typ"), expect->type)) {
		error_set(err, ERR_DENIED, "the token is of the type \"%s\", not %s", shown(header_text(token, "typ")),
			  expect->type);
		return JWT_REFUSED;
	}
	return JWT_GOOD;
}

/* The algorithm is in the key that is handed over, so that nothing else is tried. */
static bool verifies(const struct token *token, const json_t *key)
{
	json_t *jws = json_pack("{s:s%,s:s%,s:s%}", "protected", token->parts[0], token->sizes[0], "payload",
				token->parts[1], token->sizes[1], "signature", token->parts[2], token->sizes[2]);
	json_t *one = json_copy((json_t *)(uintptr_t)key);

	json_object_set_new(one, "alg", json_string(header_text(token, "alg")));
	bool good = jws && jose_jws_ver(NULL, jws, NULL, one, true);
	json_decref(one);
	json_decref(jws);
	return good;
}

static int check_signature(const struct token *token, const struct jwt_keys *keys, struct error *err)
{
	const json_t *set = (const json_t *)keys;
	const char *id = header_text(token, "kid");
	bool named = false;

	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *key = json_array_get(set, i);
		const char *own = json_string_value(json_object_get(key, "kid"));
		if (*id && (!own || strcmp(own, id) != 0))
			continue;
		named = named || *id;
		if (jwt_fits(key, header_text(token, "alg")) && verifies(token, key))
			return JWT_GOOD;
	}
	if (named || !*id) {
		denied(err, "has a signature that is not that of its issuer");
		/* Without a name it may be any key, also one that is not known yet. */
		return named ? JWT_REFUSED : JWT_UNKNOWN_KEY;
	}
	error_set(err, ERR_DENIED, "the token is signed with the key \"%s\", which its issuer does not name",
		  shown(id));
	return JWT_UNKNOWN_KEY;
}

/* --- the claims ------------------------------------------------------------------------------------------------------------ */

/* NumericDate (RFC 7519 section 2). 1, 0 when absent, -1 when it is no time. */
static int time_of(const struct token *token, const char *name, int64_t *ret)
{
	const json_t *value = json_object_get(jwt_theirs(token->claims), name);
	double number = json_number_value(value);

	if (!value)
		return 0;
	if (!json_is_number(value) || !isfinite(number) || number < 0 || number > 1e12)
		return -1;
	*ret = (int64_t)number;
	return 1;
}

static int check_times(const struct token *token, const struct jwt_expect *expect, struct error *err)
{
	int64_t expires = 0, from = 0, issued = 0;
	int has_expires = time_of(token, "exp", &expires), has_from = time_of(token, "nbf", &from),
	    has_issued = time_of(token, "iat", &issued);

	if (has_expires < 0 || has_from < 0 || has_issued < 0)
		return denied(err, "has a time that is none");
	if (!has_expires && !expect->lasting)
		return denied(err, "does not say when it expires");
	if (!has_issued && expect->lasting)
		return denied(err, "does not say when it was issued");
	if (has_expires && expires + expect->leeway <= expect->now) {
		error_set(err, ERR_DENIED, "the token has expired %lld s ago", (long long)(expect->now - expires));
		return JWT_REFUSED;
	}
	if ((has_from && from > expect->now + expect->leeway) || (has_issued && issued > expect->now + expect->leeway))
		return denied(err, "is of the future: compare the clocks");
	return JWT_GOOD;
}

static size_t audiences(const struct token *token, const char *wanted, bool *found)
{
	const json_t *audience = json_object_get(jwt_theirs(token->claims), "aud");

	*found = json_is_string(audience) && strcmp(json_string_value(audience), wanted) == 0;
	if (!json_is_array(audience))
		return 1;
	for (size_t i = 0; i < json_array_size(audience); i++) {
		const char *one = json_string_value(json_array_get(audience, i));
		*found = *found || (one && strcmp(one, wanted) == 0);
	}
	return json_array_size(audience);
}

static int check_party(const struct token *token, const struct jwt_expect *expect, size_t count, struct error *err)
{
	const struct json *party = json_get(token->claims, "azp");

	if (!expect->party || (!party && count <= 1))
		return JWT_GOOD;
	if (party && json_as_text(party) && strcmp(json_as_text(party), expect->party) == 0)
		return JWT_GOOD;
	return denied(err, "was issued to another party (azp)");
}

static int check_names(const struct token *token, const struct jwt_expect *expect, struct error *err)
{
	const char *issuer = json_as_text(json_get(token->claims, "iss"));
	const struct json *subject = json_get(token->claims, "sub"), *nonce = json_get(token->claims, "nonce");
	bool found;

	if (!issuer || strcmp(issuer, expect->issuer) != 0) {
		error_set(err, ERR_DENIED, "the token is of issuer \"%s\", not \"%s\"", shown(issuer), expect->issuer);
		return JWT_WRONG_ISSUER;
	}
	size_t count = audiences(token, expect->audience, &found);
	if (!found) {
		error_set(err, ERR_DENIED, "the token is for somebody else than \"%s\" (aud)", expect->audience);
		return JWT_WRONG_AUDIENCE;
	}
	if (subject && !json_as_text(subject))
		return denied(err, "has a subject that is no text");
	if (expect->nonce && (!nonce || !json_as_text(nonce) || strcmp(json_as_text(nonce), expect->nonce) != 0))
		return denied(err, "is not the answer to this question (nonce)");
	return check_party(token, expect, count, err);
}

static int judge(struct token *token, const struct jwt_keys *keys, const struct jwt_expect *expect, struct error *err)
{
	token->header = decode(token, 0);
	if (!token->header)
		return denied(err, "is no JSON Web Token");
	int verdict = check_header(token, expect, err);
	if (verdict == JWT_GOOD)
		verdict = check_signature(token, keys, err);
	if (verdict != JWT_GOOD)
		return verdict;
	/* What a stranger wrote is not even taken apart. */
	token->claims = decode(token, 1);
	if (!token->claims)
		return denied(err, "holds no claims");
	verdict = check_names(token, expect, err);
	return verdict == JWT_GOOD ? check_times(token, expect, err) : verdict;
}

enum jwt_verdict jwt_judge(const char *token, const struct jwt_keys *keys, const struct jwt_expect *expect,
			   struct json **claims, struct error *err)
{
	struct token parts = {0};
	int verdict = JWT_REFUSED;

	if (strlen(token) > JWT_MOST)
		denied(err, "is longer than 64 KiB");
	else if (!split(token, &parts))
		denied(err, "is no JSON Web Token");
	else
		verdict = judge(&parts, keys, expect, err);
	if (verdict == JWT_GOOD) {
		*claims = parts.claims;
		parts.claims = NULL;
	}
	token_free(&parts);
	return (enum jwt_verdict)verdict;
}
