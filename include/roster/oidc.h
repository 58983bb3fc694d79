/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc: roster as the client of an OpenID provider: who the provider says it is (OpenID Connect Discovery 1.0), the keys it
 * signs with, the access token it gives to who proves to be roster (RFC 6749 section 4.4, RFC 7523, RFC 8705, RFC
 * 9449), and the people who sign in with it on another device (RFC 8628).
 *
 * Takes off your hands: that the metadata are those of the issuer that was configured, byte for byte; that no address in them
 * leads to another host or away from https; that a secret goes nowhere else; when a token has to be renewed, and keys are
 * asked for again; and the difference of the clocks. A client and a provider belong to one process and one thread; they do
 * nothing until they are asked.
 */
#ifndef ROSTER_OIDC_H
#define ROSTER_OIDC_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/http.h"
#include "roster/jwt.h"

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

/* What to send to an API: the value of Authorization, and that of DPoP, empty where the token is not bound to a key (RFC 9449). Starts
 * as {0}. */
struct oidc_authorization {
	struct str credentials, proof;
};
/* For one GET of url, with the token that was given, while four fifths of its time are not over. The errors name the endpoint and
 * hold no secret: ERR_DENIED when the provider refuses us, ERR_UNREACHABLE when it may be tried again; *retry_ms is then what it
 * asked to wait, or -1. */
int oidc_authorize(struct oidc_client *client, const char *url, struct oidc_authorization *ret, int64_t *retry_ms,
		   struct error *err);
void oidc_authorization_free(struct oidc_authorization *authorization); /* wiped */
/* What an API has answered. True when it wants another proof than it got: the same may be asked again at once. */
bool oidc_api_heard(struct oidc_client *client, const struct http_reply *reply);
/* An API has refused the token: the next one is asked for. */
void oidc_token_refused(struct oidc_client *client);
/* The key and certificate to show to the API too, which the token is bound to then; NULL certificate for none. */
int oidc_identity(struct oidc_client *client, const char **certificate, const struct http_key **key, struct error *err);

/* --- a person who signs in on another device (RFC 8628) ------------------------------------------------------------------ */

struct oidc_wish {
	const char *nonce;      /* comes back in the ID token, where the provider knows of it */
	const char *acr_values; /* how the person is to prove who he is; "" for any */
	bool anew;              /* he is to prove it now, whatever he did before (max_age 0) */
};

struct oidc_device {
	const char *code;            /* a secret */
	const char *user_code, *uri; /* what to type, and where */
	const char *uri_complete;    /* with the code in it; "" for none */
	int64_t seconds, interval;   /* how long it is good, and between two questions */
};

/* Texts are in arena; those to show hold nothing that a terminal would obey. */
int oidc_device_begin(struct oidc_client *client, const struct oidc_wish *wish, struct arena *arena,
		      struct oidc_device *ret, struct error *err);
/* 1 with the ID token appended when the person has signed in; 0 when he has not yet, and interval of device may have grown; -1
 * when he will not: ERR_DENIED. ERR_UNREACHABLE when it may be asked again. */
int oidc_device_poll(struct oidc_client *client, struct oidc_device *device, struct str *id_token, struct error *err);

struct oidc_provider;
/* Whose client it is. */
struct oidc_provider *oidc_client_provider(struct oidc_client *client);

/* --- what a provider says of itself -------------------------------------------------------------------------------------- */

/* Texts are "" where it says nothing. */
struct oidc_metadata {
	const char *issuer, *token_endpoint, *tls_token_endpoint, *device_endpoint, *jwks_uri;
	bool binds; /* tokens to a key, with ES256 (RFC 9449 section 5.1) */
};

struct oidc_peer {
	const char *issuer; /* "" when there are no metadata */
	/* What the administrator wrote, on another host if he likes; "" for what the metadata say. */
	const char *token_url, *device_url, *jwks_url;
	const char *ca_file;
	int64_t timeout_ms;
};

/* The texts and http must live as long as the provider does. */
struct oidc_provider *oidc_provider_new(const struct oidc_peer *peer, struct http *http);
void oidc_provider_free(struct oidc_provider **provider); /* accepts NULL, sets NULL */
/* Valid until the next call. What was read last is good until something else can be read; all texts are NULL where the peer has
 * no issuer. */
int oidc_provider_metadata(struct oidc_provider *provider, const struct oidc_metadata **ret, struct error *err);
/* Seconds since 1970 by its clock, as far as that is known. */
int64_t oidc_provider_now(const struct oidc_provider *provider);
/* Its clock, as a reply of it says. */
void oidc_provider_heard(struct oidc_provider *provider, const struct http_reply *reply);

/* Judge a token by the keys the provider publishes. They are kept as long as it says, 5 minutes to a day; a token that is signed
 * with another one has them asked for again, once a minute at most, and a key that is not among them any more counts for as long
 * again. now of expect is the provider's. claims is a root the caller frees. *verdict says what of a
 * token that is not good, which is ERR_DENIED; ERR_UNREACHABLE or ERR_PROTOCOL when there are no keys to judge by. */
int oidc_provider_judge(struct oidc_provider *provider, const char *token, const struct jwt_expect *expect,
			struct json **claims, enum jwt_verdict *verdict, struct error *err);

/* Read metadata of that peer; texts are in arena. ERR_PROTOCOL when they are not its own, or an address in them is not to be
 * trusted. */
int oidc_metadata_parse(const char *bytes, size_t size, const struct oidc_peer *peer, struct arena *arena,
			struct oidc_metadata *ret, struct error *err);
/* How long they may be kept, by the value of Cache-Control (RFC 9111 section 5.2; NULL for none): 5 minutes to a day. */
int64_t oidc_metadata_keep_ms(const char *cache_control);

#endif
