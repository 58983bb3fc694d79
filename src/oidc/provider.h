/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider: what is known of a provider: its metadata, its clock, its keys.
 */
#ifndef ROSTER_OIDC_PROVIDER_H
#define ROSTER_OIDC_PROVIDER_H

#include "roster/oidc.h"

/* The keys a provider publishes, and those it did before. Starts as {0}. */
enum { KEY_SETS_MOST = 4 };

struct key_set {
	struct jwt_keys *keys;
	struct str text; /* what they were read from */
	int64_t until;   /* of one that was replaced */
};

struct key_store {
	struct key_set sets[KEY_SETS_MOST]; /* newest first */
	size_t count;
	int64_t fresh_until, asked_at; /* asked_at 0: never */
};

struct oidc_provider {
	struct oidc_peer peer;
	struct http *http;
	struct arena *arena;           /* of the metadata */
	struct oidc_metadata metadata; /* issuer NULL: not read yet */
	int64_t metadata_until;
	int64_t clock_ahead; /* seconds by which its clock is ahead of ours */
	struct key_store keys;
};

/* GET a document: 0 only for an answer of status 200 that was read whole. The errors name the URL. */
int provider_get(struct oidc_provider *provider, const char *url, size_t most, struct http_reply *ret,
		 struct error *err);
void key_store_free(struct key_store *keys);

#endif
