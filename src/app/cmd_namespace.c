/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters, their namespaces, and the groups they are associated with. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call cluster_list[] = {
    {.call = MODEL_CLUSTER_LIST, .rows = "clusters"},
};

static const struct call cluster_create[] = {
    {.call = MODEL_CLUSTER_CREATE, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .done = "cluster:{0} is there"},
};

static const struct call cluster_delete[] = {
    {.call = MODEL_CLUSTER_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "cluster:{0} is gone",
     .preview = MODEL_CLUSTER_DELETE_PREVIEW,
     .question = "Delete this cluster?"},
};

static const struct call namespace_list[] = {
    {.call = MODEL_NAMESPACE_LIST, .rows = "namespaces"},
};

static const struct call namespace_create[] = {
    {.call = MODEL_NAMESPACE_CREATE,
     .least = 1,
     .most = 1,
     .params = {BEFORE_SLASH(0), BEHIND_SLASH(0), LIST("--purpose")},
     .done = "namespace {0} is there"},
};

static const struct call namespace_delete[] = {
    {.call = MODEL_NAMESPACE_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "namespace:{0} is gone",
     .preview = MODEL_NAMESPACE_DELETE_PREVIEW,
     .question = "Delete this namespace?"},
};

static const struct call namespace_attach[] = {
    {.call = MODEL_NAMESPACE_ATTACH,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "namespace:{0} is associated with {1}"},
};

static const struct call namespace_detach[] = {
    {.call = MODEL_NAMESPACE_DETACH,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "namespace:{0} is not associated with {1} any more"},
};

static const struct verb verbs[] = {
    {
	.name = "cluster list",
	.usage = "",
	.summary = "list clusters",
	.help = "With how many namespaces each has.",
	.example = "cluster list",
	.run = call_run,
	.calls = cluster_list,
	.call_count = 1,
    },
    {
	.name = "cluster create",
	.usage = "NAME",
	.summary = "add a cluster",
	.help = "Members of the root group hold their roles on it. Only a platform administrator may.",
	.example = "cluster create east",
	.run = call_run,
	.calls = cluster_create,
	.call_count = 1,
    },
    {
	.name = "cluster delete",
	.usage = "NAME [--yes]",
	.summary = "delete a cluster that has no namespaces",
	.help = "Members of the root group lose what their roles say of it. It says for how many and asks; without a "
		"terminal it needs --yes. Only a platform administrator may.",
	.example = "cluster delete east",
	.run = call_run,
	.calls = cluster_delete,
	.call_count = 1,
    },
    {
	.name = "namespace list",
	.usage = "",
	.summary = "list namespaces",
	.help = "One line for each purpose of a namespace, with the groups it is associated with.",
	.example = "namespace list",
	.run = call_run,
	.calls = namespace_list,
	.call_count = 1,
    },
    {
	.name = "namespace create",
	.usage = "CLUSTER/NAME --purpose PURPOSE...",
	.summary = "add a namespace, and its cluster",
	.help = "PURPOSE is development, test, acceptance or production; each is a resource of its own. Only a "
		"platform administrator may.",
	.example = "namespace create east/api --purpose test --purpose production",
	.run = call_run,
	.calls = namespace_create,
	.call_count = 1,
    },
    {
	.name = "namespace delete",
	.usage = "CLUSTER/NAME[/PURPOSE] [--yes]",
	.summary = "delete a namespace, or one of its purposes",
	.help =
	    "Whoever reaches it through a group does so no more, and targets that follow it are told. Refused while "
	    "an environment lies in it. It says for how many people this is and asks; without a terminal it needs "
	    "--yes. Only a platform administrator may.",
	.example = "namespace delete east/api/test",
	.run = call_run,
	.calls = namespace_delete,
	.call_count = 1,
    },
    {
	.name = "namespace attach",
	.usage = "CLUSTER/NAME/PURPOSE PATH",
	.summary = "associate a namespace with a group",
	.help = "Members of the group and of all groups above it reach the namespace. Only a platform administrator "
		"may.",
	.example = "namespace attach east/api/test /pay/api",
	.run = call_run,
	.calls = namespace_attach,
	.call_count = 1,
    },
    {
	.name = "namespace detach",
	.usage = "CLUSTER/NAME/PURPOSE PATH",
	.summary = "undo namespace attach",
	.help = "The members of the group lose what they have there by it. Only a platform administrator may.",
	.example = "namespace detach east/api/test /pay/api",
	.run = call_run,
	.calls = namespace_detach,
	.call_count = 1,
    },
};

const struct verb_family namespace_family = {"Namespaces", verbs, sizeof verbs / sizeof verbs[0]};
