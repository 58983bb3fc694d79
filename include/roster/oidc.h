/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc: roster as the client of an OpenID provider: who the provider says it is (OpenID Connect Discovery 1.0), and the
 * access token it gives to who proves to be roster (RFC 6749 section 4.4, RFC 7523, RFC 8705).
 *
 * Takes off your hands: that the metadata are those of the issuer that was configured, byte for byte; that no address in them
 * leads to another host or away from https; that a secret goes nowhere else; when a token has to be renewed; and the
 * difference of the clocks. A client belongs to one process and one thread; it does nothing until it is asked.
 */
#ifndef ROSTER_OIDC_H
#define ROSTER_OIDC_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/http.h"

/* Proves who roster is by a signed assertion instead of a secret, or asks in somebody's name. */
struct oidc_terms {
	const struct client_config *client;
	const char *ca_file;
	int64_t timeout_ms;
	const char *scope;   /* when the configuration says none; "" for none */
	bool names_endpoint; /* an assertion is for the token endpoint, not for the issuer */
	bool by_assertion;   /* the assertion is the grant itself (RFC 7523 section 2.1), for client->subject */
};

struct oidc_client;

/* terms and what they point to must live as long as the client, and http too. */
struct oidc_client *oidc_client_new(const struct oidc_terms *terms, struct http *http);
void oidc_client_free(struct oidc_client **client); /* accepts NULL, sets NULL */

/* The token to send now: one that was given, while four fifths of its time are not over. Valid until the next call. The errors
 * name the endpoint and hold no secret: ERR_DENIED when the provider refuses us, ERR_UNREACHABLE when it may be tried again;
 * *retry_ms is then what it asked to wait, or -1. */
int oidc_access_token(struct oidc_client *client, const char **ret, int64_t *retry_ms, struct error *err);
/* An API has refused the token: the next one is asked for. */
void oidc_token_refused(struct oidc_client *client);
/* The key and certificate to show to the API too, which the token is bound to then; NULL certificate for none. */
int oidc_identity(struct oidc_client *client, const char **certificate, const struct http_key **key, struct error *err);

/* --- what a provider says of itself -------------------------------------------------------------------------------------- */

/* Texts are "" where it says nothing. */
struct oidc_metadata {
	const char *issuer, *token_endpoint, *tls_token_endpoint, *device_endpoint, *jwks_uri;
};

/* Read metadata of that issuer; texts are in arena. ERR_PROTOCOL when they are not its own, or an address in them is not to be
 * trusted. */
int oidc_metadata_parse(const char *bytes, size_t size, const char *issuer, struct arena *arena,
			struct oidc_metadata *ret, struct error *err);
/* How long they may be kept, by the value of Cache-Control (RFC 9111 section 5.2; NULL for none): 5 minutes to a day. */
int64_t oidc_metadata_keep_ms(const char *cache_control);

#endif
