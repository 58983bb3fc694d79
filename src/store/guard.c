/* SPDX-License-Identifier: Apache-2.0 */
/* What the guard asks of the database, and what it has it hold. */
#include "roster/guard.h"
#include "store/private.h"

#include <string.h>

static enum guard_kind guard_kind_named(const char *name)
{
	enum guard_kind kind = 0;

	while (kind < GUARD_ADD && strcmp(guard_kind_name(kind), name) != 0)
		kind++;
	return kind;
}

int guard_counts_read(struct store *store, const struct guard_query *query, struct arena *arena,
		      struct guard_counts *ret, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, query->sql, query->params, query->count, &rows, err) != 0)
		return -1;
	ret->count = pg_count(rows);
	ret->items = arena_alloc_array(arena, ret->count + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = (struct guard_count){
		    .kind = guard_kind_named(pg_text(rows, i, 0)),
		    .scope = arena_strdup(arena, pg_text(rows, i, 1)),
		    .pending = pg_integer(rows, i, 2),
		    .recent = pg_integer(rows, i, 3),
		    .base = pg_integer(rows, i, 4),
		};
	pg_free(&rows);
	return 0;
}

int store_guard_counts(struct store *store, int64_t run, const struct safety_config *safety, struct arena *arena,
		       struct guard_counts *ret, struct error *err)
{
	char id[NUMBER_TEXT], window[NUMBER_TEXT], few[NUMBER_TEXT], percent[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), number_text(safety->window_ms, window),
				number_text(safety->min_remove, few),
				ret->exact ? NULL : number_text(safety->max_remove_percent, percent)};
	const struct guard_query query = {"select kind, scope, pending, recent, base "
					  "from guard_counts($1, $2 * interval '1 millisecond', $3, $4)",
					  params, 4};

	return guard_counts_read(store, &query, arena, ret, err);
}

int store_guard_emptied(struct store *store, int64_t run, struct arena *arena, struct emptied_place *ret,
			struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id)};
	struct pg_rows *rows = NULL;

	*ret = (struct emptied_place){0};
	if (pg_query(store->pg, "select kind, place, before from emptied_places($1)", params, 1, &rows, err) != 0)
		return -1;
	ret->places = pg_count(rows);
	if (ret->places > 0) {
		ret->kind = arena_strdup(arena, pg_text(rows, 0, 0));
		ret->dn = arena_strdup(arena, pg_text(rows, 0, 1));
		ret->before = pg_integer(rows, 0, 2);
	}
	pg_free(&rows);
	return 0;
}

int store_held_waiting(struct store *store, int64_t run, struct arena *arena, struct held_waiting *ret,
		       struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select waiting, runs from held_waiting($1)", params, 1, &rows, err) != 0)
		return -1;
	*ret = (struct held_waiting){pg_integer(rows, 0, 0), arena_strdup(arena, pg_text(rows, 0, 1))};
	pg_free(&rows);
	return 0;
}

int store_guard_hold(struct store *store, int64_t run, const struct guard_count *count, const char *reason,
		     int64_t *held, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), guard_kind_name(count->kind), count->scope, reason};
	int64_t rows = 0;

	if (pg_query_integer(store->pg, "select hold($1, $2, $3, $4)", params, 4, &rows, err) != 0)
		return -1;
	*held += rows;
	return 0;
}

int store_held_decide(struct store *store, int64_t run, bool approve, int64_t *decided, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), boolean_text(approve)};

	return pg_query_integer(store->pg, "select decide($1, $2)", params, 2, decided, err);
}
