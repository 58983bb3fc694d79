/* SPDX-License-Identifier: Apache-2.0 */
/* A person signs in on another device than the one that asks (RFC 8628). */
#include "oidc/client.h"

#include "roster/json.h"
#include "roster/text.h"

#include <string.h>

static const char device_grant[] = "urn:ietf:params:oauth:grant-type:device_code";

/* RFC 8628 sections 3.2 and 3.5; the code of a provider that sets no end is given up some day. */
enum { INTERVAL_UNSAID = 5, SLOWER = 5, INTERVAL_MOST = 60, SECONDS_MOST = 3600, TOKEN_REPLY_MOST = 256 * 1024 };

/* --- the beginning --------------------------------------------------------------------------------------------------------- */

static int take_text(const struct json *body, const char *name, struct arena *arena, const char **ret,
		     struct error *err)
{
	const char *text = "";

	if (json_get_text(body, name, &text, err) < 0)
		return -1;
	if (text_has_control(text, strlen(text)))
		return error_set(err, ERR_PROTOCOL, "its %s holds what cannot be shown", name);
	*ret = arena_strdup(arena, text);
	return 0;
}

static int64_t take_seconds(const struct json *body, const char *name, int64_t unsaid, int64_t most)
{
	int64_t seconds = unsaid;

	json_as_integer(json_get(body, name), &seconds);
	if (seconds < 1)
		seconds = unsaid;
	return seconds < most ? seconds : most;
}

static int take_device(const struct json *body, struct arena *arena, struct oidc_device *ret, struct error *err)
{
	if (json_kind_of(body) != JSON_KIND_OBJECT)
		return error_set(err, ERR_PROTOCOL, "its answer is no JSON object");
	if (take_text(body, "device_code", arena, &ret->code, err) ||
	    take_text(body, "user_code", arena, &ret->user_code, err) ||
	    take_text(body, "verification_uri", arena, &ret->uri, err) ||
	    take_text(body, "verification_uri_complete", arena, &ret->uri_complete, err))
		return -1;
	if (!*ret->code || !*ret->user_code || !*ret->uri)
		return error_set(err, ERR_PROTOCOL, "its answer holds no code for a device");
	ret->seconds = take_seconds(body, "expires_in", SECONDS_MOST, SECONDS_MOST);
	ret->interval = take_seconds(body, "interval", INTERVAL_UNSAID, INTERVAL_MOST);
	return 0;
}

static int read_device(const struct http_reply *reply, struct arena *arena, struct oidc_device *ret, struct error *err)
{
	struct json *body = NULL;

	if (reply->status != 200)
		return client_refused(reply, "code for a device", err);
	int status = json_parse(reply->body, reply->size, HTTP_REPLY_MAX, &body, NULL)
			 ? error_set(err, ERR_PROTOCOL, "its answer is no JSON")
			 : take_device(body, arena, ret, err);
	json_free(&body);
	return status;
}

int oidc_device_begin(struct oidc_client *client, const struct oidc_wish *wish, struct arena *arena,
		      struct oidc_device *ret, struct error *err)
{
	const struct grant_field fields[] = {
	    {"scope", client_scope(client)},
	    {"nonce", wish->nonce},
	    {"acr_values", wish->acr_values},
	    {"max_age", wish->anew ? "0" : ""},
	    {"audience", client->terms.client->audience},
	};
	const struct oidc_metadata *metadata;
	struct http_reply reply;

	if (oidc_provider_metadata(client->provider, &metadata, err))
		return -1;
	if (!*metadata->device_endpoint)
		return error_set(err, ERR_CONFIG,
				 "the metadata of %s name no device_authorization_endpoint: it does not let people "
				 "sign in on another device (RFC 8628)",
				 client->terms.client->issuer);
	const char *endpoint = arena_strdup(arena, metadata->device_endpoint);
	if (client_post(client, endpoint, fields, sizeof(fields) / sizeof(fields[0]), &reply, err) ||
	    read_device(&reply, arena, ret, err))
		return error_prefix(err, "%s", endpoint);
	return 0;
}

/* --- the end --------------------------------------------------------------------------------------------------------------- */

static int take_token(const struct http_reply *reply, struct str *id_token, struct error *err)
{
	struct json *body = NULL;
	const char *token = "";
	int status = 1;

	if (json_parse(reply->body, reply->size, TOKEN_REPLY_MOST, &body, NULL) ||
	    json_kind_of(body) != JSON_KIND_OBJECT)
		status = error_set(err, ERR_PROTOCOL, "its answer is no JSON object");
	else if (json_get_text(body, "id_token", &token, NULL) <= 0 || !*token)
		status = error_set(err, ERR_PROTOCOL, "its answer holds no id_token; the scope must have \"openid\"");
	else
		str_add(id_token, token);
	json_free(&body);
	return status;
}

static bool says(const struct http_reply *reply, const char *code)
{
	struct json *body = NULL;
	const char *said = "";
	bool same = false;

	if (json_parse(reply->body, reply->size, HTTP_REPLY_MAX, &body, NULL) == 0 &&
	    json_kind_of(body) == JSON_KIND_OBJECT && json_get_text(body, "error", &said, NULL) > 0)
		same = strcmp(said, code) == 0;
	json_free(&body);
	return same;
}

/* RFC 8628 section 3.5 */
static int not_yet(const struct http_reply *reply, struct oidc_device *device, struct error *err)
{
	if (says(reply, "authorization_pending"))
		return 0;
	if (says(reply, "slow_down")) {
		device->interval += SLOWER;
		return 0;
	}
	if (says(reply, "access_denied"))
		return error_set(err, ERR_DENIED, "the sign-in was refused at the provider");
	if (says(reply, "expired_token"))
		return error_set(err, ERR_DENIED, "nobody has signed in while the code was good");
	return client_refused(reply, "token", err);
}

int oidc_device_poll(struct oidc_client *client, struct oidc_device *device, struct str *id_token, struct error *err)
{
	const struct grant_field fields[] = {{"grant_type", device_grant}, {"device_code", device->code}};
	struct http_reply reply;
	const char *endpoint;

	if (client_endpoint(client, &endpoint, err))
		return -1;
	if (client_ask(client, endpoint, fields, sizeof(fields) / sizeof(fields[0]), &reply, err))
		return error_prefix(err, "%s", endpoint);
	int status = reply.status == 200 ? take_token(&reply, id_token, err) : not_yet(&reply, device, err);
	return status < 0 ? error_prefix(err, "%s", endpoint) : status;
}
