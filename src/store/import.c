/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/import.h"
#include "roster/json.h"
#include "store/private.h"

enum { BATCH = 5000 };

/* --- staging --------------------------------------------------------------------------------------------------------- */

static void add_member(struct str *text, const char *key, const char *value)
{
	if (value == NULL)
		return;
	str_printf(text, ",\"%s\":", key);
	json_add_text(text, value);
}

static void add_statement(struct str *text, const struct import_statement *statement)
{
	str_printf(text, "%s{\"line\":%d", text->size <= 1 ? "" : ",", statement->line);
	add_member(text, "fact", statement->fact);
	add_member(text, "path", statement->path);
	add_member(text, "name", statement->name);
	add_member(text, "login", statement->login);
	add_member(text, "role", statement->role);
	add_member(text, "purpose", statement->purpose);
	add_member(text, "description", statement->description);
	add_member(text, "place", statement->place);
	str_add(text, statement->broken ? ",\"broken\":true}" : "}");
}

/* An operator writes no table, so COPY is not for him: a function takes the lines, some thousands at once. */
int store_import_stage(struct store *store, const struct import_statement *statements, size_t count, struct error *err)
{
	struct str text = {0};
	int rc = 0;

	for (size_t start = 0; rc == 0 && start < count; start += BATCH) {
		str_clear(&text);
		str_add_char(&text, '[');
		for (size_t i = start; i < count && i < start + BATCH; i++)
			add_statement(&text, &statements[i]);
		str_add_char(&text, ']');
		const char *params[] = {str_text(&text)};
		rc = pg_query(store->pg, "select import_stage($1)", params, 1, NULL, err);
	}
	str_free(&text);
	return rc;
}

/* --- the plan -------------------------------------------------------------------------------------------------------- */

int store_import_begin(struct store *store, const char *name, bool binding, struct error *err)
{
	const char *params[] = {name, boolean_text(binding)};

	return pg_query(store->pg, "select import_begin($1, $2)", params, 2, NULL, err);
}

int store_import_problems(struct store *store, struct pg_rows **rows, struct error *err)
{
	return pg_query(store->pg, "select line, why from import_problems()", NULL, 0, rows, err);
}

int store_import_plan(struct store *store, const char *name, bool complete, struct error *err)
{
	const char *params[] = {name, boolean_text(complete)};

	return pg_query(store->pg, "select import_plan($1, $2)", params, 2, NULL, err);
}

int store_import_changes(struct store *store, struct pg_rows **rows, struct error *err)
{
	return pg_query(store->pg, "select change, kind, name, detail, line from import_changes()", NULL, 0, rows, err);
}

int store_import_counts(struct store *store, const char *source, const struct safety_config *safety,
			struct arena *arena, struct guard_counts *ret, struct error *err)
{
	char window[NUMBER_TEXT], few[NUMBER_TEXT];
	const char *params[] = {source, number_text(safety->window_ms, window), number_text(safety->min_remove, few)};

	const struct guard_query query = {"select kind, scope, pending, recent, base "
					  "from import_counts($1, $2 * interval '1 millisecond', $3)",
					  params, 3};

	return guard_counts_read(store, &query, arena, ret, err);
}

int store_import_apply(struct store *store, const struct import_mode *mode, int64_t *revision, struct error *err)
{
	const char *params[] = {mode->name, boolean_text(mode->complete), boolean_text(mode->counted)};

	return pg_query_integer(store->pg, "select coalesce(import_apply($1, $2, $3), 0)", params, 3, revision, err);
}

/* --- retiring -------------------------------------------------------------------------------------------------------- */

int store_retire_plan(struct store *store, const char *source, bool binding, struct error *err)
{
	const char *params[] = {source, boolean_text(binding)};

	return pg_query(store->pg, "select retire_plan($1, $2)", params, 2, NULL, err);
}

int store_retire_apply(struct store *store, const char *source, int64_t *revision, struct error *err)
{
	const char *params[] = {source};

	return pg_query_integer(store->pg, "select coalesce(retire_apply($1), 0)", params, 1, revision, err);
}

int store_sources_absent(struct store *store, const struct config *config, struct pg_rows **rows, struct error *err)
{
	struct str names = {0};

	for (size_t i = 0; i < config->source_count; i++)
		array_add(&names, config->sources[i].name);
	const char *params[] = {array_close(&names)};
	/* Nearly always there is none, and nothing to count. */
	int rc = pg_query(store->pg,
			  "select from sources s where s.id <> 0 and s.kind <> 'import' and s.retired_at is null "
			  "and s.name <> all ($1)",
			  params, 1, rows, err);
	if (rc == 0 && pg_count(*rows) > 0) {
		pg_free(rows);
		rc = pg_query(store->pg, "select source, people, grants from sources_absent($1)", params, 1, rows, err);
	}
	str_free(&names);
	return rc;
}

/* --- reverting ------------------------------------------------------------------------------------------------------- */

int store_revert_plan(struct store *store, const char *what, struct arena *arena, const char **source,
		      struct error *err)
{
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select revert_plan($1)", &what, 1, &rows, err) != 0)
		return -1;
	*source = arena_strdup(arena, pg_text(rows, 0, 0));
	pg_free(&rows);
	return 0;
}

int store_revert_apply(struct store *store, const char *what, bool counted, struct arena *arena,
		       struct revert_done *ret, struct error *err)
{
	const char *params[] = {what, boolean_text(counted)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select coalesce(revision, 0), held, coalesce(held_by, '') from revert_apply($1, $2)",
		     params, 2, &rows, err) != 0)
		return -1;
	*ret = (struct revert_done){.revision = pg_integer(rows, 0, 0),
				    .held = pg_integer(rows, 0, 1),
				    .held_by = arena_strdup(arena, pg_text(rows, 0, 2))};
	pg_free(&rows);
	return 0;
}
