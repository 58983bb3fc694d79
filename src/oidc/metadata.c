/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/oidc.h"

#include "roster/json.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

enum { METADATA_MOST = 64 * 1024, MS_PER_SECOND = 1000 };
enum { KEEP_LEAST_SECONDS = 5 * 60, KEEP_MOST_SECONDS = 24 * 60 * 60 };

/* An address in metadata that were true of the issuer may still send our secret elsewhere. */
static int check_endpoint(const char *issuer, const char *name, const char *url, const char *key, struct error *err)
{
	if (!*url || http_same_origin(issuer, url))
		return 0;
	error_set(err, ERR_PROTOCOL, "the metadata of %s name a %s at another address than its own, %.200s", issuer,
		  name, text_has_control(url, strlen(url)) ? "which cannot be shown" : url);
	return error_hint(err, "if that is right, write it as %s", key);
}

static int take(const struct json *metadata, const char *name, struct arena *arena, const char **ret, struct error *err)
{
	const char *text = "";

	if (json_get_text(metadata, name, &text, err) < 0)
		return -1;
	*ret = arena_strdup(arena, text);
	return 0;
}

static bool lists(const struct json *list, const char *wanted)
{
	for (size_t i = 0; list && json_kind_of(list) == JSON_KIND_ARRAY && i < json_count(list); i++) {
		const char *one = json_as_text(json_item(list, i));
		if (one && strcmp(one, wanted) == 0)
			return true;
	}
	return false;
}

static int take_all(const struct json *metadata, const struct oidc_peer *peer, struct arena *arena,
		    struct oidc_metadata *ret, struct error *err)
{
	const char *issuer = peer->issuer;
	const struct {
		const char *name, *key, *own;
		const char **ret;
	} endpoints[] = {{"token_endpoint", "token_url", peer->token_url, &ret->token_endpoint},
			 {"device_authorization_endpoint", "device_url", peer->device_url, &ret->device_endpoint},
			 {"jwks_uri", "jwks_url", peer->jwks_url, &ret->jwks_uri}};
	const struct json *aliases = json_get(metadata, "mtls_endpoint_aliases");

	if (take(metadata, "issuer", arena, &ret->issuer, err))
		return -1;
	if (strcmp(ret->issuer, issuer) != 0)
		return error_set(
		    err, ERR_PROTOCOL,
		    "the metadata of %s are those of \"%.200s\"; write issuer exactly as the provider does", issuer,
		    text_has_control(ret->issuer, strlen(ret->issuer)) ? "?" : ret->issuer);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		*endpoints[i].ret = endpoints[i].own;
		if (!*endpoints[i].own &&
		    (take(metadata, endpoints[i].name, arena, endpoints[i].ret, err) ||
		     check_endpoint(issuer, endpoints[i].name, *endpoints[i].ret, endpoints[i].key, err)))
			return -1;
	}
	ret->binds = lists(json_get(metadata, "dpop_signing_alg_values_supported"), "ES256");
	ret->tls_token_endpoint = "";
	/* A server that wants a certificate may well be another one. */
	if (aliases && json_kind_of(aliases) == JSON_KIND_OBJECT &&
	    take(aliases, "token_endpoint", arena, &ret->tls_token_endpoint, err))
		return -1;
	return 0;
}

int oidc_metadata_parse(const char *bytes, size_t size, const struct oidc_peer *peer, struct arena *arena,
			struct oidc_metadata *ret, struct error *err)
{
	struct json *metadata = NULL;
	int status = json_parse(bytes, size, METADATA_MOST, &metadata, err);

	if (status == 0 && json_kind_of(metadata) != JSON_KIND_OBJECT)
		status = error_set(err, ERR_PROTOCOL, "it is no JSON object");
	if (status == 0)
		status = take_all(metadata, peer, arena, ret, err);
	json_free(&metadata);
	if (status && err && err->class == ERR_DATA)
		err->class = ERR_PROTOCOL;
	return status;
}

int64_t oidc_metadata_keep_ms(const char *cache_control)
{
	const char *age = cache_control ? strstr(cache_control, "max-age=") : NULL;
	long long seconds = age ? strtoll(age + strlen("max-age="), NULL, 10) : 0;

	if (seconds < KEEP_LEAST_SECONDS)
		seconds = KEEP_LEAST_SECONDS;
	return (seconds < KEEP_MOST_SECONDS ? seconds : KEEP_MOST_SECONDS) * (int64_t)MS_PER_SECOND;
}
