/* SPDX-License-Identifier: Apache-2.0 */
/* The schema: numbered files, applied in order, each once, all in one transaction. */
#include "roster/arena.h"
#include "roster/store.h"
#include "store/private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A migration is NNNN_name.sql; a number of four digits sorts as text does. */
enum { VERSION_DIGITS = 4 };

static const char *schema_directory(void)
{
	const char *chosen = getenv("ROSTER_SCHEMA_DIR");

	return chosen == NULL || chosen[0] == '\0' ? ROSTER_SCHEMA_DIR : chosen;
}

static bool is_migration(const char *name)
{
	return strspn(name, "0123456789") == VERSION_DIGITS && name[VERSION_DIGITS] == '_' &&
	       text_ends_with(name, ".sql");
}

static int keep_migrations(const struct dirent *entry)
{
	return is_migration(entry->d_name);
}

static void free_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* The names in order; how many there are, -1 when the folder cannot be read or holds none. */
static int list_migrations(struct dirent ***names, struct error *err)
{
	int count = scandir(schema_directory(), names, keep_migrations, alphasort);

	if (count < 0) {
		error_set(err, ERR_CONFIG, "cannot read the schema files in %s: %s", schema_directory(),
			  strerror(errno));
		return -1;
	}
	if (count == 0) {
		free(*names);
		error_set(err, ERR_CONFIG, "there are no schema files in %s; install them or set ROSTER_SCHEMA_DIR",
			  schema_directory());
		return -1;
	}
	return count;
}

static int version_of(const char *name)
{
	return (int)strtol(name, NULL, 10);
}

static int read_file(const char *name, struct str *out, struct error *err)
{
	struct str path = {0};
	char buffer[8192];
	size_t got;

	str_printf(&path, "%s/%s", schema_directory(), name);
	FILE *file = fopen(str_text(&path), "re");
	str_free(&path);
	if (file == NULL)
		return error_set(err, ERR_CONFIG,
				 "cannot be opened in %s: %s; install it there or set ROSTER_SCHEMA_DIR",
				 schema_directory(), strerror(errno));
	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
		str_append(out, buffer, got);
	int failed = ferror(file);
	fclose(file);
	return failed ? error_set(err, ERR_CONFIG, "cannot be read in %s", schema_directory()) : 0;
}

static int run_file(struct store *store, const char *name, struct error *err)
{
	struct str text = {0};
	int rc = read_file(name, &text, err);

	if (rc == 0)
		rc = pg_run(store->pg, str_text(&text), err);
	str_free(&text);
	return rc == 0 ? 0 : error_prefix(err, "schema file %s", name);
}

int schema_latest(int *ret, struct error *err)
{
	struct dirent **names = NULL;
	int count = list_migrations(&names, err);

	if (count < 0)
		return -1;
	*ret = version_of(names[count - 1]->d_name);
	free_names(names, count);
	return 0;
}

int store_schema_state(struct store *store, struct schema_state *ret, struct error *err)
{
	struct pg_rows *rows = NULL;
	int64_t version = 0;

	if (schema_latest(&ret->latest, err) != 0)
		return -1;
	if (pg_query(store->pg, "select to_regclass('roster.migrations') is not null", NULL, 0, &rows, err) != 0)
		return -1;
	bool there = pg_boolean(rows, 0, 0);
	pg_free(&rows);
	if (there && pg_query_integer(store->pg, "select coalesce(max(version), 0) from roster.migrations", NULL, 0,
				      &version, err) != 0)
		return -1;
	ret->version = there ? (int)version : 0;
	return 0;
}

static int apply_migration(struct store *store, const char *name, struct error *err)
{
	char version[NUMBER_TEXT];
	const char *params[] = {number_text(version_of(name), version), name};

	if (run_file(store, name, err) != 0)
		return -1;
	return pg_query(store->pg, "insert into roster.migrations (version, name) values ($1, $2)", params, 2, NULL,
			err);
}

static int migrate_from(struct store *store, int from, struct error *err)
{
	struct dirent **names = NULL;
	int count = list_migrations(&names, err);
	int rc = count < 0 ? -1 : 0;

	for (int i = 0; rc == 0 && i < count; i++)
		if (version_of(names[i]->d_name) > from)
			rc = apply_migration(store, names[i]->d_name, err);
	if (count > 0)
		free_names(names, count);
	return rc;
}

/* Being a member of a role of ours is not what is missing here. */
static int make_roles(struct store *store, struct error *err)
{
	pg_set_role(store->pg, NULL);
	if (run_file(store, "init.sql", err) == 0)
		return 0;
	if (err->class == ERR_DENIED)
		error_hint(err, "init is for a superuser, or for a login that may create roles and owns the database");
	return -1;
}

int store_schema_migrate(struct store *store, bool init, int *from, struct error *err)
{
	struct schema_state state;

	/* Two at once would race for the same tables: the second waits, and finds nothing to do. */
	if (store_begin(store, err) != 0 ||
	    pg_run(store->pg, "select pg_advisory_xact_lock(1919906676, 0)", err) != 0 ||
	    (init && make_roles(store, err) != 0) ||
	    pg_run(store->pg, "set local role roster_owner; set local search_path = roster, pg_temp", err) != 0 ||
	    store_schema_state(store, &state, err) != 0)
		goto failed;
	*from = state.version;
	if (state.version == 0 && !init) {
		error_set(err, ERR_CONFIG, "the database holds no roster schema; type: rosterctl database init");
		goto failed;
	}
	if (state.version > state.latest) {
		error_set(err, ERR_CONFIG,
			  "the schema is version %d, newer than this program, which knows %d; upgrade roster",
			  state.version, state.latest);
		goto failed;
	}
	if (migrate_from(store, state.version, err) != 0)
		goto failed;
	return store_commit(store, err);
failed:
	store_rollback(store);
	return -1;
}

int schema_judge(const struct schema_state *state, struct error *err)
{
	if (state->version == 0)
		return error_set(err, ERR_SCHEMA, "the database holds no roster schema; type: rosterctl database init");
	if (state->version < state->latest)
		return error_set(err, ERR_SCHEMA,
				 "the schema is version %d and this program needs %d; type: rosterctl database migrate",
				 state->version, state->latest);
	if (state->version > state->latest)
		return error_set(err, ERR_SCHEMA,
				 "the schema is version %d, newer than this program, which knows %d; upgrade roster",
				 state->version, state->latest);
	return 0;
}

int store_schema_check(struct store *store, struct error *err)
{
	struct schema_state state;

	if (store_schema_state(store, &state, err) != 0)
		return -1;
	/* Who keeps the database makes its schema, too. */
	if (store->embedded && state.version < state.latest)
		return error_set(
		    err, ERR_SCHEMA,
		    "the schema is version %d and this program needs %d; rosterd brings it up when it starts: "
		    "install and start the same version",
		    state.version, state.latest);
	return schema_judge(&state, err);
}
