/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata of a provider: what is taken is of the issuer, and no address in it leads elsewhere.
 */
#include "roster/arena.h"
#include "roster/oidc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char issuer[] = "https://id.example";
	static const struct oidc_peer peer = {.issuer = issuer, .token_url = "", .device_url = "", .jwks_url = ""};
	struct arena *arena = arena_new();
	struct oidc_metadata metadata = {0};
	struct error err = {0};

	if (oidc_metadata_parse((const char *)data, size, &peer, arena, &metadata, &err) == 0) {
		must(strcmp(metadata.issuer, issuer) == 0);
		must(!*metadata.token_endpoint || http_same_origin(issuer, metadata.token_endpoint));
		must(!*metadata.jwks_uri || http_same_origin(issuer, metadata.jwks_uri));
	} else {
		must(err.class == ERR_PROTOCOL && *err.text);
	}
	arena_free(&arena);
	return 0;
}
