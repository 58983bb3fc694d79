/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: the tree, and who is in it by hand. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call group_create[] = {
    {.call = MODEL_GROUP_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), REQUIRED("--description"), LIST("--admin")},
     .done = "group {0} is there"},
};

static const struct call group_show[] = {
    {.call = MODEL_GROUP_SHOW,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "group",
     .record = true,
     .more = MODEL_GROUP_MEMBERS,
     .more_rows = "members"},
};

static const struct call group_edit[] = {
    {.some = true,
     .call = MODEL_GROUP_EDIT,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--rename"), OPTION("--description")},
     .done = "group {0} is changed"},
};

static const struct call group_delete[] = {
    {.call = MODEL_GROUP_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "group {0} is gone",
     .preview = MODEL_GROUP_DELETE_PREVIEW,
     .question = "Delete this group?"},
};

static const struct call group_move[] = {
    {.call = MODEL_GROUP_MOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "group {0} lies below {1}"},
};

static const struct call group_members[] = {
    {.call = MODEL_GROUP_MEMBERS, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "members"},
    {.word = "add",
     .call = MODEL_GROUP_MEMBER_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role"), OPTION("--until")},
     .done = "{1} is a member of {0}"},
    {.word = "set",
     .call = MODEL_GROUP_MEMBER_SET,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role"), OPTION("--until")},
     .done = "{1} has that role by hand in {0}, and no other"},
    {.word = "remove",
     .call = MODEL_GROUP_MEMBER_REMOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), REQUIRED("--role")},
     .done = "{1} does not hold that in {0} any more"},
};

static const struct call group_admin[] = {
    {.word = "add",
     .call = MODEL_GROUP_MEMBER_ADD,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), CONSTANT(NULL), CONSTANT(NULL)},
     .done = "{1} is an admin of {0}"},
    {.word = "remove",
     .call = MODEL_GROUP_MEMBER_REMOVE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), CONSTANT(NULL)},
     .done = "{1} is no admin of {0} any more"},
};

static const struct verb verbs[] = {
    {
	.name = "group show",
	.usage = "PATH",
	.summary = "show a group: what hangs there, and who is in it",
	.help = "Members and admins are those of the group itself, each with the source that gave it.",
	.example = "group show /pay/api",
	.run = call_run,
	.calls = group_show,
	.call_count = 1,
    },
    {
	.name = "group create",
	.usage = "PATH --description TEXT --admin LOGIN...",
	.summary = "add a group to the tree",
	.help = "The parent must exist. Every group has at least one admin; name several by repeating --admin. Its "
		"name has letters, digits, spaces, _ and -, at most 100. Only a platform administrator may.",
	.example = "group create /pay/api --description \"Interfaces\" --admin alice --admin bob",
	.run = call_run,
	.calls = group_create,
	.call_count = 1,
    },
    {
	.name = "group edit",
	.usage = "PATH [--description TEXT] [--rename NAME]",
	.summary = "describe a group anew, or give it another name",
	.help = "The root can be changed too. Everything else about the group stays. Only a platform administrator "
		"may.",
	.example = "group edit /pay/api --description \"The interfaces of payments\"",
	.run = call_run,
	.calls = group_edit,
	.call_count = 1,
    },
    {
	.name = "group delete",
	.usage = "PATH [--yes]",
	.summary = "delete a group that has nothing",
	.help = "It must own no app and have no namespace, no group below it and no member from a source. Who is in "
		"it by hand is so no more. It says how many these are and asks; without a terminal it needs --yes. "
		"Only a platform administrator may.",
	.example = "group delete /pay/old",
	.run = call_run,
	.calls = group_delete,
	.call_count = 1,
    },
    {
	.name = "group move",
	.usage = "PATH PARENT",
	.summary = "hang a group below another",
	.help = "Everything below it moves along, and with it who reaches what. Only a platform administrator may.",
	.example = "group move /pay/api /platform",
	.run = call_run,
	.calls = group_move,
	.call_count = 1,
    },
    {
	.name = "group members",
	.usage = "PATH [add|set LOGIN --role ROLE [--until TIME] | remove LOGIN --role ROLE]",
	.summary = "list, add or remove members of a group",
	.help = "A member holds a role in the group and in everything below it. What is added here belongs to no "
		"source and is not taken away by one; what a source gives is removed in the source. set gives the "
		"role in place of all that he holds there by hand. With --until the membership ends at that time. "
		"An admin of the group, or of one above, may.",
	.example = "group members /pay/api add alice --role Developer --until 2027-01-31",
	.run = call_run,
	.calls = group_members,
	.call_count = 4,
    },
    {
	.name = "group admin",
	.usage = "PATH add|remove LOGIN",
	.summary = "add or remove an admin of a group",
	.help = "Admins manage the members of the group and of everything below it. A platform administrator says "
		"who they are.",
	.example = "group admin /pay add carol",
	.run = call_run,
	.calls = group_admin,
	.call_count = 2,
    },
};

const struct verb_family group_family = {"Groups", verbs, sizeof verbs / sizeof verbs[0]};
