/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: what the files that ask a provider for something share.
 */
#ifndef ROSTER_OIDC_CLIENT_H
#define ROSTER_OIDC_CLIENT_H

#include "oidc/grant.h"
#include "oidc/possession.h"
#include "roster/oidc.h"

struct oidc_client {
	struct oidc_terms terms;
	struct http *http;
	struct oidc_provider *provider;
	struct possession *possession; /* NULL: the provider wants no proof of it */
	bool may_bind;                 /* it says that it knows of such proofs */
	struct str token;
	bool bound; /* to possession */
	int64_t renew_at;
	struct secret key; /* of the certificate */
	struct http_key shown;
};

/* Where tokens are given. */
int client_endpoint(struct oidc_client *client, const char **ret, struct error *err);
const char *client_scope(const struct oidc_client *client);
/* Post a form with the proof of who asks; 0 when there is an answer, whatever it says. */
int client_post(struct oidc_client *client, const char *endpoint, const struct grant_field *fields, size_t count,
		struct http_reply *ret, struct error *err);
/* The same at the token endpoint, where the provider may want to have it proven that the token will be roster's alone. */
int client_ask(struct oidc_client *client, const char *endpoint, const struct grant_field *fields, size_t count,
	       struct http_reply *ret, struct error *err);
/* Why there is no token, or whatever was asked for: error and error_description of RFC 6749 section 5.2, as far as they can be
 * shown. Always -1. */
int client_refused(const struct http_reply *reply, const char *what, struct error *err);

#endif
