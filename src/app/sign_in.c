/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sign_in.h"
#include "app/output.h"
#include "app/ticket.h"

#include "roster/http.h"
#include "roster/json.h"
#include "roster/sessions.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* rosterd asks the provider meanwhile. */
enum { ANSWER_MS = 2 * 60 * 1000, SECONDS_PER_MINUTE = 60 };

/* --- rosterd: signin -------------------------------------------------------------------------------------------------------- */

static int read_refusal(const struct json *reply, struct error *err)
{
	const char *text = "", *class = "";

	if (json_get_text(reply, "error", &text, NULL) <= 0 || json_get_text(reply, "class", &class, NULL) <= 0)
		return error_set(err, ERR_PROTOCOL, "rosterd answers nonsense");
	return error_set(err, error_class_named(class), "%s", text);
}

static int read_reply(const struct http_reply *reply, struct json **ret, struct error *err)
{
	int rc = json_parse(reply->body, reply->size, HTTP_REPLY_MAX, ret, err);

	if (rc == 0 && reply->status != 200)
		rc = read_refusal(*ret, err);
	return rc;
}

static int ask(const struct app *app, const char *path, const struct json *asked, struct json **ret, struct error *err)
{
	const char *socket = app->config->signin.listen + strlen("unix:");
	struct str url = {0}, body = {0};
	struct http_reply reply;
	struct http *http = NULL;
	int rc = http_new(&http, err);

	str_printf(&url, "http://localhost%s", path);
	json_print(asked, false, &body);
	const struct http_request request = {.url = str_text(&url),
					     .socket = socket,
					     .body = str_text(&body),
					     .size = body.size,
					     .timeout_ms = ANSWER_MS};
	if (rc == 0)
		rc = http_fetch(http, &request, &reply, err);
	if (rc == 0 && reply.status == 0) {
		error_set(err, ERR_ABSENT, "nobody lets people sign in at %s", socket);
		rc = error_hint(err,
				"rosterd has to run with the same configuration, and this user to be allowed there");
	} else if (rc == 0) {
		rc = read_reply(&reply, ret, err);
	}
	http_free(&http);
	str_free(&url);
	str_free(&body);
	return rc;
}

/* --- the way ---------------------------------------------------------------------------------------------------------------- */

static void show_way(const struct json *device)
{
	const char *code = "", *uri = "", *complete = "";
	int64_t seconds = 0;

	json_get_text(device, "user_code", &code, NULL);
	json_get_text(device, "verification_uri", &uri, NULL);
	json_get_text(device, "verification_uri_complete", &complete, NULL);
	json_get_integer(device, "seconds", &seconds, NULL);
	if (*complete != '\0')
		fprintf(stderr, "Open %s\nand see that it shows the code %s", complete, code);
	else
		fprintf(stderr, "Open %s\nand type the code %s", uri, code);
	fprintf(stderr, " (within %lld minutes).\n",
		(long long)(seconds + SECONDS_PER_MINUTE - 1) / SECONDS_PER_MINUTE);
}

static void pause_for(int64_t seconds)
{
	const struct timespec pause = {.tv_sec = (time_t)seconds};

	nanosleep(&pause, NULL);
}

/* Until he has signed in, or never will. */
static int await(const struct app *app, const struct json *device, struct json **ret, struct error *err)
{
	struct json *asked = json_new_object(), *reply = NULL;
	const char *handle = "", *state = "pending";
	int64_t interval = 1;
	int rc = 0;

	json_get_text(device, "handle", &handle, NULL);
	json_get_integer(device, "interval", &interval, NULL);
	json_put_text(asked, "handle", handle, NULL);
	while (rc == 0 && strcmp(state, "pending") == 0) {
		json_free(&reply);
		pause_for(interval);
		rc = ask(app, "/login/poll", asked, &reply, err);
		if (rc == 0 && json_get_text(reply, "state", &state, err) <= 0)
			rc = error_set(err, ERR_PROTOCOL, "rosterd answers nonsense");
		if (rc == 0)
			json_get_integer(reply, "interval", &interval, NULL);
	}
	json_free(&asked);
	*ret = reply;
	return rc;
}

static int keep(struct app *app, const struct json *session, bool factor, struct error *err)
{
	const char *token = "", *login = "", *until = "", *factor_until = "", *flaw = "";

	json_get_text(session, "token", &token, NULL);
	json_get_text(session, "login", &login, NULL);
	json_get_text(session, "until", &until, NULL);
	json_get_text(session, "factor_until", &factor_until, NULL);
	json_get_text(session, "factor_flaw", &flaw, NULL);
	if (ticket_write(app, token, err) != 0)
		return -1;
	app->session_ended = false;
	if (factor && *factor_until == '\0')
		fprintf(stderr, "rosterctl: %s\n", flaw);
	if (*factor_until != '\0')
		app_done(app, "signed in as %s until %s, with a second factor until %s", login, until, factor_until);
	else
		app_done(app, "signed in as %s until %s", login, until);
	return 0;
}

int sign_in(struct app *app, bool factor, struct error *err)
{
	struct json *asked = json_new_object(), *device = NULL, *session = NULL;
	int rc = json_put(asked, "second_factor", json_new_boolean(factor), err);

	if (rc == 0)
		rc = ask(app, "/login", asked, &device, err);
	if (rc == 0) {
		show_way(device);
		rc = await(app, device, &session, err);
	}
	if (rc == 0)
		rc = keep(app, session, factor, err);
	json_free(&asked);
	json_free(&device);
	json_free(&session);
	return rc;
}

/* --- those who have --------------------------------------------------------------------------------------------------------- */

bool sign_in_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

int sign_in_use(struct app *app, struct store *store, struct error *err)
{
	struct session_facts facts;
	const char *token;
	int rc = app->config->signin.present ? ticket_read(app, &token, err) : 0;

	if (rc <= 0)
		return rc;
	rc = store_session_begin(store, token, app->arena, &facts, err);
	if (rc == 0 && !app->session_ended) {
		app->session_ended = true;
		fputs("rosterctl: your sign-in has ended: you may ask, but not act. Type: rosterctl login; or, to be "
		      "the login of the database again: rosterctl logout\n",
		      stderr);
	}
	return rc < 0 ? -1 : 0;
}
