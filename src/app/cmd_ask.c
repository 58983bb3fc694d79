/* SPDX-License-Identifier: Apache-2.0 */
/* Questions: who may do what, and why. */
#include "app/call.h"
#include "app/output.h"
#include "app/verbs.h"

#include <inttypes.h>
#include <string.h>

enum { EXIT_NO = 1 };

/* --- tree ------------------------------------------------------------------------------------------------------------ */

enum { TREE_PATH, TREE_DEPTH, TREE_MEMBERS, TREE_ADMINS, TREE_APPS, TREE_NAMESPACES, TREE_MADE_BY };

static void add_note(struct str *line, const char *word, const char *text)
{
	if (text[0] == '\0')
		return;
	str_printf(line, "   %s", word);
	output_add_text(line, text);
}

static void add_list(struct str *line, const char *word, const char *list)
{
	struct str text = {0};

	output_add_list(&text, list, ", ");
	add_note(line, word, str_text(&text));
	str_free(&text);
}

/* A group under its parent: its own name, then what hangs there. */
static void add_group(struct str *out, const struct pg_rows *rows, size_t row, int64_t top)
{
	const char *path = pg_text(rows, row, TREE_PATH), *made_by = pg_text(rows, row, TREE_MADE_BY);
	int64_t depth = pg_integer(rows, row, TREE_DEPTH) - top, members = pg_integer(rows, row, TREE_MEMBERS);

	for (int64_t i = 0; i < depth; i++)
		str_add(out, "  ");
	output_add_text(out, depth == 0 ? path : strrchr(path, '/') + 1);
	if (members > 0)
		str_printf(out, "   %" PRId64 " member%s", members, members == 1 ? "" : "s");
	add_list(out, "admin ", pg_text(rows, row, TREE_ADMINS));
	add_list(out, "app ", pg_text(rows, row, TREE_APPS));
	add_list(out, "namespace ", pg_text(rows, row, TREE_NAMESPACES));
	add_note(out, "by ", strcmp(made_by, "hand") == 0 ? "" : made_by);
	str_add_char(out, '\n');
}

static int print_tree(struct app *app, const struct pg_rows *rows, struct error *err)
{
	struct str out = {0};

	if (app->format != OUTPUT_TEXT)
		return app_print_rows(app, "groups", rows, err);
	for (size_t i = 0; i < pg_count(rows); i++)
		add_group(&out, rows, i, pg_integer(rows, 0, TREE_DEPTH));
	fputs(str_text(&out), stdout);
	str_free(&out);
	return 0;
}

static int cmd_tree(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 1, err) != 0)
		return -1;
	const char *params[] = {argc == 0 ? "/" : argv[0]};
	if (app_connect(app, STORE_OPERATOR, &store, err) == 0 &&
	    model_call(store, MODEL_TREE, params, &rows, err) == 0)
		rc = print_tree(app, rows, err);
	pg_free(&rows);
	store_close(&store);
	return rc;
}

/* --- access, can ----------------------------------------------------------------------------------------------------- */

static int cmd_access(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *held = NULL, *reached = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, NULL, 0, 1, 1, err) != 0)
		return -1;
	const char *params[] = {argv[0]};
	if (app_connect(app, STORE_OPERATOR, &store, err) != 0 ||
	    model_call(store, MODEL_HOLDINGS, params, &held, err) != 0 ||
	    model_call(store, MODEL_ACCESS, params, &reached, err) != 0)
		goto out;
	struct table *tables[] = {table_of_rows(app->arena, "holds", held),
				  table_of_rows(app->arena, "reaches", reached)};
	tables[0]->nothing = arena_printf(app->arena, "%s holds nothing", argv[0]);
	rc = app_print_tables(app, tables, 2, err);
out:
	pg_free(&held);
	pg_free(&reached);
	store_close(&store);
	return rc;
}

static int cmd_can(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc;

	if (app_options(app->verb, &argc, argv, NULL, 0, 3, 3, err) != 0)
		return -1;
	const char *params[] = {argv[0], argv[1], argv[2]};
	rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = model_call(store, MODEL_CAN, params, &rows, err);
	if (rc == 0) {
		bool can = pg_boolean(rows, 0, 0);
		if (app->format == OUTPUT_JSON)
			printf("{\"schema\": 1, \"can\": %s}\n", can ? "true" : "false");
		else
			puts(can ? "yes" : "no");
		app->exit_code = can ? 0 : EXIT_NO;
	}
	pg_free(&rows);
	store_close(&store);
	return rc;
}

static const struct call who_can[] = {
    {.call = MODEL_WHO_CAN,
     .least = 2,
     .most = 2,
     .params = {ARGUMENT(0), ARGUMENT(1), OPTION("--at")},
     .rows = "people"},
};

static const struct call difference[] = {
    {.call = MODEL_DIFFERENCE, .least = 1, .most = 2, .params = {ARGUMENT(0), ARGUMENT(1)}, .rows = "differences"},
};

static const struct verb verbs[] = {
    {
	.name = "tree",
	.usage = "[PATH]",
	.summary = "show the group tree, or the part below PATH",
	.help = "Each group with how many members it has directly, its admins, and the apps and namespaces that "
		"hang there. Archived groups are left out.",
	.example = "tree /pay",
	.run = cmd_tree,
    },
    {
	.name = "access",
	.usage = "USER",
	.summary = "show what a person holds and reaches",
	.help = "First the roles the person holds, where, by which source and since which revision; then the apps "
		"and namespaces these reach. Inactive people reach nothing.",
	.example = "access alice",
	.run = cmd_access,
    },
    {
	.name = "who-can",
	.usage = "PERMISSION RESOURCE [--at REVISION|TIME]",
	.summary = "list everybody who may do something there",
	.help = "With every way each has: a role held at a place, and how many steps down the tree the resource is. "
		"RESOURCE is platform, group:/PATH, app:NAME, environment:APP/NAME, cluster:NAME or "
		"namespace:CLUSTER/NAME/PURPOSE. With "
		"--at the answer is that of an earlier revision, or of the one in force at a time.",
	.example = "who-can cicd.deploy app:api --at 4711",
	.run = call_run,
	.calls = who_can,
	.call_count = 1,
    },
    {
	.name = "diff",
	.usage = "REVISION [REVISION]",
	.summary = "say who may do more, or less, than at a revision",
	.help = "Compares effective access at the first revision with that at the second, or now: for each person and "
		"resource the roles and permissions won and lost. What came and went in between is not told.",
	.example = "diff 4711 4720",
	.run = call_run,
	.calls = difference,
	.call_count = 1,
    },
    {
	.name = "can",
	.usage = "USER PERMISSION RESOURCE",
	.summary = "say whether a person may: exit code 0, or 1",
	.help = "The question an app asks. A name that does not exist is an error (65), not a no.",
	.example = "can alice cicd.deploy app:api",
	.run = cmd_can,
    },
    {
	.name = "explain",
	.usage = "USER RESOURCE [PERMISSION] [--at REVISION|TIME]",
	.summary = "say why a person may, or why not",
	.help = "Every way from the directory to the resource: entry, groups, rule, role, place; what was given by "
		"hand says who did it. When the answer is no, what is nearest to a yes and why it is none. With --at "
		"why he could then, without entries and rules, as the directory is not kept as it was. The exit "
		"code is 0 either way.",
	.example = "explain alice app:api cicd.deploy",
	.run = cmd_explain,
    },
    {
	.name = "rules test",
	.usage = "ENTRY [--source SOURCE]",
	.summary = "show which rules match a directory entry, and why the others do not",
	.help = "ENTRY is a DN, an id or a login. The entry is the one of the last read; the rules are those of the "
		"configuration as it is now, so a new rule can be tried before anything is synchronised.",
	.example = "rules test 'CN=pay-api-devs,OU=Groups,DC=corp,DC=example'",
	.run = cmd_rules_test,
    },
};

const struct verb_family ask_family = {"Questions", verbs, sizeof verbs / sizeof verbs[0]};
