/* SPDX-License-Identifier: Apache-2.0 */
/* People: who there is, and whom roster lets in. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call user_list[] = {
    {.call = MODEL_USER_LIST, .most = 1, .params = {ARGUMENT(0)}, .rows = "users"},
};

static const struct call user_show[] = {
    {.call = MODEL_USER_SHOW, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "identities", .record = true},
};

static const struct call user_create[] = {
    {.call = MODEL_USER_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--email"), OPTION("--name")},
     .done = "user {0} is there"},
};

static const struct call user_suspend[] = {
    {.call = MODEL_USER_SUSPEND, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .done = "user {0} is suspended"},
};

static const struct call user_resume[] = {
    {.call = MODEL_USER_RESUME,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "the suspension of user {0} by hand is over"},
};

static const struct call user_link[] = {
    {.call = MODEL_USER_LINK,
     .least = 2,
     .most = 3,
     .params = {ARGUMENT(0), ARGUMENT(1), ARGUMENT(2)},
     .done = "user {0} and the entry of source {1} are one person"},
};

static const struct call user_unlink[] = {
    {.call = MODEL_USER_UNLINK,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "source {1} does not know user {0} any more"},
};

static const struct verb verbs[] = {
    {
	.name = "user list",
	.usage = "[PATTERN]",
	.summary = "list people, or those whose login holds PATTERN",
	.help = "Shows everybody roster ever knew, active or not, with the sources that know them.",
	.example = "user list ng",
	.run = call_run,
	.calls = user_list,
	.call_count = 1,
    },
    {
	.name = "user show",
	.usage = "USER",
	.summary = "show a person: sources, entries, state",
	.help = "USER is a login, or the id where a login had several people. What the person holds is shown by "
		"access, why by explain.",
	.example = "user show alice",
	.run = call_run,
	.calls = user_show,
	.call_count = 1,
    },
    {
	.name = "user create",
	.usage = "LOGIN [--email EMAIL] [--name NAME]",
	.summary = "add a person no source knows",
	.help = "For people who are in no directory. No synchronisation takes them away. Only a platform "
		"administrator may.",
	.example = "user create guest1 --name \"A Guest\" --email guest1@example.com",
	.run = call_run,
	.calls = user_create,
	.call_count = 1,
    },
    {
	.name = "user suspend",
	.usage = "USER",
	.summary = "take all access from a person at once",
	.help = "Outranks every source until `user resume`. What the person holds is kept, but gives nothing. Only "
		"a platform administrator may.",
	.example = "user suspend mallory",
	.run = call_run,
	.calls = user_suspend,
	.call_count = 1,
    },
    {
	.name = "user resume",
	.usage = "USER",
	.summary = "undo user suspend",
	.help = "The person is active again if the sources say so. Only a platform administrator may.",
	.example = "user resume mallory",
	.run = call_run,
	.calls = user_resume,
	.call_count = 1,
    },
    {
	.name = "user link",
	.usage = "USER SOURCE [ENTRY]",
	.summary = "say that a person and an entry of a source are one",
	.help = "ENTRY is its id or DN; without it, the entry with the login of the person. From the next run on the "
		"source "
		"speaks of the person as of those it brought: it names, suspends and restores. What is given by hand "
		"stays. "
		"Only a platform administrator may.",
	.example = "user link alice corp",
	.run = call_run,
	.calls = user_link,
	.call_count = 1,
    },
    {
	.name = "user unlink",
	.usage = "USER SOURCE",
	.summary = "forget that a source knows a person",
	.help =
	    "What the source gave the person goes, and what it says of the person does not count any more; everything "
	    "given by hand stays. Who is inactive stays so until user resume. An entry the source still has is "
	    "nobody's "
	    "then, and waits in quarantine while the person has its login. Only a platform administrator may.",
	.example = "user unlink alice oldcorp",
	.run = call_run,
	.calls = user_unlink,
	.call_count = 1,
    },
};

const struct verb_family user_family = {"People", verbs, sizeof verbs / sizeof verbs[0]};
