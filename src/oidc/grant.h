/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant: a form for the provider, with the proof of who asks.
 */
#ifndef ROSTER_OIDC_GRANT_H
#define ROSTER_OIDC_GRANT_H

#include "roster/oidc.h"
#include "roster/str.h"

struct grant_facts {
	const struct oidc_terms *terms;
	const char *endpoint;
	int64_t now; /* seconds since 1970 by the provider's clock */
};

/* What is asked for; one without a value is left out. */
struct grant_field {
	const char *name, *value;
};

enum { GRANT_HEADERS = 4 };

/* Starts as {0}. */
struct grant_request {
	struct http_header headers[GRANT_HEADERS];
	size_t header_count;
	struct str body, authorization, proof;
};

/* Each call makes another assertion: one that was used is refused. The secrets are read anew. */
int grant_write(const struct grant_facts *facts, const struct grant_field *fields, size_t count,
		struct grant_request *ret, struct error *err);
void grant_free(struct grant_request *grant); /* wiped */
/* That no other token has (RFC 7519 section 4.1.7). */
int grant_add_jti(struct json *claims, struct error *err);

#endif
