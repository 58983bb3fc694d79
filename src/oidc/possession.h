/* SPDX-License-Identifier: Apache-2.0 */
/*
 * possession: tokens that are good only with a key of roster's (DPoP, RFC 9449): the key, which lives as long as the process and
 * is nowhere else, the proofs it signs, one for each request, and the nonces that servers want in them.
 */
#ifndef ROSTER_OIDC_POSSESSION_H
#define ROSTER_OIDC_POSSESSION_H

#include "roster/error.h"
#include "roster/http.h"
#include "roster/str.h"

struct possession;

int possession_new(struct possession **ret, struct error *err);
void possession_free(struct possession **possession); /* accepts NULL, sets NULL */

/* Each kind of server has nonces of its own (sections 8 and 9). */
enum prover { TO_PROVIDER, TO_API };

struct proof {
	enum prover server;
	const char *method, *url; /* of the request */
	const char *token;        /* that is sent with it; NULL for none */
	int64_t now;              /* seconds since 1970 by the provider's clock */
};
/* Append the value of the header DPoP. */
int possession_prove(const struct possession *possession, const struct proof *proof, struct str *out,
		     struct error *err);
/* Remember the nonce of a reply. True when it has brought another than the last. */
bool possession_heard(struct possession *possession, enum prover server, const struct http_reply *reply);

#endif
