/* SPDX-License-Identifier: Apache-2.0 */
/* The access token: where it is asked for, how long it is good. */
#include "oidc/client.h"
#include "oidc/grant.h"

#include "roster/elapsed.h"
#include "roster/json.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

/* How long a token is taken to be good whose provider does not say. */
enum { LIFE_UNSAID_SECONDS = 60, LIFE_MOST_SECONDS = 24 * 60 * 60, MS_PER_SECOND = 1000 };

static const char assertion_grant[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";

struct oidc_client *oidc_client_new(const struct oidc_terms *terms, struct http *http)
{
	struct oidc_client *client = xcalloc(1, sizeof(*client));

	client->terms = *terms;
	client->http = http;
	const struct oidc_peer peer = {.issuer = terms->client->issuer,
				       .token_url = terms->client->token_url,
				       .device_url = terms->client->device_url ? terms->client->device_url : "",
				       .jwks_url = terms->client->jwks_url ? terms->client->jwks_url : "",
				       .ca_file = terms->ca_file,
				       .timeout_ms = terms->timeout_ms};
	client->provider = oidc_provider_new(&peer, http);
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
	possession_free(&(*client)->possession);
	oidc_provider_free(&(*client)->provider);
	free(*client);
	*client = NULL;
}

struct oidc_provider *oidc_client_provider(struct oidc_client *client)
{
	return client->provider;
}

void oidc_token_refused(struct oidc_client *client)
{
	forget_token(client);
}

/* --- the token ------------------------------------------------------------------------------------------------------------- */

int client_endpoint(struct oidc_client *client, const char **ret, struct error *err)
{
	const struct client_config *config = client->terms.client;
	const struct oidc_metadata *metadata;
	bool tls = strcmp(config->auth, "tls") == 0;

	if (oidc_provider_metadata(client->provider, &metadata, err))
		return -1;
	client->may_bind = metadata->binds;
	*ret = config->token_url;
	if (!**ret && tls && metadata->tls_token_endpoint)
		*ret = metadata->tls_token_endpoint;
	if (!**ret && metadata->token_endpoint)
		*ret = metadata->token_endpoint;
	if (!**ret)
		return error_set(err, ERR_CONFIG, "the metadata of %s name no token endpoint; set token_url",
				 config->issuer);
	return 0;
}

const char *client_scope(const struct oidc_client *client)
{
	return *client->terms.client->scope ? client->terms.client->scope : client->terms.scope;
}

int client_refused(const struct http_reply *reply, const char *what, struct error *err)
{
	struct json *body = NULL;
	const char *code = "", *why = "";
	bool later = reply->status >= 500 || reply->status == 429;

	if (json_parse(reply->body, reply->size, HTTP_REPLY_MAX, &body, NULL) == 0) {
		json_get_text(body, "error", &code, NULL);
		json_get_text(body, "error_description", &why, NULL);
	}
	error_set(err, later ? ERR_UNREACHABLE : ERR_DENIED, "it gives no %s: status %d%s%.100s%s%.300s", what,
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
	if (json_get_text(body, "token_type", &type, err) < 0)
		return -1;
	bool bound = client->possession && text_equal_fold(type, "DPoP");
	if (!bound && !text_equal_fold(type, "Bearer"))
		return error_set(err, ERR_PROTOCOL, "it gives a token of another type than Bearer");
	if (strpbrk(token, " \t") || text_has_control(token, strlen(token)))
		return error_set(err, ERR_PROTOCOL,
				 "its token cannot be sent: it holds a space or a control character");
	forget_token(client);
	str_add(&client->token, token);
	client->bound = bound;
	client->renew_at = asked_at + life_of(body) * MS_PER_SECOND / 5 * 4;
	return 0;
}

static int read_token(struct oidc_client *client, const struct http_reply *reply, int64_t asked_at, struct error *err)
{
	struct json *body = NULL;

	if (reply->status != 200)
		return client_refused(reply, "token", err);
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

static int prove_possession(const struct oidc_client *client, const struct grant_facts *facts,
			    struct grant_request *grant, struct error *err)
{
	const struct proof proof = {.server = TO_PROVIDER, .method = "POST", .url = facts->endpoint, .now = facts->now};

	if (!client->possession)
		return 0;
	if (possession_prove(client->possession, &proof, &grant->proof, err))
		return -1;
	grant->headers[grant->header_count++] = (struct http_header){"DPoP", str_text(&grant->proof)};
	return 0;
}

int client_post(struct oidc_client *client, const char *endpoint, const struct grant_field *fields, size_t count,
		struct http_reply *ret, struct error *err)
{
	const struct grant_facts facts = {
	    .terms = &client->terms, .endpoint = endpoint, .now = oidc_provider_now(client->provider)};
	struct grant_request grant = {0};
	const char *certificate;
	const struct http_key *key = NULL;

	if (grant_write(&facts, fields, count, &grant, err) || prove_possession(client, &facts, &grant, err) ||
	    oidc_identity(client, &certificate, &key, err)) {
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
	int status = http_fetch(client->http, &request, ret, err);
	grant_free(&grant);
	if (status == 0 && ret->status == 0) {
		*err = ret->error;
		status = -1;
	}
	if (status == 0)
		oidc_provider_heard(client->provider, ret);
	return status;
}

/* That it wants a proof of possession some providers call by its name, and others just a request that is not good. */
static bool wants_possession(const struct oidc_client *client, const struct http_reply *reply)
{
	static const char *const vague[] = {"\"invalid_grant\"", "\"invalid_request\""};
	bool is_vague = false;

	if (reply->status < 400 || reply->status >= 500)
		return false;
	if (strcasestr(reply->body, "dpop"))
		return true;
	for (size_t i = 0; i < sizeof(vague) / sizeof(vague[0]); i++)
		is_vague = is_vague || strstr(reply->body, vague[i]);
	return is_vague && client->may_bind;
}

int client_ask(struct oidc_client *client, const char *endpoint, const struct grant_field *fields, size_t count,
	       struct http_reply *ret, struct error *err)
{
	if (client_post(client, endpoint, fields, count, ret, err))
		return -1;
	bool again = false;
	if (!client->possession && wants_possession(client, ret)) {
		/* It may have said the nonce it wants already. */
		if (possession_new(&client->possession, err))
			return -1;
		possession_heard(client->possession, TO_PROVIDER, ret);
		if (client_post(client, endpoint, fields, count, ret, err))
			return -1;
	}
	if (client->possession)
		again = possession_heard(client->possession, TO_PROVIDER, ret) && wants_possession(client, ret);
	return again ? client_post(client, endpoint, fields, count, ret, err) : 0;
}

static int ask(struct oidc_client *client, const char *endpoint, int64_t *retry_ms, struct error *err)
{
	const struct oidc_terms *terms = &client->terms;
	const struct grant_field fields[] = {
	    {"grant_type", terms->by_assertion ? assertion_grant : "client_credentials"},
	    {"scope", terms->by_assertion ? "" : client_scope(client)},
	    {"audience", terms->client->audience},
	};
	int64_t asked_at = clock_ms();
	struct http_reply reply;

	if (client_ask(client, endpoint, fields, sizeof(fields) / sizeof(fields[0]), &reply, err))
		return -1;
	*retry_ms = reply.retry_after_ms;
	return read_token(client, &reply, asked_at, err);
}

static int find_token(struct oidc_client *client, int64_t *retry_ms, struct error *err)
{
	const char *endpoint = NULL;

	*retry_ms = -1;
	if (client->token.size > 0 && clock_ms() < client->renew_at)
		return 0;
	if (client_endpoint(client, &endpoint, err))
		return -1;
	return ask(client, endpoint, retry_ms, err) ? error_prefix(err, "%s", endpoint) : 0;
}

int oidc_authorize(struct oidc_client *client, const char *url, struct oidc_authorization *ret, int64_t *retry_ms,
		   struct error *err)
{
	if (find_token(client, retry_ms, err))
		return -1;
	const char *token = str_text(&client->token);
	str_printf(&ret->credentials, "%s %s", client->bound ? "DPoP" : "Bearer", token);
	if (!client->bound)
		return 0;
	const struct proof proof = {
	    .server = TO_API, .method = "GET", .url = url, .token = token, .now = oidc_provider_now(client->provider)};
	return possession_prove(client->possession, &proof, &ret->proof, err);
}

bool oidc_api_heard(struct oidc_client *client, const struct http_reply *reply)
{
	return client->bound && possession_heard(client->possession, TO_API, reply);
}

void oidc_authorization_free(struct oidc_authorization *authorization)
{
	if (authorization->credentials.data)
		explicit_bzero(authorization->credentials.data, authorization->credentials.size);
	str_free(&authorization->credentials);
	str_free(&authorization->proof);
}
