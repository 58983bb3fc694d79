/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs in: from the first question to the session. */
#include "roster/signin.h"
#include "job/signin.h"

#include "roster/elapsed.h"
#include "roster/log.h"
#include "roster/oidc.h"
#include "roster/sessions.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

enum { WAITING_MOST = 64, MS_PER_SECOND = 1000, LEEWAY_SECONDS = 60 };

/* Somebody who was sent to the provider. */
struct visitor {
	struct visitor *next;
	struct arena *arena;
	char handle[SESSION_TOKEN], nonce[SESSION_TOKEN];
	struct oidc_device device;
	int64_t until, ask_at;
};

struct signin {
	const struct config *config;
	struct http *http;
	struct oidc_terms terms;
	struct oidc_client *client;
	struct visitor *visitors; /* newest first */
};

int signin_new(const struct config *config, struct signin **ret, struct error *err)
{
	struct signin *signin = xcalloc(1, sizeof *signin);

	signin->config = config;
	if (http_new(&signin->http, err) != 0) {
		signin_free(&signin);
		return -1;
	}
	signin->terms = (struct oidc_terms){.client = &config->signin.client,
					    .ca_file = config->signin.ca_file,
					    .timeout_ms = config->signin.timeout_ms,
					    .scope = "openid"};
	signin->client = oidc_client_new(&signin->terms, signin->http);
	*ret = signin;
	return 0;
}

static void forget(struct visitor **link)
{
	struct visitor *visitor = *link;

	*link = visitor->next;
	arena_free(&visitor->arena);
	explicit_bzero(visitor, sizeof *visitor);
	free(visitor);
}

void signin_free(struct signin **signin)
{
	if (*signin == NULL)
		return;
	while ((*signin)->visitors != NULL)
		forget(&(*signin)->visitors);
	oidc_client_free(&(*signin)->client);
	http_free(&(*signin)->http);
	free(*signin);
	*signin = NULL;
}

/* --- the beginning ------------------------------------------------------------------------------------------------------- */

/* Codes that have ended, and of too many the oldest. */
static void make_room(struct signin *signin)
{
	struct visitor **link = &signin->visitors;
	size_t kept = 0;

	while (*link != NULL)
		if ((*link)->until <= clock_ms() || kept == WAITING_MOST - 1)
			forget(link);
		else {
			link = &(*link)->next;
			kept++;
		}
}

static int ask_device(struct signin *signin, struct visitor *visitor, bool factor, struct error *err)
{
	const struct signin_config *config = &signin->config->signin;
	struct str values = {0};

	for (size_t i = 0; factor && i < config->acr_count; i++)
		str_printf(&values, "%s%s", i > 0 ? " " : "", config->acr[i]);
	const struct oidc_wish wish = {visitor->nonce, str_text(&values), factor};
	int rc = oidc_device_begin(signin->client, &wish, visitor->arena, &visitor->device, err);
	str_free(&values);
	return rc;
}

static int tell_device(const struct visitor *visitor, struct json **reply, struct error *err)
{
	const struct oidc_device *device = &visitor->device;

	*reply = json_new_object();
	if (json_put_text(*reply, "handle", visitor->handle, err) != 0 ||
	    json_put_text(*reply, "user_code", device->user_code, err) != 0 ||
	    json_put_text(*reply, "verification_uri", device->uri, err) != 0 ||
	    json_put_text(*reply, "verification_uri_complete", device->uri_complete, err) != 0 ||
	    json_put(*reply, "seconds", json_new_integer(device->seconds), err) != 0)
		return -1;
	return json_put(*reply, "interval", json_new_integer(device->interval), err);
}

int signin_begin(struct signin *signin, bool factor, struct json **reply, struct error *err)
{
	struct visitor *visitor = xcalloc(1, sizeof *visitor);

	make_room(signin);
	visitor->arena = arena_new();
	visitor->next = signin->visitors;
	signin->visitors = visitor;
	if (session_secret(visitor->handle, err) != 0 || session_secret(visitor->nonce, err) != 0 ||
	    ask_device(signin, visitor, factor, err) != 0) {
		forget(&signin->visitors);
		return -1;
	}
	visitor->until = clock_ms() + visitor->device.seconds * MS_PER_SECOND;
	visitor->ask_at = clock_ms() + visitor->device.interval * MS_PER_SECOND;
	return tell_device(visitor, reply, err);
}

/* --- what the token says --------------------------------------------------------------------------------------------------- */

/* It comes back where the provider knows of it in this flow; another one's is never taken. */
static int check_nonce(const struct visitor *visitor, const struct json *claims, struct error *err)
{
	const struct json *nonce = json_get(claims, "nonce");

	if (nonce == NULL || (json_as_text(nonce) != NULL && strcmp(json_as_text(nonce), visitor->nonce) == 0))
		return 0;
	return error_set(err, ERR_DENIED, "the ID token is not the answer to this question (nonce)");
}

static int judge(struct signin *signin, const struct visitor *visitor, const char *token, struct json **claims,
		 struct error *err)
{
	const struct signin_config *config = &signin->config->signin;
	const struct jwt_expect expect = {.algorithms = config->algorithms,
					  .algorithm_count = config->algorithm_count,
					  .issuer = config->client.issuer,
					  .audience = config->client.id,
					  .party = config->client.id,
					  .leeway = LEEWAY_SECONDS};

	enum jwt_verdict verdict;

	if (oidc_provider_judge(oidc_client_provider(signin->client), token, &expect, claims, &verdict, err) != 0)
		return -1;
	return check_nonce(visitor, *claims, err);
}

static int open_session(struct signin *signin, const struct json *claims, struct json *reply, struct error *err)
{
	const struct signin_config *config = &signin->config->signin;
	struct session_claim claim = {.source = config->source};
	struct session_facts facts;
	struct arena *arena = arena_new();
	struct store *store = NULL;
	char token[SESSION_TOKEN];
	const char *flaw = signin_factor(config, claims, oidc_provider_now(oidc_client_provider(signin->client)), arena,
					 &claim.factor_age);
	int rc = -1;

	claim.subject = json_as_text(json_get(claims, config->subject));
	if (claim.subject == NULL || *claim.subject == '\0')
		error_set(err, ERR_DENIED, "the ID token has no \"%s\"", config->subject);
	else if (store_open(&signin->config->database, STORE_SIGNIN, &store, err) == 0 &&
		 store_session_open(store, &claim, token, arena, &facts, err) == 0 &&
		 json_put_text(reply, "token", token, err) == 0 &&
		 json_put_text(reply, "login", facts.login, err) == 0 &&
		 json_put_text(reply, "until", facts.until, err) == 0 &&
		 json_put_text(reply, "factor_until", facts.factor_until, err) == 0)
		rc = json_put_text(reply, "factor_flaw", *facts.factor_until != '\0' ? "" : flaw, err);
	if (rc == 0)
		log_info("%s signed in%s", facts.login, *facts.factor_until != '\0' ? ", with a second factor" : "");
	explicit_bzero(token, sizeof token);
	store_close(&store);
	arena_free(&arena);
	return rc;
}

static int receive(struct signin *signin, const struct visitor *visitor, const char *token, struct json *reply,
		   struct error *err)
{
	struct json *claims = NULL;
	int rc = judge(signin, visitor, token, &claims, err);

	if (rc == 0)
		rc = open_session(signin, claims, reply, err);
	json_free(&claims);
	return rc == 0 ? json_put_text(reply, "state", "done", err) : -1;
}

/* --- the end ------------------------------------------------------------------------------------------------------------- */

static int tell_pending(const struct visitor *visitor, struct json *reply, struct error *err)
{
	if (json_put_text(reply, "state", "pending", err) != 0)
		return -1;
	return json_put(reply, "interval", json_new_integer(visitor->device.interval), err);
}

/* A provider that does not answer now may do so later, and less often (RFC 8628 section 3.5). */
static int ask_provider(struct signin *signin, struct visitor *visitor, struct str *token, struct error *err)
{
	struct error failure = {0};
	int came = oidc_device_poll(signin->client, &visitor->device, token, &failure);

	visitor->ask_at = clock_ms() + visitor->device.interval * MS_PER_SECOND;
	if (came < 0 && failure.class == ERR_UNREACHABLE && clock_ms() < visitor->until) {
		log_warn("%s", failure.text);
		visitor->ask_at += visitor->device.interval * MS_PER_SECOND;
		return 0;
	}
	if (came < 0)
		*err = failure;
	return came;
}

static int poll_visitor(struct signin *signin, struct visitor **link, struct json *reply, struct error *err)
{
	struct str token = {0};
	int came = clock_ms() < (*link)->ask_at ? 0 : ask_provider(signin, *link, &token, err), rc = came;

	if (came == 0)
		rc = tell_pending(*link, reply, err);
	else if (came > 0)
		rc = receive(signin, *link, str_text(&token), reply, err);
	if (token.size > 0)
		explicit_bzero(token.data, token.size);
	str_free(&token);
	if (came != 0)
		forget(link);
	return rc;
}

int signin_poll(struct signin *signin, const char *handle, struct json **reply, struct error *err)
{
	struct visitor **link = &signin->visitors;

	while (*link != NULL && strcmp((*link)->handle, handle) != 0)
		link = &(*link)->next;
	if (*link == NULL)
		return error_set(err, ERR_DENIED, "this sign-in is not known, or not any more; type: rosterctl login");
	*reply = json_new_object();
	if (poll_visitor(signin, link, *reply, err) == 0)
		return 0;
	log_warn("somebody could not sign in: %s", err->text);
	return -1;
}
