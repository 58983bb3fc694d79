/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider says of itself, and its clock. */
#include "oidc/provider.h"

#include "roster/elapsed.h"
#include "roster/log.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SKEW_NOTICED = 30 };

struct oidc_provider *oidc_provider_new(const struct oidc_peer *peer, struct http *http)
{
	struct oidc_provider *provider = xcalloc(1, sizeof(*provider));

	provider->peer = *peer;
	provider->http = http;
	provider->arena = arena_new();
	return provider;
}

void oidc_provider_free(struct oidc_provider **provider)
{
	if (!*provider)
		return;
	key_store_free(&(*provider)->keys);
	arena_free(&(*provider)->arena);
	free(*provider);
	*provider = NULL;
}

/* --- its clock ------------------------------------------------------------------------------------------------------------- */

/* A clock that is wrong by minutes makes assertions that are too old, or not yet valid. */
void oidc_provider_heard(struct oidc_provider *provider, const struct http_reply *reply)
{
	const char *date = http_reply_header(reply, "Date", 0);
	int64_t theirs = date ? http_date(date) : -1;

	if (theirs < 0)
		return;
	provider->clock_ahead = theirs - (int64_t)time(NULL);
	if (llabs(provider->clock_ahead) < SKEW_NOTICED)
		provider->clock_ahead = 0;
}

int64_t oidc_provider_now(const struct oidc_provider *provider)
{
	return (int64_t)time(NULL) + provider->clock_ahead;
}

/* --- documents ------------------------------------------------------------------------------------------------------------- */

static int judge_reply(const struct http_reply *reply, size_t most, struct error *err)
{
	if (reply->status == 0) {
		*err = reply->error;
		return -1;
	}
	if (reply->status != 200)
		return error_set(err, reply->status >= 500 || reply->status == 429 ? ERR_UNREACHABLE : ERR_PROTOCOL,
				 "it answers with status %d", reply->status);
	if (reply->cut)
		return error_set(err, ERR_PROTOCOL, "its answer is longer than %zu KiB", most / 1024);
	return 0;
}

int provider_get(struct oidc_provider *provider, const char *url, size_t most, struct http_reply *ret,
		 struct error *err)
{
	static const struct http_header accept = {"Accept", "application/json"};
	struct error failure = {0};
	const struct http_request request = {.url = url,
					     .get = true,
					     .most = most,
					     .headers = &accept,
					     .header_count = 1,
					     .ca_file = provider->peer.ca_file,
					     .timeout_ms = provider->peer.timeout_ms,
					     .allow_loopback = http_url_is_loopback(url)};
	int status = http_fetch(provider->http, &request, ret, &failure);

	if (status == 0)
		status = judge_reply(ret, most, &failure);
	if (status == 0)
		oidc_provider_heard(provider, ret);
	if (status && err)
		*err = failure;
	return status ? error_prefix(err, "%s", url) : 0;
}

static int read_metadata(struct oidc_provider *provider, const char *url, struct error *err)
{
	struct arena *arena = arena_new();
	struct oidc_metadata metadata = {0};
	struct http_reply reply;
	int status = provider_get(provider, url, HTTP_REPLY_MAX, &reply, err);

	if (status == 0 && oidc_metadata_parse(reply.body, reply.size, &provider->peer, arena, &metadata, err) != 0)
		status = error_prefix(err, "%s", url);
	if (status) {
		arena_free(&arena);
		return -1;
	}
	provider->metadata_until = clock_ms() + oidc_metadata_keep_ms(http_reply_header(&reply, "Cache-Control", 0));
	arena_free(&provider->arena);
	provider->arena = arena;
	provider->metadata = metadata;
	return 0;
}

static int fetch_metadata(struct oidc_provider *provider, struct error *err)
{
	const char *issuer = provider->peer.issuer;
	struct str url = {0};

	/* Behind a slash that ends the issuer there is no second one (OIDC Discovery 1.0 section 4.1). */
	str_append(&url, issuer, strlen(issuer) - text_ends_with(issuer, "/"));
	str_add(&url, "/.well-known/openid-configuration");
	int status = read_metadata(provider, str_text(&url), err);
	str_free(&url);
	return status;
}

int oidc_provider_metadata(struct oidc_provider *provider, const struct oidc_metadata **ret, struct error *err)
{
	struct error failure = {0};

	*ret = &provider->metadata;
	if (!*provider->peer.issuer || (provider->metadata.issuer && clock_ms() < provider->metadata_until) ||
	    fetch_metadata(provider, &failure) == 0)
		return 0;
	if (provider->metadata.issuer) {
		log_warn("%s; what it said before counts", failure.text);
		provider->metadata_until = clock_ms() + oidc_metadata_keep_ms(NULL);
		return 0;
	}
	if (err)
		*err = failure;
	return -1;
}
