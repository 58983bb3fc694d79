/* SPDX-License-Identifier: Apache-2.0 */
/* Access groups: apps that belong together for some people, whatever groups own them. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call access_group_list[] = {
    {.call = MODEL_ACCESS_GROUP_LIST, .rows = "access_groups", .nothing = "there are no access groups"},
};

static const struct call access_group_show[] = {
    {.call = MODEL_ACCESS_GROUP_SHOW,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "access_group",
     .record = true,
     .more = MODEL_ACCESS_GROUP_MEMBERS,
     .more_rows = "members"},
};

static const struct call access_group_create[] = {
    {.call = MODEL_ACCESS_GROUP_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--description")},
     .done = "access-group:{0} is there"},
};

static const struct call access_group_delete[] = {
    {.call = MODEL_ACCESS_GROUP_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "access-group:{0} is gone",
     .preview = MODEL_ACCESS_GROUP_DELETE_PREVIEW,
     .question = "Delete this access group?"},
};

static const struct call access_group_apps[] = {
    {.word = "add",
     .call = MODEL_ACCESS_GROUP_APP,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), CONSTANT("true")},
     .done = "app:{1} is in access-group:{0}"},
    {.word = "remove",
     .call = MODEL_ACCESS_GROUP_APP,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), CONSTANT("false")},
     .done = "app:{1} is not in access-group:{0} any more"},
};

static const struct call access_group_members[] = {
    {.call = MODEL_ACCESS_GROUP_MEMBERS, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "members"},
    {.word = "add",
     .call = MODEL_ACCESS_GROUP_MEMBER_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), OPTION("--role"), OPTION("--until")},
     .done = "{1} is a member of access-group:{0}"},
    {.word = "remove",
     .call = MODEL_ACCESS_GROUP_MEMBER_REMOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), OPTION("--role")},
     .done = "{1} does not hold that in access-group:{0} any more"},
};

static const struct verb verbs[] = {
    {
	.name = "access-group list",
	.usage = "",
	.summary = "list access groups",
	.help = "With the apps and the number of members of each.",
	.example = "access-group list",
	.run = call_run,
	.calls = access_group_list,
	.call_count = 1,
    },
    {
	.name = "access-group show",
	.usage = "NAME",
	.summary = "show an access group and who is in it",
	.help = "Each member with his roles and the source of each.",
	.example = "access-group show all-finance",
	.run = call_run,
	.calls = access_group_show,
	.call_count = 1,
    },
    {
	.name = "access-group create",
	.usage = "NAME [--description TEXT]",
	.summary = "add an access group",
	.help = "Its members are App Members of its apps, or more. Only a platform administrator may.",
	.example = "access-group create all-finance",
	.run = call_run,
	.calls = access_group_create,
	.call_count = 1,
    },
    {
	.name = "access-group delete",
	.usage = "NAME [--yes]",
	.summary = "delete an access group",
	.help = "Its members lose what they have on its apps by it. It says how many these are and asks; without a "
		"terminal it needs --yes. Only a platform administrator may.",
	.example = "access-group delete all-finance",
	.run = call_run,
	.calls = access_group_delete,
	.call_count = 1,
    },
    {
	.name = "access-group apps",
	.usage = "NAME add|remove APP",
	.summary = "put an app into an access group, or take it out",
	.help = "An app may be in many access groups. Only a platform administrator may.",
	.example = "access-group apps all-finance add ledger",
	.run = call_run,
	.calls = access_group_apps,
	.call_count = 2,
    },
    {
	.name = "access-group members",
	.usage = "NAME [add LOGIN [--role ROLE] [--until TIME] | remove LOGIN [--role ROLE]]",
	.summary = "list, add or remove members of an access group",
	.help = "Whoever is in is App Member of its apps, and holds ROLE there besides. Without --role remove takes "
		"out "
		"altogether. What a source gives is removed in the source. Only a platform administrator may.",
	.example = "access-group members all-finance add dave --role \"App Owner\"",
	.run = call_run,
	.calls = access_group_members,
	.call_count = 3,
    },
};

const struct verb_family access_group_family = {"Access groups", verbs, sizeof verbs / sizeof verbs[0]};
