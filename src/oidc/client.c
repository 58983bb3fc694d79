/* SPDX-License-Identifier: Apache-2.0 */
/* The access token: where it is asked for, how long it is good. */
#include "oidc/grant.h"

#include "roster/elapsed.h"
#include "roster/json.h"
#include "roster/log.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a token is taken to be good whose provider does not say. */
enum { LIFE_UNSAID_SECONDS = 60, LIFE_MOST_SECONDS = 24 * 60 * 60, MS_PER_SECOND = 1000, SKEW_NOTICED = 30 };

struct oidc_client {
	struct oidc_terms terms;
	struct http *http;
	struct arena *arena;           /* of the metadata */
	struct oidc_metadata metadata; /* issuer NULL: not read yet */
	int64_t metadata_until;
	struct str token;
	int64_t renew_at;
	int64_t clock_ahead; /* seconds by which the provider's clock is ahead of ours */
	struct secret key;   /* of the certificate */
	struct http_key shown;
};

struct oidc_client *oidc_client_new(const struct oidc_terms *terms, struct http *http)
{
	struct oidc_client *client = xcalloc(1, sizeof(*client));

	client->terms = *terms;
	client->http = http;
	client->arena = arena_new();
	return client;
}

static void forget_token(struct oidc_client *client)
{
	if (client->token.data)
		explicit_bzero(client->token.data, client->token.size);
	str_clear(&client->token);
}

void oidc_client_free(struct oidc_client **client)
{
	if (!*client)
		return;
	forget_token(*client);
	str_free(&(*client)->token);
	secret_wipe(&(*client)->key);
	arena_free(&(*client)->arena);
	free(*client);
	*client = NULL;
}

void oidc_token_refused(struct oidc_client *client)
{
	forget_token(client);
}

/* --- metadata -------------------------------------------------------------------------------------------------------------- */

/* A clock that is wrong by minutes makes assertions that are too old, or not yet valid. */
static void compare_clocks(struct oidc_client *client, const struct http_reply *reply)
{
	const char *date = http_reply_header(reply, "Date", 0);
	int64_t theirs = date ? http_date(date) : -1;

	if (theirs < 0)
		return;
	client->clock_ahead = theirs - (int64_t)time(NULL);
	if (llabs(client->clock_ahead) < SKEW_NOTICED)
		client->clock_ahead = 0;
}

static int read_metadata(struct oidc_client *client, const struct http_reply *reply, struct error *err)
{
	struct arena *arena = arena_new();
	struct oidc_metadata metadata = {0};

	if (reply->status != 200)
		error_set(err, reply->status >= 500 || reply->status == 429 ? ERR_UNREACHABLE : ERR_PROTOCOL,
			  "it answers with status %d", reply->status);
	else if (!reply->cut && oidc_metadata_parse(reply->body, reply->size, client->terms.client->issuer, arena,
						    &metadata, err) == 0) {
		arena_free(&client->arena);
		client->arena = arena;
		client->metadata = metadata;
		client->metadata_until =
		    clock_ms() + oidc_metadata_keep_ms(http_reply_header(reply, "Cache-Control", 0));
		compare_clocks(client, reply);
		return 0;
	}
	if (reply->cut)
		error_set(err, ERR_PROTOCOL, "its answer is longer than 64 KiB");
	arena_free(&arena);
	return -1;
}

static int fetch_metadata(struct oidc_client *client, struct error *err)
{
	static const struct http_header accept = {"Accept", "application/json"};
	const char *issuer = client->terms.client->issuer;
	struct str url = {0};
	struct http_reply reply;

	/* Behind a slash that ends the issuer there is no second one (OIDC Discovery 1.0 section 4.1). */
	str_append(&url, issuer, strlen(issuer) - text_ends_with(issuer, "/"));
	str_add(&url, "/.well-known/openid-configuration");
	const struct http_request request = {.url = str_text(&url),
					     .get = true,
					     .headers = &accept,
					     .header_count = 1,
					     .ca_file = client->terms.ca_file,
					     .timeout_ms = client->terms.timeout_ms,
					     .allow_loopback = http_url_is_loopback(issuer)};
	int status = http_fetch(client->http, &request, &reply, err);
	if (status == 0 && reply.status == 0) {
		*err = reply.error;
		status = -1;
	} else if (status == 0) {
		status = read_metadata(client, &reply, err);
	}
	if (status)
		error_prefix(err, "%s", str_text(&url));
	str_free(&url);
	return status;
}

/* What was read last is good until something else can be read. */
static int know_provider(struct oidc_client *client, struct error *err)
{
	struct error failure = {0};

	if (!*client->terms.client->issuer || (client->metadata.issuer && clock_ms() < client->metadata_until))
		return 0;
	if (fetch_metadata(client, &failure) == 0)
		return 0;
	if (client->metadata.issuer) {
		log_warn("%s; what it said before counts", failure.text);
		client->metadata_until = clock_ms() + oidc_metadata_keep_ms(NULL);
		return 0;
	}
	if (err)
		*err = failure;
	return -1;
}

/* --- the token ------------------------------------------------------------------------------------------------------------- */

static int find_endpoint(const struct oidc_client *client, const char **ret, struct error *err)
{
	const struct client_config *config = client->terms.client;
	bool tls = strcmp(config->auth, "tls") == 0;

	*ret = config->token_url;
	if (!**ret && tls && client->metadata.tls_token_endpoint)
		*ret = client->metadata.tls_token_endpoint;
	if (!**ret && client->metadata.token_endpoint)
		*ret = client->metadata.token_endpoint;
	if (!**ret)
		return error_set(err, ERR_CONFIG, "the metadata of %s name no token endpoint; set token_url",
				 config->issuer);
	return 0;
}

/* Why it gave none: error and error_description of RFC 6749 section 5.2, as far as they can be shown. */
static int refused(const struct http_reply *reply, struct error *err)
{
	struct json *body = NULL;
	const char *code = "", *why = "";
	bool later = reply->status >= 500 || reply->status == 429;

	if (json_parse(reply->body, reply->size, HTTP_REPLY_MAX, &body, NULL) == 0) {
		json_get_text(body, "error", &code, NULL);
		json_get_text(body, "error_description", &why, NULL);
	}
	error_set(err, later ? ERR_UNREACHABLE : ERR_DENIED, "it gives no token: status %d%s%.100s%s%.300s",
		  reply->status, *code ? ", " : "", code, *why ? ": " : "", why);
	text_clean(err->text);
	if (!later && (!*code || strcmp(code, "invalid_client") == 0 || strcmp(code, "invalid_request") == 0 ||
		       strcmp(code, "unauthorized_client") == 0))
		error_hint(err, "check client_id, the secret or key, and client_auth");
	json_free(&body);
	return -1;
}

static int64_t life_of(const struct json *body)
{
	int64_t seconds = LIFE_UNSAID_SECONDS;
	const struct json *life = json_get(body, "expires_in");

	if (life && !json_as_integer(life, &seconds) && json_as_text(life))
		seconds = strtoll(json_as_text(life), NULL, 10);
	if (seconds < 1)
		seconds = 1;
	return seconds < LIFE_MOST_SECONDS ? seconds : LIFE_MOST_SECONDS;
}

static int take_token(struct oidc_client *client, const struct json *body, int64_t asked_at, struct error *err)
{
	const char *token = NULL, *type = "Bearer";

	if (json_kind_of(body) != JSON_KIND_OBJECT || json_get_text(body, "access_token", &token, err) <= 0 || !*token)
		return error_set(err, ERR_PROTOCOL, "its answer holds no access_token");
	if (json_get_text(body, "token_type", &type, err) < 0 || !text_equal_fold(type, "Bearer"))
		return error_set(err, ERR_PROTOCOL, "it gives a token of another type than Bearer");
	if (strpbrk(token, " \t") || text_has_control(token, strlen(token)))
		return error_set(err, ERR_PROTOCOL,
				 "its token cannot be sent: it holds a space or a control character");
	forget_token(client);
	str_add(&client->token, token);
	client->renew_at = asked_at + life_of(body) * MS_PER_SECOND / 5 * 4;
	return 0;
}

static int read_token(struct oidc_client *client, const struct http_reply *reply, int64_t asked_at, struct error *err)
{
	struct json *body = NULL;

	compare_clocks(client, reply);
	if (reply->status != 200)
		return refused(reply, err);
	int status = json_parse(reply->body, reply->size, HTTP_REPLY_MAX, &body, NULL)
			 ? error_set(err, ERR_PROTOCOL, "its answer is no JSON")
			 : take_token(client, body, asked_at, err);
	json_free(&body);
	return status;
}

int oidc_identity(struct oidc_client *client, const char **certificate, const struct http_key **key, struct error *err)
{
	const struct client_config *config = client->terms.client;

	*certificate = NULL;
	if (strcmp(config->auth, "tls") != 0)
		return 0;
	secret_wipe(&client->key);
	if (secret_read(&config->key, &client->key, err))
		return -1;
	client->shown = (struct http_key){client->key.bytes, client->key.size};
	*certificate = config->certificate;
	*key = &client->shown;
	return 0;
}

static int ask(struct oidc_client *client, const char *endpoint, int64_t *retry_ms, struct error *err)
{
	const struct grant_facts facts = {
	    .terms = &client->terms, .endpoint = endpoint, .now = (int64_t)time(NULL) + client->clock_ahead};
	struct grant_request grant = {0};
	int64_t asked_at = clock_ms();
	struct http_reply reply;
	const char *certificate;
	const struct http_key *key = NULL;

	if (grant_write(&facts, &grant, err) || oidc_identity(client, &certificate, &key, err)) {
		grant_free(&grant);
		return -1;
	}
	const struct http_request request = {.url = endpoint,
					     .headers = grant.headers,
					     .header_count = grant.header_count,
					     .body = str_text(&grant.body),
					     .size = grant.body.size,
					     .certificate = certificate,
					     .key = key,
					     .ca_file = client->terms.ca_file,
					     .timeout_ms = client->terms.timeout_ms,
					     .allow_loopback = http_url_is_loopback(endpoint)};
	int status = http_fetch(client->http, &request, &reply, err);
	grant_free(&grant);
	if (status)
		return -1;
	*retry_ms = reply.retry_after_ms;
	if (reply.status == 0) {
		*err = reply.error;
		return -1;
	}
	return read_token(client, &reply, asked_at, err);
}

int oidc_access_token(struct oidc_client *client, const char **ret, int64_t *retry_ms, struct error *err)
{
	const char *endpoint = NULL;

	*retry_ms = -1;
	*ret = str_text(&client->token);
	if (client->token.size > 0 && clock_ms() < client->renew_at)
		return 0;
	if (know_provider(client, err) || find_endpoint(client, &endpoint, err))
		return -1;
	if (ask(client, endpoint, retry_ms, err))
		return error_prefix(err, "%s", endpoint);
	*ret = str_text(&client->token);
	return 0;
}
