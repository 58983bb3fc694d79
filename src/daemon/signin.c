/* SPDX-License-Identifier: Apache-2.0 */
/* The door for those who sign in: a socket of this host on which rosterctl asks. */
#include "roster/signin.h"
#include "roster/daemon.h"
#include "roster/log.h"
#include "roster/loop.h"
#include "roster/web.h"

#include <string.h>

enum { TICK_MS = 200, BODY_MOST = 4096 };

struct door {
	const struct config *config;
	struct signin *signin;
	struct loop *loop;
	struct loop_timer *tick;
	struct web *web;
};

static void answer(struct web_request *request, int status, const struct json *reply)
{
	struct str body = {0};

	json_print(reply, false, &body);
	web_answer(request, status, "application/json", &body);
	if (body.size > 0)
		explicit_bzero(body.data, body.size);
	str_free(&body);
}

static int status_of(enum error_class class)
{
	switch (class) {
	case ERR_USAGE:
		return 400;
	case ERR_DENIED:
	case ERR_DATA:
		return 403;
	case ERR_UNREACHABLE:
	case ERR_PROTOCOL:
		return 502;
	default:
		return 500;
	}
}

static void refuse(struct web_request *request, const struct error *err)
{
	struct json *reply = json_new_object();

	json_put_text(reply, "error", err->text, NULL);
	json_put_text(reply, "class", error_class_name(err->class), NULL);
	answer(request, status_of(err->class), reply);
	json_free(&reply);
}

/* The provider is asked while the loop waits: each of its answers has a time, and who asks here is somebody of this host. */
static void serve(struct web_request *request, struct door *door,
		  int (*ask)(struct door *door, const struct json *asked, struct json **reply, struct error *err))
{
	struct json *asked = NULL, *reply = NULL;
	struct str body = {0};
	struct error err = {0};

	child_alive();
	web_body(request, &body);
	if (json_parse(str_text(&body), body.size, BODY_MOST, &asked, NULL) != 0 ||
	    json_kind_of(asked) != JSON_KIND_OBJECT)
		error_set(&err, ERR_USAGE, "what was sent is no JSON object");
	else
		ask(door, asked, &reply, &err);
	if (err.class == ERR_NONE)
		answer(request, 200, reply);
	else
		refuse(request, &err);
	json_free(&asked);
	json_free(&reply);
	str_free(&body);
}

static int begin(struct door *door, const struct json *asked, struct json **reply, struct error *err)
{
	bool factor = false;

	if (json_get_boolean(asked, "second_factor", &factor, err) < 0)
		return -1;
	return signin_begin(door->signin, factor, reply, err);
}

static int poll_one(struct door *door, const struct json *asked, struct json **reply, struct error *err)
{
	const char *handle = "";

	if (json_get_text(asked, "handle", &handle, err) < 0)
		return -1;
	return signin_poll(door->signin, handle, reply, err);
}

static void ask_begin(struct web_request *request, void *context)
{
	serve(request, context, begin);
}

static void ask_poll(struct web_request *request, void *context)
{
	serve(request, context, poll_one);
}

static void tick(void *context)
{
	struct door *door = context;

	child_alive();
	if (child_must_stop())
		loop_stop(door->loop);
	else
		loop_timer_start(door->tick, TICK_MS);
}

static int open_door(struct door *door, struct error *err)
{
	const struct web_page pages[] = {{"/login", ask_begin, door, true}, {"/login/poll", ask_poll, door, true}};
	const struct web_limits limits = {.body_bytes = BODY_MOST, .request_ms = 5 * 60 * 1000};
	int rc;

	door->web = web_new(door->loop, pages, sizeof pages / sizeof pages[0], &limits);
	rc = web_listen(door->web, door->config->signin.listen, err);
	if (rc == 0) {
		log_info("people sign in on %s", door->config->signin.listen);
		child_ready();
		tick(door);
		rc = loop_run(door->loop, err);
	}
	web_free(&door->web);
	return rc;
}

int signin_serve(const struct child_context *context, struct error *err)
{
	struct door door = {.config = context->config};

	if (signin_new(context->config, &door.signin, err) != 0)
		return -1;
	door.loop = loop_new();
	door.tick = loop_timer_new(door.loop, tick, &door);
	int rc = open_door(&door, err);
	loop_timer_free(&door.tick);
	loop_free(&door.loop);
	signin_free(&door.signin);
	return rc;
}
