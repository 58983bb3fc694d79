/* SPDX-License-Identifier: Apache-2.0 */
/* login, logout, whoami. */
#include "app/call.h"
#include "app/sign_in.h"
#include "app/ticket.h"
#include "app/verbs.h"

#include "roster/sessions.h"

static int need_provider(struct app *app, struct error *err)
{
	if (app_configure(app, err) != 0)
		return -1;
	if (app->config->signin.present)
		return 0;
	error_set(err, ERR_CONFIG, "nobody can sign in: the configuration has no section signin");
	return error_hint(err, "without one, who logs into the database is who rosterctl operator add says");
}

static int cmd_login(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--second-factor", OPTION_FLAG, NULL}};

	if (app_options(app->verb, &argc, argv, options, 1, 0, 0, err) != 0 || need_provider(app, err) != 0)
		return -1;
	return sign_in(app, options[0].value != NULL, err);
}

static int cmd_logout(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	const char *token;

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 0, err) != 0 || need_provider(app, err) != 0)
		return -1;
	int rc = ticket_read(app, &token, err);
	if (rc == 0)
		return error_set(err, ERR_DATA, "you are not signed in");
	app->session_ended = true; /* whether it had is no news any more */
	if (rc > 0)
		rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = store_session_end(store, err);
	store_close(&store);
	if (rc != 0)
		return -1;
	ticket_remove(app);
	app_done(app, "signed out");
	return 0;
}

static const struct call whoami[] = {
    {.call = MODEL_WHOAMI, .rows = "you", .record = true},
};

static const struct verb verbs[] = {
    {
	.name = "login",
	.usage = "[--second-factor]",
	.summary = "sign in with the identity provider, and act as yourself",
	.help =
	    "Says which page to open, in a browser on any device, and waits until you have signed in there. For 15 "
	    "minutes rosterctl then acts as you: with the rights you have in roster, and not with those of the login "
	    "of the database. A second factor that the provider saw counts for ten minutes from when it was shown; "
	    "with --second-factor it is asked for anew. On a terminal an act that needs one asks for it by itself. "
	    "The configuration needs a section signin, and rosterd to run.",
	.example = "login",
	.run = cmd_login,
    },
    {
	.name = "logout",
	.usage = "",
	.summary = "end what login began",
	.help = "The session is good for nothing any more, also where its token was copied to. rosterctl is the login "
		"of the database again.",
	.example = "logout",
	.run = cmd_logout,
    },
    {
	.name = "whoami",
	.usage = "",
	.summary = "show as whom rosterctl acts, and until when",
	.help = "By is how roster knows: by your sign-in, as an operator (see operator list), or as the owner of the "
		"schema.",
	.example = "whoami",
	.run = call_run,
	.calls = whoami,
	.call_count = 1,
    },
};

const struct verb_family signin_family = {"Signing in", verbs, sizeof verbs / sizeof verbs[0]};
