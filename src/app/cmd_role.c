/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: what each permits, how they are edited, merged and deleted. */
#include "app/call.h"
#include "app/verbs.h"

static const struct call role_list[] = {
    {.call = MODEL_ROLE_LIST, .rows = "roles"},
};

static const struct call role_show[] = {
    {.call = MODEL_ROLE_DETAILS,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "role",
     .record = true,
     .more = MODEL_ROLE_SHOW,
     .more_rows = "permissions"},
};

static const struct call role_holders[] = {
    {.call = MODEL_ROLE_HOLDERS,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .rows = "holders",
     .nothing = "nobody holds it"},
};

static const struct call role_duplicates[] = {
    {.call = MODEL_ROLE_DUPLICATES, .rows = "duplicates"},
};

static const struct call role_create[] = {
    {.call = MODEL_ROLE_CREATE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--description"), SEVERAL("--permission"), SEVERAL("--non-production"),
		SEVERAL("--production")},
     .done = "role {0} is there"},
};

static const struct call role_edit[] = {
    {.call = MODEL_ROLE_EDIT,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--rename"), OPTION("--description"), SEVERAL("--permission"),
		SEVERAL("--non-production"), SEVERAL("--production")},
     .done = "role {0} is changed"},
    {.bare = true,
     .call = MODEL_ROLE_EDIT_BEGIN,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0)},
     .done = "you are editing role {0} until {=}; end it with role save or role cancel"},
};

static const struct call role_save[] = {
    {.call = MODEL_ROLE_SAVE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--rename"), OPTION("--description"), SEVERAL("--permission"),
		SEVERAL("--non-production"), SEVERAL("--production")},
     .done = "role {0} is saved"},
};

static const struct call role_cancel[] = {
    {.call = MODEL_ROLE_CANCEL, .done = "no role is being edited any more"},
};

static const struct call role_delete[] = {
    {.call = MODEL_ROLE_DELETE,
     .least = 1,
     .most = 1,
     .params = {ARGUMENT(0), OPTION("--replacement")},
     .done = "role {0} is gone",
     .preview = MODEL_ROLE_DELETE_PREVIEW,
     .question = "Delete this role for good?"},
};

static const struct call role_merge[] = {
    {.call = MODEL_ROLE_MERGE,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1)},
     .done = "whoever held role {0} holds {1}",
     .preview = MODEL_ROLE_DELETE_PREVIEW,
     .question = "Delete this role for good?"},
};

static const struct call role_keep[] = {
    {.call = MODEL_ROLE_KEEP, .least = 1, .most = 1, .params = {ARGUMENT(0)}, .done = "role {0} is one of the company"},
};

static const struct call permission_list[] = {
    {.call = MODEL_PERMISSION_LIST, .rows = "permissions"},
};

static const struct verb verbs[] = {
    {
	.name = "role list",
	.usage = "",
	.summary = "list roles",
	.help = "With how many permissions of each kind each has, what it says of environments, how many people hold "
		"it "
		"themselves and how many through a group, and on how many apps.",
	.example = "role list",
	.run = call_run,
	.calls = role_list,
	.call_count = 1,
    },
    {
	.name = "role show",
	.usage = "NAME",
	.summary = "show a role and what it permits",
	.help = "Scope says where a permission counts: on what kind of resource, or in which environments. NAME may "
		"be an id, here and wherever a role is named.",
	.example = "role show Developer",
	.run = call_run,
	.calls = role_show,
	.call_count = 1,
    },
    {
	.name = "role holders",
	.usage = "NAME",
	.summary = "list who holds a role, and where",
	.help = "One line for each person, place and source.",
	.example = "role holders Operator",
	.run = call_run,
	.calls = role_holders,
	.call_count = 1,
    },
    {
	.name = "role duplicates",
	.usage = "",
	.summary = "list roles that permit the same",
	.help = "Roles that came with apps often do. See role merge and role keep; where names are alike, role show "
		"tells the ids.",
	.example = "role duplicates",
	.run = call_run,
	.calls = role_duplicates,
	.call_count = 1,
    },
    {
	.name = "role create",
	.usage = "NAME [--permission PERMISSION...] [--non-production ACCESS...] [--production ACCESS...] "
		 "[--description TEXT]",
	.summary = "add a role",
	.help = "Name several permissions by repeating --permission. ACCESS to environments is none, custom (it is set "
		"for each person in each environment), or permissions that begin with env. and are the same "
		"everywhere, "
		"by repeating the option. What is left out is nothing. Production needs a second factor. Only a "
		"platform administrator may.",
	.example = "role create Tester --permission project.view --permission project.cloud_access "
		   "--non-production env.monitoring",
	.run = call_run,
	.calls = role_create,
	.call_count = 1,
    },
    {
	.name = "role edit",
	.usage = "NAME [--permission PERMISSION...] [--non-production ACCESS...] [--production ACCESS...] "
		 "[--rename NAME] [--description TEXT]",
	.summary = "begin to edit a role, or change it in one step",
	.help = "Without an option the role is yours to edit for 15 minutes, until role save or role cancel: one role "
		"is edited at a time. With options it is saved at once: what is named replaces what the role says "
		"there, for everybody who holds it; what is left out stays. Locked roles cannot be changed. Only a "
		"platform administrator may.",
	.example = "role edit Tester --permission project.view",
	.run = call_run,
	.calls = role_edit,
	.call_count = 2,
    },
    {
	.name = "role save",
	.usage = "NAME [--permission PERMISSION...] [--non-production ACCESS...] [--production ACCESS...] "
		 "[--rename NAME] [--description TEXT]",
	.summary = "end an edit: say what changes",
	.help = "What is named replaces what the role says there, at once for everybody who holds it; what is left "
		"out stays. Only who began the edit may.",
	.example = "role save Tester --production custom",
	.run = call_run,
	.calls = role_save,
	.call_count = 1,
    },
    {
	.name = "role cancel",
	.usage = "",
	.summary = "end an edit without a change",
	.help = "An edit also ends by itself after 15 minutes.",
	.example = "role cancel",
	.run = call_run,
	.calls = role_cancel,
	.call_count = 1,
    },
    {
	.name = "role delete",
	.usage = "NAME [--replacement ROLE] [--yes]",
	.summary = "delete a role, with another in its place",
	.help = "Whoever holds it holds the replacement instead, wherever that is; a role nobody holds needs none. It "
		"says how many these are and asks; without a terminal it needs --yes. Refused while somebody else "
		"edits a role. Only a platform administrator may.",
	.example = "role delete Tester --replacement Contributor",
	.run = call_run,
	.calls = role_delete,
	.call_count = 1,
    },
    {
	.name = "role merge",
	.usage = "NAME ROLE [--yes]",
	.summary = "let another role take the place of one that permits the same",
	.help = "Whoever holds NAME holds ROLE instead, and NAME is deleted. It asks; without a terminal it needs "
		"--yes. Only a platform administrator may.",
	.example = "role merge 31 Tester",
	.run = call_run,
	.calls = role_merge,
	.call_count = 1,
    },
    {
	.name = "role keep",
	.usage = "NAME",
	.summary = "make a role that came with an app one of the company",
	.help = "Then it can be given to everybody, and edited. Its name must be free. Only a platform administrator "
		"may.",
	.example = "role keep 31",
	.run = call_run,
	.calls = role_keep,
	.call_count = 1,
    },
    {
	.name = "permission list",
	.usage = "",
	.summary = "list what roles can permit",
	.help = "Scope says on what kind of resource a permission means something: env in environments, project and "
		"cicd on apps.",
	.example = "permission list --plain",
	.run = call_run,
	.calls = permission_list,
	.call_count = 1,
    },
};

const struct verb_family role_family = {"Roles", verbs, sizeof verbs / sizeof verbs[0]};
