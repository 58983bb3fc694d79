/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: what each permits. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call role_list[] = {
    {.call = MODEL_ROLE_LIST, .rows = "roles"},
};

static const struct call role_show[] = {
    {.call = MODEL_ROLE_SHOW, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .rows = "permissions"},
};

static const struct call role_create[] = {
    {.call = MODEL_ROLE_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--description"), LIST("--permission")},
     .done = "role {0} is there"},
};

static const struct call role_edit[] = {
    {.call = MODEL_ROLE_EDIT,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), LIST("--permission")},
     .done = "role {0} is changed"},
};

static const struct verb verbs[] = {
    {
	.name = "role list",
	.usage = "",
	.summary = "list roles",
	.help = "With how many permissions, members and apps each has.",
	.example = "role list",
	.run = call_run,
	.calls = role_list,
	.call_count = 1,
    },
    {
	.name = "role show",
	.usage = "NAME",
	.summary = "list the permissions of a role",
	.help = "Scope says on what kind of resource a permission means something.",
	.example = "role show Developer",
	.run = call_run,
	.calls = role_show,
	.call_count = 1,
    },
    {
	.name = "role create",
	.usage = "NAME --permission PERMISSION... [--description TEXT]",
	.summary = "add a role",
	.help = "Name several permissions by repeating --permission. Only a platform administrator may.",
	.example = "role create Tester --permission project.view --permission cicd.view",
	.run = call_run,
	.calls = role_create,
	.call_count = 1,
    },
    {
	.name = "role edit",
	.usage = "NAME --permission PERMISSION...",
	.summary = "say anew what a role permits",
	.help = "The permissions named replace those the role has, at once for everybody who holds it. Locked roles "
		"cannot be changed. Only a platform administrator may.",
	.example = "role edit Tester --permission project.view",
	.run = call_run,
	.calls = role_edit,
	.call_count = 1,
    },
};

const struct verb_family role_family = {"Roles", verbs, sizeof verbs / sizeof verbs[0]};
