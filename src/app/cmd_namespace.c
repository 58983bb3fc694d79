/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of clusters, and the groups they are associated with. */
#include "app/call.h"
#include "app/verbs.h"

#include <string.h>

/* The model wants the cluster and the name apart. */
static int create(struct app *app, const char *place, const char *purposes, struct error *err)
{
	const char *slash = strchr(place, '/');
	struct store *store = NULL;
	int rc;

	if (slash == NULL || slash == place || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)
		return error_set(err, ERR_USAGE, "\"%s\" is not a namespace; write CLUSTER/NAME", place);
	const char *params[] = {arena_strndup(app->arena, place, (size_t)(slash - place)), slash + 1, purposes};
	rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = model_call(store, MODEL_NAMESPACE_CREATE, params, NULL, err);
	store_close(&store);
	if (rc == 0)
		app_done(app, "namespace %s is there", place);
	return rc;
}

static int cmd_create(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--purpose", OPTION_LIST, NULL}};
	const struct words words = {&argc, argv, options, 1, 1, 1, app->arena};

	if (app_take_options(app->verb, &words, err) != 0)
		return -1;
	if (options[0].value == NULL)
		return error_set(err, ERR_USAGE, "--purpose is missing: rosterctl %s %s", app->verb->name,
				 app->verb->usage);
	return create(app, argv[0], options[0].value, err);
}

static const struct call namespace_list[] = {
    {.call = MODEL_NAMESPACE_LIST, .rows = "namespaces"},
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
	.run = cmd_create,
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
