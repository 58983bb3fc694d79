/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/ask.h"

#include "roster/elapsed.h"
#include "roster/log.h"
#include "roster/text.h"
#include "source/rest/throttle.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

/* jansson builds the whole of an answer in memory, ten times its size. */
enum { PAGE_MOST = 32 << 20, SHOWN_MOST = 300, VALUE_SHOWN_MOST = 40 };
/* What does not answer is tried so often; what says that it is too busy, until the time of the read is over. */
enum { TRIES = 4, FIRST_PAUSE_MS = 500, PAUSE_MOST_MS = 60000, MS_PER_SECOND = 1000, NS_PER_MS = 1000000 };

/* --- opening --------------------------------------------------------------------------------------------------------------- */

/* Keycloak: what stands behind /realms/ of the issuer stands behind /admin/realms/ of its API. */
static const char *keycloak_url(const char *issuer, struct arena *arena)
{
	const char *realms = strstr(issuer, "/realms/");

	return realms ? arena_printf(arena, "%.*s/admin%s", (int)(realms - issuer), issuer, realms) : "";
}

static const char *find_url(const struct source_config *config, const struct shape *shape, struct arena *arena)
{
	const char *url = config->server.url_count > 0 ? config->server.urls[0] : shape->url;

	if (url && !*url)
		url = keycloak_url(config->client.issuer, arena);
	if (!url)
		return "";
	size_t size = strlen(url);
	while (size > 0 && url[size - 1] == '/')
		size--;
	return arena_strndup(arena, url, size);
}

/* Okta is its own issuer, and Google's token endpoint is known. */
static const struct client_config *complete_client(const struct api *api)
{
	struct client_config *client = arena_alloc(api->arena, sizeof(*client));

	*client = api->config->client;
	if (!*client->issuer && strcmp(api->shape->type, DIALECT_OKTA) == 0)
		client->issuer = api->url;
	if (!*client->token_url && api->shape->token_url)
		client->token_url = api->shape->token_url;
	return client;
}

static void open_client(struct api *api)
{
	if (*api->config->client.token.text)
		return;
	const struct oidc_terms terms = {
	    .client = complete_client(api),
	    .ca_file = api->config->server.ca_file,
	    .timeout_ms = api->config->server.operation_ms,
	    .scope = api->shape->scope,
	    .names_endpoint = api->shape->names_endpoint,
	    .by_assertion = api->shape->by_assertion,
	};
	api->client = oidc_client_new(&terms, api->http);
}

int api_open(const struct source_config *config, struct api *ret, struct error *err)
{
	*ret = (struct api){.config = config, .arena = arena_new()};
	ret->shape = shape_of(config, ret->arena);
	ret->url = find_url(config, ret->shape, ret->arena);
	if (!*ret->url)
		error_set(err, ERR_CONFIG, "the issuer has no /realms/ in it, so url must say where the API is");
	else if (http_new(&ret->http, err) == 0) {
		open_client(ret);
		return 0;
	}
	api_close(ret);
	return -1;
}

void api_close(struct api *api)
{
	oidc_client_free(&api->client);
	http_free(&api->http);
	arena_free(&api->arena);
}

void api_begin(struct api *api)
{
	api->over_at = clock_ms() + api->config->server.run_ms;
	api->requests = 0;
}

void page_free(struct page *page)
{
	json_free(&page->body);
}

/* --- what is shown --------------------------------------------------------------------------------------------------------- */

/* A long value of a query is a cursor, which may hold more than a place. */
static const char *shown(const char *url, struct arena *arena)
{
	struct str out = {0};

	for (const char *at = url; *at && out.size < SHOWN_MOST;) {
		size_t size = strcspn(at, "=&?");
		bool hide = at > url && at[-1] == '=' && size > VALUE_SHOWN_MOST;
		str_append(&out, hide ? "..." : at, hide ? 3 : size);
		at += size;
		if (*at)
			str_add_char(&out, *at++);
	}
	const char *copy = arena_strdup(arena, str_text(&out));
	str_free(&out);
	return copy;
}

/* --- waiting --------------------------------------------------------------------------------------------------------------- */

/* Between half and all of it, so that those who were turned away together do not come back together. */
static int64_t jittered(int64_t ms)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	return ms / 2 + (int64_t)(random % (uint64_t)(ms / 2 + 1));
}

static int rest(struct api *api, int64_t ms, struct error *err)
{
	struct timespec pause = {ms / MS_PER_SECOND, ms % MS_PER_SECOND * NS_PER_MS};

	if (clock_ms() + ms > api->over_at)
		return error_hint(err, "it would have to wait for %s, which is longer than timeouts.run leaves",
				  duration_text(ms));
	/* A signal ends it: whoever asks this process to stop is not kept waiting. */
	if (nanosleep(&pause, NULL) == 0)
		return 0;
	return error_set(err, ERR_CONFLICT, "a signal came while waiting for the API");
}

/* --- one request ----------------------------------------------------------------------------------------------------------- */

struct attempt {
	struct api *api;
	const char *url;
	struct arena *arena;
	struct page *page;
	int tries;         /* that failed without a word of when to come back */
	bool proof_is_new; /* so it was with the proof that goes with it */
	bool token_is_new; /* the one that was refused last was asked for because of that */
	bool has_token;    /* what went wrong last is about the page */
};

static int find_token(struct attempt *attempt, struct oidc_authorization *ret, int64_t *retry_ms, struct error *err)
{
	struct api *api = attempt->api;
	struct secret secret = {0};

	*retry_ms = -1;
	if (api->client)
		return oidc_authorize(api->client, attempt->url, ret, retry_ms, err);
	if (secret_read(&api->config->client.token, &secret, err))
		return -1;
	/* With a space it names its scheme itself: "SSWS abc" of Okta, "token abc" (RFC 9110 section 11.4). */
	str_printf(&ret->credentials, "%s%s", strchr(secret.bytes, ' ') ? "" : "Bearer ", secret.bytes);
	secret_wipe(&secret);
	return 0;
}

static int send_request(struct attempt *attempt, const struct oidc_authorization *authorization,
			struct http_reply *reply, struct error *err)
{
	const struct http_header headers[] = {{"Accept", strcmp(attempt->api->shape->type, DIALECT_SCIM) == 0
							     ? "application/scim+json, application/json"
							     : "application/json"},
					      {"Authorization", str_text(&authorization->credentials)},
					      {"DPoP", str_text(&authorization->proof)}};
	struct http_request request = {.url = attempt->url,
				       .get = true,
				       .most = PAGE_MOST,
				       .headers = headers,
				       .header_count = authorization->proof.size > 0 ? 3 : 2,
				       .ca_file = attempt->api->config->server.ca_file,
				       .timeout_ms = attempt->api->config->server.operation_ms,
				       .allow_loopback = http_url_is_loopback(attempt->api->url)};

	if (attempt->api->client && oidc_identity(attempt->api->client, &request.certificate, &request.key, err))
		return -1;
	attempt->api->requests++;
	return http_fetch(attempt->api->http, &request, reply, err);
}

/* The address that follows, as a Link header names it (RFC 8288 section 3). */
static const char *next_link(const struct http_reply *reply, struct arena *arena)
{
	const char *link;

	for (size_t i = 0; (link = http_reply_header(reply, "Link", i)) != NULL; i++) {
		for (const char *at = strchr(link, '<'); at; at = strchr(at + 1, '<')) {
			const char *end = strchr(at, '>');
			size_t size = end ? strcspn(end, ",") : 0;
			const char *parameters = end ? arena_strndup(arena, end, size) : "";
			if (strstr(parameters, "rel=\"next\"") || strstr(parameters, "rel=next"))
				return arena_strndup(arena, at + 1, (size_t)(end - at) - 1);
		}
	}
	return NULL;
}

static int take_body(struct attempt *attempt, const struct http_reply *reply, struct error *err)
{
	struct error flaw = {0};

	if (reply->cut)
		return error_set(err, ERR_PROTOCOL, "the answer is longer than 32 MiB; set a smaller page_size");
	if (json_parse(reply->body, reply->size, PAGE_MOST, &attempt->page->body, &flaw))
		return error_set(err, ERR_PROTOCOL, "the answer is not the JSON it should be: %s", flaw.text);
	attempt->page->link = next_link(reply, attempt->arena);
	return 0;
}

/* 1: again after *pause ms, 0 done, -1. */
static int judge(struct attempt *attempt, const struct http_reply *reply, int64_t *pause, struct error *err)
{
	int64_t wait = throttle_wait(attempt->api->shape->throttle, reply);
	int status = reply->status;
	bool other_proof = attempt->api->client && oidc_api_heard(attempt->api->client, reply);

	attempt->page->status = status;
	if (status == 200)
		return take_body(attempt, reply, err);
	error_set(err, throttle_class(status), "the API answers with status %d", status);
	throttle_explain(reply, err);
	if (status == 401 && !attempt->api->client)
		error_hint(err, "look at token: it may have ended, or belong behind another word than Bearer");
	if (status == 401 && other_proof && !attempt->proof_is_new) {
		attempt->proof_is_new = true;
		*pause = 0;
		return 1;
	}
	if (status == 401 && attempt->api->client && !attempt->token_is_new) {
		oidc_token_refused(attempt->api->client);
		attempt->token_is_new = true;
		*pause = 0;
		return 1;
	}
	if (wait < 0 && status < 500 && status != 408)
		return -1;
	if (wait < 0 && ++attempt->tries >= TRIES)
		return -1;
	*pause = wait >= 0 ? wait : jittered((int64_t)FIRST_PAUSE_MS << (attempt->tries - 1));
	return 1;
}

/* Nobody was there, or the line broke. */
static int unanswered(struct attempt *attempt, const struct error *why, int64_t *pause, struct error *err)
{
	if (err)
		*err = *why;
	attempt->page->status = 0;
	if (why->class != ERR_UNREACHABLE || ++attempt->tries >= TRIES)
		return -1;
	*pause = jittered((int64_t)FIRST_PAUSE_MS << (attempt->tries - 1));
	return 1;
}

static int try_once(struct attempt *attempt, int64_t *pause, struct error *err)
{
	struct oidc_authorization authorization = {0};
	struct error failure = {0};
	struct http_reply reply;
	int64_t retry_ms = -1;
	int status = find_token(attempt, &authorization, &retry_ms, &failure);
	attempt->has_token = status == 0;
	if (attempt->has_token)
		status = send_request(attempt, &authorization, &reply, &failure);
	oidc_authorization_free(&authorization);
	if (status)
		status = unanswered(attempt, &failure, pause, err);
	else if (reply.status == 0)
		status = unanswered(attempt, &reply.error, pause, err);
	else
		return judge(attempt, &reply, pause, err);
	if (status == 1 && !attempt->has_token && retry_ms >= 0)
		*pause = retry_ms < PAUSE_MOST_MS ? retry_ms : PAUSE_MOST_MS;
	return status;
}

int api_get(struct api *api, const char *url, struct arena *arena, struct page *ret, struct error *err)
{
	struct attempt attempt = {.api = api, .url = url, .arena = arena, .page = ret};
	struct error failure = {0};
	int64_t pause = 0;
	int status;

	*ret = (struct page){.url = shown(url, arena)};
	if (!http_same_origin(api->url, url))
		return error_set(err, ERR_PROTOCOL,
				 "the API sends roster to another address, %s, which is not followed", ret->url);
	do {
		status = clock_ms() < api->over_at
			     ? try_once(&attempt, &pause, &failure)
			     : error_set(&failure, ERR_UNREACHABLE, "the time for one read is over (timeouts.run)");
		if (status == 1 && rest(api, pause, &failure))
			status = -1;
	} while (status == 1);
	if (status && err) {
		*err = failure;
		if (attempt.has_token)
			error_prefix(err, "%s", ret->url);
	}
	return status;
}
