/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and environments: who answers for them, and what each person may do in each. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call node_list[] = {
    {.call = MODEL_NODE_LIST, .rows = "nodes", .nothing = "there are no nodes you may see"},
};

static const struct call node_show[] = {
    {.call = MODEL_NODE_SHOW,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "node",
     .record = true,
     .more = MODEL_ENVIRONMENT_LIST,
     .more_rows = "environments"},
};

static const struct call node_create[] = {
    {.call = MODEL_NODE_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), REQUIRED("--contact")},
     .done = "app:{0} has a node"},
};

static const struct call node_contact[] = {
    {.call = MODEL_NODE_CONTACT,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "{1} is the Technical Contact of app:{0}",
     .preview = MODEL_NODE_CONTACT_PREVIEW,
     .question = "Hand the node over?"},
};

static const struct call node_delete[] = {
    {.call = MODEL_NODE_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "app:{0} has no node any more",
     .preview = MODEL_NODE_DELETE_PREVIEW,
     .question = "Delete this node?"},
};

static const struct call node_permissions[] = {
    {.call = MODEL_NODE_PERMISSIONS, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "people"},
};

static const struct call node_report[] = {
    {.call = MODEL_NODE_REPORT,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "permissions",
     .nothing = "it has no environments",
     .csv = true},
};

static const struct call environment_create[] = {
    {.call = MODEL_ENVIRONMENT_CREATE,
     .least = 1,
     .most = 1,
     .params = {BEFORE_SLASH(0), BEHIND_SLASH(0), REQUIRED("--purpose"), OPTION("--namespace")},
     .done = "environment:{0} is there"},
};

static const struct call environment_delete[] = {
    {.call = MODEL_ENVIRONMENT_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "environment:{0} is gone",
     .preview = MODEL_ENVIRONMENT_DELETE_PREVIEW,
     .question = "Delete this environment?"},
};

static const struct call environment_set[] = {
    {.call = MODEL_ENVIRONMENT_SET,
     .least = 4,
     .most = 4,
     .params = {ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), ARGUMENT(3)},
     .done = "{2} is {3} for {1} in environment:{0}{=}"},
};

static const struct call environment_alerts[] = {
    {.call = MODEL_ENVIRONMENT_ALERTS,
     .least = 3,
     .most = 3,
     .params = {ARGUMENT(0), ARGUMENT(1), ARGUMENT(2)},
     .done = "alerts of environment:{0} are {2} for {1}"},
};

static const struct verb verbs[] = {
    {
	.name = "node list",
	.usage = "",
	.summary = "list the nodes you may see",
	.help = "With the Technical Contact of each: those whose environments are open to you, or all for a platform "
		"administrator.",
	.example = "node list",
	.run = call_run,
	.calls = node_list,
	.call_count = 1,
    },
    {
	.name = "node show",
	.usage = "APP",
	.summary = "show a node and its environments",
	.help = "Those on the list of the node may, and platform administrators.",
	.example = "node show shop",
	.run = call_run,
	.calls = node_show,
	.call_count = 1,
    },
    {
	.name = "node create",
	.usage = "APP --contact LOGIN",
	.summary = "give an app a node, and a Technical Contact who answers for it",
	.help = "A role of his must have project.cloud_access on the app. Whoever administers the app may.",
	.example = "node create shop --contact alice",
	.run = call_run,
	.calls = node_create,
	.call_count = 1,
    },
    {
	.name = "node contact",
	.usage = "APP LOGIN [--yes]",
	.summary = "hand a node to another Technical Contact",
	.help = "In one step and for all environments. LOGIN must be on the list of the node. It asks; without a "
		"terminal it needs --yes. The Technical Contact may, with a second factor; a platform administrator "
		"where he is suspended.",
	.example = "node contact shop bob",
	.run = call_run,
	.calls = node_contact,
	.call_count = 1,
    },
    {
	.name = "node delete",
	.usage = "APP [--yes]",
	.summary = "take the node from an app",
	.help =
	    "Its environments are deleted first. The app and its team stay; its Technical Contact is none any more. "
	    "It says so and asks; without a terminal it needs --yes. The Technical Contact may, and platform "
	    "administrators.",
	.example = "node delete shop",
	.run = call_run,
	.calls = node_delete,
	.call_count = 1,
    },
    {
	.name = "node permissions",
	.usage = "APP",
	.summary = "list who may do what in the environments of an app",
	.help = "Everybody with a role that has project.cloud_access on the app, with what he may do in each "
		"environment. Those on the list may read it, and platform administrators.",
	.example = "node permissions shop",
	.run = call_run,
	.calls = node_permissions,
	.call_count = 1,
    },
    {
	.name = "node report",
	.usage = "APP [--csv]",
	.summary = "list every permission of everybody in every environment",
	.help = "A line for each, granted or not, to be kept with --csv, --json or --plain. Only the Technical Contact "
		"may.",
	.example = "node report shop --csv >shop.csv",
	.run = call_run,
	.calls = node_report,
	.call_count = 1,
    },
    {
	.name = "environment create",
	.usage = "APP/NAME --purpose PURPOSE [--namespace CLUSTER/NAME/PURPOSE]",
	.summary = "add an environment to a node",
	.help = "PURPOSE is development, test, acceptance or production, and stays. The Technical Contact may, and "
		"platform administrators.",
	.example = "environment create shop/live --purpose production",
	.run = call_run,
	.calls = environment_create,
	.call_count = 1,
    },
    {
	.name = "environment delete",
	.usage = "APP/NAME [--yes]",
	.summary = "delete an environment",
	.help = "What was set for people there is forgotten. It says for how many and asks; without a terminal it "
		"needs --yes. The Technical Contact may, and platform administrators.",
	.example = "environment delete shop/trial",
	.run = call_run,
	.calls = environment_delete,
	.call_count = 1,
    },
    {
	.name = "environment set",
	.usage = "APP/NAME LOGIN PERMISSION on|off|default",
	.summary = "set what somebody may do in an environment",
	.help = "PERMISSION is env.manage_permissions, env.transport, env.backups, env.monitoring or env.api. It "
		"counts "
		"as far as a role of his leaves it open. The Technical Contact may, and who may manage permissions "
		"there; in production with a second factor.",
	.example = "environment set shop/test bob env.backups on",
	.run = call_run,
	.calls = environment_set,
	.call_count = 1,
    },
    {
	.name = "environment alerts",
	.usage = "APP/NAME LOGIN on|off",
	.summary = "receive alerts of an environment, or not",
	.help = "Everybody on the list of the node may for himself, the Technical Contact and who manages permissions "
		"there for others. The Technical Contact receives them in any case.",
	.example = "environment alerts shop/live bob on",
	.run = call_run,
	.calls = environment_alerts,
	.call_count = 1,
    },
};

const struct verb_family node_family = {"Nodes and environments", verbs, sizeof verbs / sizeof verbs[0]};
