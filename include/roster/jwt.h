/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt: signed tokens to make and to judge (JWS compact serialization of RFC 7515, claims of RFC 7519), the facade over
 * libjose.
 *
 * Takes off your hands: that the algorithm is one of those the caller allows and fits the key, whatever the header says
 * (RFC 8725 section 3.1); that the key is chosen by its id, and is meant for signatures; that no header with a meaning
 * unknown here is passed over (crit, RFC 7515 section 4.1.11), and no key that comes with the token is believed (jwk, jku,
 * x5c, x5u); that the times and names in the claims are what they must be. No error text holds a token or a key.
 */
#ifndef ROSTER_JWT_H
#define ROSTER_JWT_H

#include "roster/error.h"
#include "roster/json.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JWT_MOST = 64 * 1024 }; /* bytes of a token; a longer one is refused */

/* --- keys to judge by (RFC 7517 section 5) ------------------------------------------------------------------------------- */

struct jwt_keys;

/* A JWK Set. Keys of unknown kinds, for encryption, symmetric ones (kty oct) and RSA keys under 2048 bits are passed over,
 * as are private parts. ERR_DATA when it is no set, or nothing usable is in it. */
int jwt_keys_parse(const char *bytes, size_t size, struct jwt_keys **ret, struct error *err);
void jwt_keys_free(struct jwt_keys **keys); /* accepts NULL, sets NULL */
size_t jwt_keys_count(const struct jwt_keys *keys);

/* --- judging --------------------------------------------------------------------------------------------------------------- */

/* One that proves who signed: RS256, ES256, PS256, and those with 384 and 512; neither none nor HS*. */
bool jwt_algorithm_is_known(const char *name);

struct jwt_expect {
	const char *const *algorithms; /* that may have signed it */
	size_t algorithm_count;        /* 0: any that is known */
	const char *type;     /* of the header's typ, compared without case and without "application/"; NULL for any */
	const char *issuer;   /* iss, byte for byte */
	const char *audience; /* aud is this or a list that has it */
	const char *
	    party; /* azp, where it is given, and where there are several audiences (OIDC Core 3.1.3.7); NULL: not looked at */
	const char *nonce; /* NULL: not looked at */
	int64_t now;       /* seconds since 1970, by the clock of the issuer where that is known */
	int64_t leeway;    /* seconds that clocks may differ by */
	bool lasting;      /* it needs no exp: a security event token (RFC 8417 section 2.2); iat must be there then */
};

enum jwt_verdict {
	JWT_GOOD,
	JWT_UNKNOWN_KEY, /* signed with a key that is not in the set: the set may be old */
	JWT_WRONG_ISSUER,
	JWT_WRONG_AUDIENCE,
	JWT_REFUSED /* for any other reason */
};

/* Judge it; claims (a root the caller frees) only when it is good, else err (ERR_DENIED) says why. */
enum jwt_verdict jwt_judge(const char *token, const struct jwt_keys *keys, const struct jwt_expect *expect,
			   struct json **claims, struct error *err);

/* --- making (RFC 7523, RFC 9449) ----------------------------------------------------------------------------------------------------- */

struct jwt_key; /* a private one */

/* From PEM (PKCS#8, PKCS#1 or SEC1, not encrypted), a JWK, or the JSON file of a Google service account; bytes may be wiped
 * afterwards. id: the kid to name, NULL for the one in the file, or none. ERR_CONFIG when it is no private key that can sign.
 */
int jwt_key_parse(const char *bytes, size_t size, const char *id, struct jwt_key **ret, struct error *err);
void jwt_key_free(struct jwt_key **key); /* wiped; accepts NULL, sets NULL */
/* From now on what it signs names the certificate in this file, in PEM, which must be that of the key: by x5t and x5t#S256 (RFC
 * 7515 sections 4.1.7 and 4.1.8). ERR_CONFIG when it is none, or that of another key. */
int jwt_key_name_certificate(struct jwt_key *key, const char *file, struct error *err);
/* What it signs with when nothing else is asked for: RS256, ES256/ES384/ES512 by the curve, EdDSA where libjose can. */
const char *jwt_key_algorithm(const struct jwt_key *key);
/* A key for the curve P-256 that nobody else has. */
int jwt_key_generate(struct jwt_key **ret, struct error *err);

/* What stands above the claims; members that are NULL mean what is usual. */
struct jwt_style {
	const char *algorithm; /* jwt_key_algorithm() */
	const char *type;      /* "JWT" */
	bool shows_key;        /* its public part, by which the token is judged (jwk, RFC 7515 section 4.1.3) */
};
/* Append the token of these claims. style NULL: all is as usual. */
int jwt_sign(const struct jwt_key *key, const struct jwt_style *style, const struct json *claims, struct str *out,
	     struct error *err);
/* Append the SHA-256 of a text in base64url, as claims name a token (RFC 9449 section 4.2). */
void jwt_digest(const char *text, struct str *out);

#endif
