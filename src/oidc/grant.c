/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/grant.h"

#include "roster/json.h"
#include "roster/jwt.h"
#include "roster/text.h"

#include <string.h>
#include <sys/random.h>

/* An assertion is for one request; a Google service account may ask for an hour, and has to. */
enum { ASSERTION_SECONDS = 60, DELEGATION_SECONDS = 3600 };

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

static void add_field(struct str *body, const char *name, const char *value)
{
	str_printf(body, "%s%s=", body->size ? "&" : "", name);
	http_escape(value, body);
}

static void wipe(struct str *text)
{
	if (text->data)
		explicit_bzero(text->data, text->size);
	str_free(text);
}

void grant_free(struct grant_request *grant)
{
	wipe(&grant->body);
	wipe(&grant->authorization);
	str_free(&grant->proof);
}

/* --- by a secret ----------------------------------------------------------------------------------------------------------- */

/* Both are escaped as in a form before they are joined (RFC 6749 section 2.3.1), but for issuers that never undo it. */
static void write_basic(const char *id, const char *secret, bool raw, struct grant_request *ret)
{
	struct str pair = {0};

	if (raw) {
		str_printf(&pair, "%s:%s", id, secret);
	} else {
		http_escape(id, &pair);
		str_add_char(&pair, ':');
		http_escape(secret, &pair);
	}
	str_add(&ret->authorization, "Basic ");
	base64_encode(&ret->authorization, pair.data, pair.size);
	wipe(&pair);
	ret->headers[ret->header_count++] = (struct http_header){"Authorization", str_text(&ret->authorization)};
}

static int prove_by_secret(const struct client_config *client, struct grant_request *ret, struct error *err)
{
	struct secret secret = {0};

	if (secret_read(&client->secret, &secret, err))
		return -1;
	if (strcmp(client->auth, "post") == 0) {
		add_field(&ret->body, "client_id", client->id);
		add_field(&ret->body, "client_secret", secret.bytes);
	} else {
		write_basic(client->id, secret.bytes, strcmp(client->auth, "raw") == 0, ret);
	}
	secret_wipe(&secret);
	return 0;
}

/* --- by a key -------------------------------------------------------------------------------------------------------------- */

int grant_add_jti(struct json *claims, struct error *err)
{
	uint8_t bytes[16];
	char text[UUID_TEXT];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set(err, ERR_INTERNAL, "the system gives no random bytes");
	uuid_format(bytes, text);
	return json_put_text(claims, "jti", text, err);
}

static int add_claims(const struct grant_facts *facts, struct json *claims, struct error *err)
{
	const struct oidc_terms *terms = facts->terms;
	const struct client_config *client = terms->client;
	bool for_issuer = *client->issuer && !terms->names_endpoint;
	int64_t seconds = terms->by_assertion ? DELEGATION_SECONDS : ASSERTION_SECONDS;
	const char *scope = *client->scope ? client->scope : terms->scope;

	if (json_put_text(claims, "iss", client->id, err) ||
	    json_put_text(claims, "sub", terms->by_assertion ? client->subject : client->id, err) ||
	    json_put_text(claims, "aud", for_issuer ? client->issuer : facts->endpoint, err) ||
	    json_put(claims, "iat", json_new_integer(facts->now), err) ||
	    json_put(claims, "exp", json_new_integer(facts->now + seconds), err))
		return -1;
	return terms->by_assertion ? json_put_text(claims, "scope", scope, err) : grant_add_jti(claims, err);
}

static int write_assertion(const struct grant_facts *facts, struct str *out, struct error *err)
{
	struct json *claims = json_new_object();
	struct jwt_key *key = NULL;
	struct secret secret = {0};
	int status = secret_read(&facts->terms->client->key, &secret, err);

	if (status == 0)
		status = jwt_key_parse(secret.bytes, secret.size, NULL, &key, err);
	if (status == 0 && *facts->terms->client->certificate)
		status = jwt_key_name_certificate(key, facts->terms->client->certificate, err);
	if (status == 0)
		status = add_claims(facts, claims, err);
	if (status == 0)
		status = jwt_sign(key, NULL, claims, out, err);
	if (status)
		error_prefix(err, "client_key");
	jwt_key_free(&key);
	secret_wipe(&secret);
	json_free(&claims);
	return status;
}

static int prove_by_key(const struct grant_facts *facts, struct grant_request *ret, struct error *err)
{
	struct str assertion = {0};
	int status = write_assertion(facts, &assertion, err);

	if (status == 0 && facts->terms->by_assertion) {
		add_field(&ret->body, "assertion", str_text(&assertion));
	} else if (status == 0) {
		add_field(&ret->body, "client_id", facts->terms->client->id);
		add_field(&ret->body, "client_assertion_type", assertion_type);
		add_field(&ret->body, "client_assertion", str_text(&assertion));
	}
	wipe(&assertion);
	return status;
}

/* --- the request ------------------------------------------------------------------------------------------------------------ */

static int prove(const struct grant_facts *facts, struct grant_request *ret, struct error *err)
{
	const struct client_config *client = facts->terms->client;

	/* A public client proves nothing, nor does one whose certificate does. */
	if (strcmp(client->auth, "tls") == 0 || strcmp(client->auth, "none") == 0) {
		add_field(&ret->body, "client_id", client->id);
		return 0;
	}
	return *client->key.text ? prove_by_key(facts, ret, err) : prove_by_secret(client, ret, err);
}

int grant_write(const struct grant_facts *facts, const struct grant_field *fields, size_t count,
		struct grant_request *ret, struct error *err)
{
	ret->headers[ret->header_count++] = (struct http_header){"Content-Type", "application/x-www-form-urlencoded"};
	ret->headers[ret->header_count++] = (struct http_header){"Accept", "application/json"};
	for (size_t i = 0; i < count; i++)
		if (*fields[i].value)
			add_field(&ret->body, fields[i].name, fields[i].value);
	return prove(facts, ret, err);
}
