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

static const struct call user_duplicates[] = {
    {.call = MODEL_USER_DUPLICATES, .rows = "duplicates", .nothing = "nobody is there twice, as far as sources tell"},
};

static const struct call user_create[] = {
    {.call = MODEL_USER_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--email"), OPTION("--name"), FLAG("--external")},
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

static const struct call user_erase[] = {
    {.call = MODEL_USER_ERASE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "user {0} is erased",
     .preview = MODEL_USER_ERASE_PREVIEW,
     .question = "Erase this person? Nothing brings it back."},
};

static const struct call user_role[] = {
    {.call = MODEL_USER_ROLES,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "roles",
     .nothing = "no user role is held"},
    {.word = "add",
     .call = MODEL_USER_ROLE_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), OPTION("--until")},
     .done = "user {0} is {1}"},
    {.word = "remove",
     .call = MODEL_USER_ROLE_REMOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "user {0} is not {1} by hand any more"},
};

static const struct call operator_list[] = {
    {.call = MODEL_OPERATOR_LIST, .rows = "operators"},
};

static const struct call operator_add[] = {
    {.call = MODEL_OPERATOR_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "whoever logs into the database as {0} acts as {1}"},
};

static const struct call operator_remove[] = {
    {.call = MODEL_OPERATOR_REMOVE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "whoever logs into the database as {0} acts as nobody{=}",
     .preview = MODEL_OPERATOR_REMOVE_PREVIEW,
     .question = "Take this from the login?"},
};

static const struct call user_second_factor[] = {
    {.call = MODEL_SECOND_FACTOR,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--for")},
     .done = "the second factor of {0} counts until {=}"},
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
	.name = "user duplicates",
	.usage = "",
	.summary = "list people who are there twice, as far as their sources tell",
	.help = "Two people whose entries have the same value of what links sources (link in rosterd.conf), and people "
		"whose entries were linked and have different values now. user link and user unlink mend it.",
	.example = "user duplicates",
	.run = call_run,
	.calls = user_duplicates,
	.call_count = 1,
    },
    {
	.name = "user create",
	.usage = "LOGIN [--email EMAIL] [--name NAME] [--external]",
	.summary = "add a person no source knows",
	.help = "For people who are in no directory. No synchronisation takes them away. Somebody external is invited "
		"to teams and becomes a member when he accepts. Only a platform administrator may.",
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
    {
	.name = "user erase",
	.usage = "USER [--yes]",
	.summary = "take everything that says who somebody was out of the database",
	.help = "Login, name, mail address, entries and what revisions, runs and requests say of them; the id stays in "
		"history. The person must be inactive, in no source, needed nowhere, and every target must know it. It "
		"says what goes and asks; without a terminal it needs --yes. Only a platform administrator may.",
	.example = "user erase former.colleague",
	.run = call_run,
	.calls = user_erase,
	.call_count = 1,
    },
    {
	.name = "user role",
	.usage = "USER [add ROLE [--until TIME] | remove ROLE]",
	.summary = "list, add or remove user roles",
	.help = "A user role says what a person may do with apps at all, besides what his roles on each app say: "
		"Platform Administrator, App Administrator, App Viewer or No Access. Who administers a group is a "
		"Group Administrator by this. Only a platform administrator may.",
	.example = "user role bob add \"App Viewer\"",
	.run = call_run,
	.calls = user_role,
	.call_count = 3,
    },
    {
	.name = "user second-factor",
	.usage = "USER [--for DURATION]",
	.summary = "vouch that a person has just shown a second factor",
	.help =
	    "It counts for ten minutes unless --for says otherwise, and for an hour at most. Changes in "
	    "production and of the Technical Contact need it. Only the owner of the schema may, and logins that are "
	    "members of that role.",
	.example = "user second-factor alice --for 5m",
	.run = call_run,
	.calls = user_second_factor,
	.call_count = 1,
    },
    {
	.name = "operator list",
	.usage = "",
	.summary = "list who acts under which login of the database",
	.help = "Admitted is whether the login may use roster at all.",
	.example = "operator list",
	.run = call_run,
	.calls = operator_list,
	.call_count = 1,
    },
    {
	.name = "operator add",
	.usage = "DATABASE-LOGIN USER",
	.summary = "let whoever logs into the database as this act as USER",
	.help = "The login must be there. It may do what USER may, in production too, so this needs a second factor. "
		"It is let in, where the owner of the schema may give roster_admin away. Only a platform "
		"administrator may.",
	.example = "operator add bob bob",
	.run = call_run,
	.calls = operator_add,
	.call_count = 1,
    },
    {
	.name = "operator remove",
	.usage = "DATABASE-LOGIN [--yes]",
	.summary = "undo operator add",
	.help = "What was done under the login stays on record. The last login of a platform administrator stays. It "
		"says who it is and asks; without a terminal it needs --yes. Only a platform administrator may.",
	.example = "operator remove bob",
	.run = call_run,
	.calls = operator_remove,
	.call_count = 1,
    },
};

const struct verb_family user_family = {"People", verbs, sizeof verbs / sizeof verbs[0]};
