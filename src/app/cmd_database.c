/* SPDX-License-Identifier: Apache-2.0 */
/* The database: its schema, and the first administrator. */
#include "app/call.h"
#include "app/verbs.h"
#include "roster/model.h"

static int make_administrator(struct app *app, struct store *store, const char *login, const char *operator,
			      struct error * err)
{
	const char *params[] = {login, operator};

	if (model_call(store, MODEL_INIT_ADMINISTRATOR, params, NULL, err) != 0)
		return -1;
	app_done(app, "%s is a platform administrator%s%s",
		 login, operator== NULL ? "" : ", and logs in to the database as ", operator== NULL ? "" : operator);
	return 0;
}

static void say_migrated(int from, int to)
{
	if (from == to)
		fprintf(stderr, "the schema is version %d already\n", to);
	else if (from == 0)
		fprintf(stderr, "the schema is made, version %d\n", to);
	else
		fprintf(stderr, "the schema went from version %d to %d\n", from, to);
}

static int migrate(struct store *store, bool init, struct error *err)
{
	struct schema_state state;
	int from = 0;

	if (store_schema_migrate(store, init, &from, err) != 0 || store_schema_state(store, &state, err) != 0)
		return -1;
	say_migrated(from, state.latest);
	return 0;
}

/* Not app_connect(): there may be no schema yet, and whoever makes it comes as himself. */
static int cmd_init(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--administrator", OPTION_VALUE, NULL}, {"--operator", OPTION_VALUE, NULL}};
	struct store *store = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, options, 2, 0, 0, err) != 0)
		return -1;
	if (app_configure(app, err) != 0 || store_open(&app->config->database, STORE_OPERATOR, &store, err) != 0)
		return -1;
	rc = migrate(store, true, err);
	if (rc == 0 && options[0].value != NULL)
		rc = make_administrator(app, store, options[0].value, options[1].value, err);
	store_close(&store);
	return rc;
}

static int cmd_migrate(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 0, err) != 0 ||
	    app_connect(app, STORE_OWNER, &store, err) != 0)
		return -1;
	rc = migrate(store, false, err);
	store_close(&store);
	if (rc == 0)
		app_done(app, "the schema is the one this program needs");
	return rc;
}

static int cmd_status(struct app *app, int argc, char **argv, struct error *err)
{
	struct store *store = NULL;
	struct schema_state state;
	int rc;

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 0, err) != 0 || app_configure(app, err) != 0 ||
	    store_open(&app->config->database, STORE_OPERATOR, &store, err) != 0)
		return -1;
	rc = store_schema_state(store, &state, err);
	store_close(&store);
	if (rc != 0)
		return -1;
	if (app->format == OUTPUT_JSON)
		printf("{\"schema\": 1, \"version\": %d, \"latest\": %d}\n", state.version, state.latest);
	else if (app->format == OUTPUT_PLAIN)
		printf("%d\t%d\n", state.version, state.latest);
	else if (state.version == 0)
		puts("there is no schema; type: rosterctl database init");
	else
		printf("the schema is version %d; this program knows %d\n", state.version, state.latest);
	return 0;
}

static const struct call restored[] = {
    {.call = MODEL_DATABASE_RESTORED, .done = "a new history begins: every target gets a complete snapshot"},
};

static const struct verb verbs[] = {
    {
	.name = "database init",
	.usage = "[--administrator LOGIN [--operator DATABASE-LOGIN]]",
	.summary = "make the schema, and name the first administrator",
	.help = "Run by a login of PostgreSQL that may create roles. Where the schema is there already, only the "
		"administrator is named: do that after the first synchronisation, and LOGIN is the person of the "
		"directory. Nobody with that login yet: a person is made by hand, and a directory that brings the "
		"same login later is asked to sort that out. DATABASE-LOGIN, or else the login that runs this, acts "
		"for him. Later only the owner of the schema may name one.",
	.example = "database init --administrator alice --operator alice",
	.run = cmd_init,
    },
    {
	.name = "database migrate",
	.usage = "",
	.summary = "bring the schema to the version this program needs",
	.help = "Runs in one transaction, as the role database.owner_role of the configuration.",
	.example = "database migrate",
	.run = cmd_migrate,
    },
    {
	.name = "database status",
	.usage = "",
	.summary = "show the version of the schema",
	.help = "Also where the schema is too old or too new for this program, which every other verb refuses.",
	.example = "database status",
	.run = cmd_status,
    },
    {
	.name = "database restored",
	.usage = "",
	.summary = "say that the database was restored from a backup",
	.help =
	    "What targets were told after the backup was made is not known any more: a new history begins, and each "
	    "target gets a snapshot of everything, in which it withdraws what is not named. Another server, or a "
	    "server that was promoted, is noticed without this. Only a platform administrator may.",
	.example = "database restored",
	.run = call_run,
	.calls = restored,
	.call_count = 1,
    },
    {
	.name = "database backup",
	.usage = "FILE|DIRECTORY",
	.summary = "write everything roster keeps to a file",
	.help = "In the custom form of pg_dump, for pg_restore; in a directory the file is named after the time. An "
		"existing "
		"file is not overwritten, and FILE appears only when it is whole: until then it is FILE.part. Runs as "
		"the role database.owner_role of the configuration, while everything else goes on.",
	.example = "database backup /var/backups/roster",
	.run = cmd_database_backup,
    },
};

const struct verb_family database_family = {"Database", verbs, sizeof verbs / sizeof verbs[0]};
