/* SPDX-License-Identifier: Apache-2.0 */
/* Apps: owners, groups, teams. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call app_list[] = {
    {.call = MODEL_APP_LIST, .rows = "apps"},
};

static const struct call app_create[] = {
    {.call = MODEL_APP_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--owner"), OPTION("--group")},
     .done = "app:{0} is there"},
};

static const struct call app_owner[] = {
    {.call = MODEL_APP_OWNER,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "app:{0} is owned by {1}"},
};

static const struct call app_group[] = {
    {.call = MODEL_APP_GROUP,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "app:{0} belongs to {1}"},
    {.word = "none",
     .call = MODEL_APP_GROUP,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), CONSTANT(NULL)},
     .done = "app:{0} belongs to no group"},
};

static const struct call app_members[] = {
    {.call = MODEL_APP_MEMBERS, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "members"},
    {.word = "add",
     .call = MODEL_APP_MEMBER_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role"), OPTION("--until")},
     .done = "{1} {=} app:{0}"},
    {.word = "remove",
     .call = MODEL_APP_MEMBER_REMOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role")},
     .done = "{1} does not hold that in app:{0} any more{=}"},
};

static const struct call app_access[] = {
    {.word = "add",
     .call = MODEL_APP_ACCESS_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role"), OPTION("--until")},
     .done = "{1} has access to app:{0}"},
    {.word = "remove",
     .call = MODEL_APP_ACCESS_REMOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role")},
     .done = "{1} does not hold that on app:{0} any more"},
};

static const struct call app_operator[] = {
    {.call = MODEL_APP_OPERATOR, .params = {LIST("--purpose")}, .done = "the role is called \"{=}\""},
};

static const struct call invitation_list[] = {
    {.call = MODEL_INVITATION_LIST, .rows = "invitations"},
};

static const struct call invitation_accept[] = {
    {.call = MODEL_INVITATION_ACCEPT,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "you are a member of app:{0}"},
};

static const struct call app_archive[] = {
    {.call = MODEL_APP_ARCHIVE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), CONSTANT("true")},
     .done = "app:{0} is archived"},
};

static const struct call app_restore[] = {
    {.call = MODEL_APP_ARCHIVE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), CONSTANT("false")},
     .done = "app:{0} is in use again"},
};

static const struct verb verbs[] = {
    {
	.name = "app list",
	.usage = "",
	.summary = "list apps",
	.help = "With the owner and the group each belongs to.",
	.example = "app list --json",
	.run = call_run,
	.calls = app_list,
	.call_count = 1,
    },
    {
	.name = "app create",
	.usage = "NAME [--owner LOGIN] [--group PATH]",
	.summary = "add an app",
	.help = "The owner is whoever asks, unless --owner names another. Without --group the app belongs to the "
		"group of its owner if he is a member of exactly one. Everybody may create an app for himself; a "
		"platform administrator for others.",
	.example = "app create api --owner alice --group /pay/api",
	.run = call_run,
	.calls = app_create,
	.call_count = 1,
    },
    {
	.name = "app owner",
	.usage = "NAME LOGIN",
	.summary = "hand an app to another owner",
	.help = "The owner of the app or a platform administrator may.",
	.example = "app owner api bob",
	.run = call_run,
	.calls = app_owner,
	.call_count = 1,
    },
    {
	.name = "app group",
	.usage = "NAME PATH|none",
	.summary = "give an app to a group",
	.help = "Members of the group and of all groups above it reach the app; with none it belongs to no group any "
		"more. Only a platform administrator may.",
	.example = "app group api /pay/api",
	.run = call_run,
	.calls = app_group,
	.call_count = 2,
    },
    {
	.name = "app members",
	.usage = "NAME [add LOGIN --role ROLE [--until TIME] | remove LOGIN --role ROLE]",
	.summary = "list, add or remove members of an app",
	.help = "The list is the whole team: the owner, who was added directly, and who inherits through a group. "
		"Somebody external is invited. With --until the membership ends at that time. Whoever may manage the "
		"team of the app or administers it, or a platform administrator, may; who may invite adds, too.",
	.example = "app members api add dave --role Contributor",
	.run = call_run,
	.calls = app_members,
	.call_count = 3,
    },
    {
	.name = "app access",
	.usage = "NAME add LOGIN --role ROLE [--until TIME] | NAME remove LOGIN --role ROLE",
	.summary = "give or take a role of an app",
	.help = "ROLE is App Owner, App Administrator, App Member, App Operator or one that app operator made. It "
		"counts "
		"as far as a user role lets its holder view or manage apps. An admin of the app's group may, a "
		"platform administrator, and who has app.access.manage.",
	.example = "app access api add dave --role \"App Owner\"",
	.run = call_run,
	.calls = app_access,
	.call_count = 2,
    },
    {
	.name = "app operator",
	.usage = "--purpose PURPOSE...",
	.summary = "make the role of an App Operator for some purposes only",
	.help = "PURPOSE is development, test, acceptance or production; name several by repeating --purpose. The "
		"role is given by its name like any other. Only a platform administrator may.",
	.example = "app operator --purpose test --purpose acceptance",
	.run = call_run,
	.calls = app_operator,
	.call_count = 1,
    },
    {
	.name = "app archive",
	.usage = "NAME",
	.summary = "take an app out of use",
	.help = "An archived app gives nobody anything; its team is kept. The owner of the app or a platform "
		"administrator may, and who has project.archive there.",
	.example = "app archive legacy",
	.run = call_run,
	.calls = app_archive,
	.call_count = 1,
    },
    {
	.name = "app restore",
	.usage = "NAME",
	.summary = "undo app archive",
	.help = "The team of the app has its access again. The owner of the app or a platform administrator may.",
	.example = "app restore legacy",
	.run = call_run,
	.calls = app_restore,
	.call_count = 1,
    },
    {
	.name = "invitation list",
	.usage = "",
	.summary = "list who is invited to the team of an app",
	.help = "Invitations are made by app members add, for people who are external; they wait until the person "
		"accepts.",
	.example = "invitation list",
	.run = call_run,
	.calls = invitation_list,
	.call_count = 1,
    },
    {
	.name = "invitation accept",
	.usage = "APP",
	.summary = "accept an invitation to the team of an app",
	.help = "Only the one who was invited may.",
	.example = "invitation accept api",
	.run = call_run,
	.calls = invitation_accept,
	.call_count = 1,
    },
};

const struct verb_family app_family = {"Apps", verbs, sizeof verbs / sizeof verbs[0]};
