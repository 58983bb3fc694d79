/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever pushes security event tokens, and whether it is he (RFC 8935). */
#include "roster/signals.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

enum { LEEWAY_SECONDS = 60, ANSWER_MS = 10000 };

struct transmitter {
	const struct source_config *source;
	struct oidc_provider *provider;
};

struct transmitter *transmitter_new(const struct source_config *source, struct http *http)
{
	struct transmitter *transmitter = xcalloc(1, sizeof *transmitter);
	const struct oidc_peer peer = {.issuer = source->signals.issuer,
				       .token_url = "",
				       .device_url = "",
				       .jwks_url = source->signals.jwks_url,
				       .ca_file = source->server.ca_file,
				       .timeout_ms = ANSWER_MS};

	transmitter->source = source;
	transmitter->provider = oidc_provider_new(&peer, http);
	return transmitter;
}

void transmitter_free(struct transmitter **transmitter)
{
	if (*transmitter == NULL)
		return;
	oidc_provider_free(&(*transmitter)->provider);
	free(*transmitter);
	*transmitter = NULL;
}

const struct source_config *transmitter_source(const struct transmitter *transmitter)
{
	return transmitter->source;
}

/* As long for every wrong one. */
static bool is_same(const char *shown, const struct secret *secret)
{
	size_t size = strlen(shown);
	unsigned differs = size != secret->size;

	for (size_t i = 0; i < secret->size; i++)
		differs |= (unsigned char)secret->bytes[i] ^ (unsigned char)(i < size ? shown[i] : 0);
	return differs == 0;
}

/* 1 when he shows what he is to show, or need not. */
static int shows_token(const struct transmitter *transmitter, const char *authorization, struct error *err)
{
	static const char bearer[] = "Bearer ";
	struct secret secret = {0};

	if (*transmitter->source->signals.token.text == '\0')
		return 1;
	if (secret_read(&transmitter->source->signals.token, &secret, err) != 0)
		return -1;
	int same = authorization != NULL && strncasecmp(authorization, bearer, strlen(bearer)) == 0 &&
		   is_same(authorization + strlen(bearer), &secret);
	secret_wipe(&secret);
	return same;
}

static const char *code_of(enum jwt_verdict verdict)
{
	switch (verdict) {
	case JWT_UNKNOWN_KEY:
		return "invalid_key";
	case JWT_WRONG_ISSUER:
		return "invalid_issuer";
	case JWT_WRONG_AUDIENCE:
		return "invalid_audience";
	default:
		return "invalid_request";
	}
}

int transmitter_judge(struct transmitter *transmitter, const char *authorization, const char *token,
		      struct json **claims, const char **code, struct error *err)
{
	const struct signals_config *config = &transmitter->source->signals;
	const struct jwt_expect expect = {.type = "secevent+jwt",
					  .issuer = config->issuer,
					  .audience = config->audience,
					  .leeway = LEEWAY_SECONDS,
					  .lasting = true};
	enum jwt_verdict verdict = JWT_REFUSED;
	int shown = shows_token(transmitter, authorization, err);

	*code = NULL;
	if (shown < 0)
		return -1;
	if (shown == 0) {
		*code = "authentication_failed";
		return error_set(err, ERR_DENIED, "it does not show the token it is to show");
	}
	if (oidc_provider_judge(transmitter->provider, token, &expect, claims, &verdict, err) == 0)
		return 0;
	if (err->class == ERR_DENIED)
		*code = code_of(verdict);
	return -1;
}
