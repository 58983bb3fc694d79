/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/possession.h"

#include "oidc/grant.h"
#include "roster/json.h"
#include "roster/jwt.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

enum { SERVERS = 2, NONCE_MOST = 1024 };

struct possession {
	struct jwt_key *key;
	struct str nonces[SERVERS];
};

int possession_new(struct possession **ret, struct error *err)
{
	struct possession *possession = xcalloc(1, sizeof(*possession));

	if (jwt_key_generate(&possession->key, err)) {
		free(possession);
		return -1;
	}
	*ret = possession;
	return 0;
}

void possession_free(struct possession **possession)
{
	if (!*possession)
		return;
	jwt_key_free(&(*possession)->key);
	for (size_t i = 0; i < SERVERS; i++)
		str_free(&(*possession)->nonces[i]);
	free(*possession);
	*possession = NULL;
}

/* Without query and fragment (section 4.2). */
static int put_address(const char *url, struct json *claims, struct error *err)
{
	struct str bare = {0};

	str_append(&bare, url, strcspn(url, "?#"));
	int status = json_put_text(claims, "htu", str_text(&bare), err);
	str_free(&bare);
	return status;
}

static int put_token(const char *token, struct json *claims, struct error *err)
{
	struct str digest = {0};

	jwt_digest(token, &digest);
	int status = json_put_text(claims, "ath", str_text(&digest), err);
	str_free(&digest);
	return status;
}

static int add_claims(const struct proof *proof, const struct str *nonce, struct json *claims, struct error *err)
{
	if (grant_add_jti(claims, err) || json_put_text(claims, "htm", proof->method, err) ||
	    put_address(proof->url, claims, err) || json_put(claims, "iat", json_new_integer(proof->now), err) ||
	    (proof->token && put_token(proof->token, claims, err)))
		return -1;
	return nonce->size > 0 ? json_put_text(claims, "nonce", str_text(nonce), err) : 0;
}

int possession_prove(const struct possession *possession, const struct proof *proof, struct str *out, struct error *err)
{
	static const struct jwt_style style = {.type = "dpop+jwt", .shows_key = true};
	struct json *claims = json_new_object();
	int status = add_claims(proof, &possession->nonces[proof->server], claims, err) ||
			     jwt_sign(possession->key, &style, claims, out, err)
			 ? -1
			 : 0;

	json_free(&claims);
	return status;
}

bool possession_heard(struct possession *possession, enum prover server, const struct http_reply *reply)
{
	const char *nonce = http_reply_header(reply, "DPoP-Nonce", 0);
	struct str *last = &possession->nonces[server];
	size_t size = nonce ? strlen(nonce) : 0;

	if (size == 0 || size > NONCE_MOST || text_has_control(nonce, size) || strcmp(nonce, str_text(last)) == 0)
		return false;
	str_clear(last);
	str_append(last, nonce, size);
	return true;
}
