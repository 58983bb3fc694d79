/* SPDX-License-Identifier: Apache-2.0 */
/* Where providers push what they say by themselves (RFC 8935): a path for each source. */
#include "roster/signals.h"
#include "roster/daemon.h"
#include "roster/log.h"
#include "roster/loop.h"
#include "roster/web.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 200, BODY_MOST = 64 * 1024 };

struct inbox {
	const struct config *config;
	struct http *http;
	struct loop *loop;
	struct loop_timer *tick;
	struct web *web;
	struct store *store; /* NULL: not open, or lost */
};

/* One page: whoever pushes there. */
struct slot {
	struct inbox *inbox;
	struct transmitter *transmitter;
};

static const char *name_of(const struct slot *slot)
{
	return transmitter_source(slot->transmitter)->name;
}

/* --- answers (RFC 8935 sections 2.2 to 2.4) ------------------------------------------------------------------------------------ */

static void accept_token(struct web_request *request)
{
	web_answer(request, 202, "text/plain", &(const struct str){0});
}

static void refuse(struct web_request *request, int status, const char *code, const struct error *err)
{
	struct json *reply = json_new_object();
	struct str body = {0};

	json_put_text(reply, "err", code, NULL);
	json_put_text(reply, "description", err->text, NULL);
	json_print(reply, false, &body);
	web_answer(request, status, "application/json", &body);
	str_free(&body);
	json_free(&reply);
}

/* It may send it again later: nothing of it was taken down. */
static void postpone(struct web_request *request)
{
	struct str body = {0};

	str_add(&body, "not now\n");
	web_answer(request, 503, "text/plain", &body);
	str_free(&body);
}

/* --- a token ------------------------------------------------------------------------------------------------------------------- */

static int keep(struct inbox *inbox, const char *source, const struct signal_token *token, struct error *err)
{
	if (inbox->store == NULL && store_open(&inbox->config->database, STORE_SIGNALS, &inbox->store, err) != 0)
		return -1;
	int rc = store_signal_add(inbox->store, source, token, err);
	if (rc != 0 && store_is_lost(inbox->store))
		store_close(&inbox->store);
	return rc;
}

static void tell(const char *source, const struct signal_token *token)
{
	for (size_t i = 0; i < token->event_count; i++)
		log_info("source %s says by itself: %s of the %s \"%s\"", source, token->events[i].kind,
			 token->events[i].subject_kind, token->events[i].subject);
	if (token->event_count == 0)
		log_info("source %s says by itself nothing that means anything here", source);
}

static void take(struct slot *slot, struct web_request *request, const struct json *claims)
{
	struct arena *arena = arena_new();
	struct signal_token token;
	struct error err = {0};

	if (signal_token_read(claims, arena, &token, &err) != 0) {
		log_warn("source %s: %s", name_of(slot), err.text);
		refuse(request, 400, "invalid_request", &err);
	} else if (token.event_count > 0 && keep(slot->inbox, name_of(slot), &token, &err) != 0) {
		log_warn("source %s: %s", name_of(slot), err.text);
		postpone(request);
	} else {
		tell(name_of(slot), &token);
		accept_token(request);
	}
	arena_free(&arena);
}

static bool is_token(const struct web_request *request)
{
	static const char type[] = "application/secevent+jwt";
	const char *said = web_header(request, "Content-Type");

	return said != NULL && strncasecmp(said, type, strlen(type)) == 0 &&
	       (said[strlen(type)] == '\0' || strchr("; \t", said[strlen(type)]) != NULL);
}

static void push(struct web_request *request, void *context)
{
	struct slot *slot = context;
	struct json *claims = NULL;
	struct error err = {0};
	struct str body = {0};
	const char *code = "invalid_request";
	int rc = -1;

	child_alive();
	web_body(request, &body);
	if (is_token(request))
		rc = transmitter_judge(slot->transmitter, web_header(request, "Authorization"), str_text(&body),
				       &claims, &code, &err);
	else
		error_set(&err, ERR_DATA, "what is pushed here is application/secevent+jwt");
	str_free(&body);
	if (rc == 0)
		take(slot, request, claims);
	else
		log_warn("source %s: %s", name_of(slot), err.text);
	if (rc != 0 && code != NULL)
		refuse(request, 400, code, &err);
	else if (rc != 0)
		postpone(request);
	json_free(&claims);
}

/* --- its life -------------------------------------------------------------------------------------------------------------------- */

static void tick(void *context)
{
	struct inbox *inbox = context;

	child_alive();
	if (child_must_stop())
		loop_stop(inbox->loop);
	else
		loop_timer_start(inbox->tick, TICK_MS);
}

static int listen_for(struct inbox *inbox, const struct web_page *pages, size_t count, struct error *err)
{
	const struct web_limits limits = {.body_bytes = BODY_MOST};
	int rc;

	inbox->web = web_new(inbox->loop, pages, count, &limits);
	rc = web_listen(inbox->web, inbox->config->signals_listen, err);
	if (rc == 0) {
		log_info("signals are heard on %s", inbox->config->signals_listen);
		child_ready();
		tick(inbox);
		rc = loop_run(inbox->loop, err);
	}
	web_free(&inbox->web);
	return rc;
}

static int serve(struct inbox *inbox, struct arena *arena, struct error *err)
{
	const struct config *config = inbox->config;
	struct slot *slots = arena_alloc_array(arena, config->source_count + 1, sizeof *slots);
	struct web_page *pages = arena_alloc_array(arena, config->source_count + 1, sizeof *pages);
	size_t count = 0;

	for (size_t i = 0; i < config->source_count; i++) {
		const struct source_config *source = &config->sources[i];
		if (source->signals.issuer == NULL || *source->signals.issuer == '\0')
			continue;
		slots[count] = (struct slot){inbox, transmitter_new(source, inbox->http)};
		pages[count] = (struct web_page){arena_printf(arena, "/%s", source->name), push, &slots[count], true};
		count++;
	}
	int rc = listen_for(inbox, pages, count, err);
	for (size_t i = 0; i < count; i++)
		transmitter_free(&slots[i].transmitter);
	return rc;
}

int signals_serve(const struct child_context *context, struct error *err)
{
	struct inbox inbox = {.config = context->config};
	struct arena *arena = arena_new();
	int rc = http_new(&inbox.http, err);

	if (rc == 0) {
		inbox.loop = loop_new();
		inbox.tick = loop_timer_new(inbox.loop, tick, &inbox);
		rc = serve(&inbox, arena, err);
		loop_timer_free(&inbox.tick);
		loop_free(&inbox.loop);
	}
	store_close(&inbox.store);
	http_free(&inbox.http);
	arena_free(&arena);
	return rc;
}
