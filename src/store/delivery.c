/* SPDX-License-Identifier: Apache-2.0 */
/* Opening windows and writing their parts. */
#include "roster/delivery.h"
#include "roster/arena.h"
#include "store/private.h"

#include <inttypes.h>
#include <string.h>

int store_driver_lead(struct store *store, const char *type, struct error *err)
{
	const char *params[] = {type};
	struct pg_rows *rows = NULL;
	int rc;

	if (pg_query(store->pg, "select lead_driver($1)", params, 1, &rows, err) != 0)
		return -1;
	rc = pg_boolean(rows, 0, 0) ? 1 : 0;
	pg_free(&rows);
	return rc;
}

int store_targets_register(struct store *store, const struct config *config, const char *type, struct error *err)
{
	struct str names = {0}, addresses = {0}, patterns = {0}, keep = {0}, list = {0};
	int rc;

	for (size_t i = 0; i < config->target_count; i++) {
		const struct target_config *target = &config->targets[i];
		if (strcmp(target->type, type) != 0)
			continue;
		str_clear(&list);
		for (size_t k = 0; k < target->resource_count; k++)
			str_printf(&list, "%s%s", k == 0 ? "" : "\n", target->resources[k]);
		array_add(&names, target->name);
		array_add(&addresses, config_target_address(target));
		array_add(&patterns, str_text(&list));
		array_add(&keep, boolean_text(target->left_keep));
	}
	const char *params[] = {type, array_close(&names), array_close(&addresses), array_close(&patterns),
				array_close(&keep)};
	rc = pg_query(store->pg, "select register_targets($1, $2, $3, $4, $5)", params, 5, NULL, err);
	str_free(&names);
	str_free(&addresses);
	str_free(&patterns);
	str_free(&keep);
	str_free(&list);
	return rc;
}

/* --- what messages say beside their rows ----------------------------------------------------------------------------- */

static void fill_names(const struct pg_rows *rows, const char *kind, struct arena *arena, const char ***ret,
		       size_t *count)
{
	int64_t most = -1;

	for (size_t i = 0; i < pg_count(rows); i++)
		if (strcmp(pg_text(rows, i, 0), kind) == 0 && pg_integer(rows, i, 1) > most)
			most = pg_integer(rows, i, 1);
	*count = (size_t)(most + 1);
	*ret = arena_alloc_array(arena, *count + 1, sizeof **ret);
	for (size_t i = 0; i < pg_count(rows); i++)
		if (strcmp(pg_text(rows, i, 0), kind) == 0)
			(*ret)[pg_integer(rows, i, 1)] = arena_strdup(arena, pg_text(rows, i, 2));
}

int store_delivery_facts(struct store *store, struct arena *arena, struct delivery_facts *ret, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg,
		     "select 'permission', id, name from permissions union all select 'role', id, name from role_names "
		     "union all select 'history', 0, history::text from installation",
		     NULL, 0, &rows, err) != 0)
		return -1;
	const char **history = NULL;
	size_t one = 0;
	fill_names(rows, "permission", arena, &ret->names.permissions, &ret->names.permission_count);
	fill_names(rows, "role", arena, &ret->names.roles, &ret->names.role_count);
	fill_names(rows, "history", arena, &history, &one);
	ret->history = history[0];
	pg_free(&rows);
	return 0;
}

int store_causes(struct store *store, struct arena *arena, struct message_window *window, struct error *err)
{
	char after[NUMBER_TEXT], revision[NUMBER_TEXT];
	const char *params[] = {number_text(window->after, after), number_text(window->revision, revision)};
	struct pg_rows *rows = NULL;

	if (pg_query(
		store->pg,
		"select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), cause from revisions "
		"where id > $1 and id <= $2 order by id desc limit 10",
		params, 2, &rows, err) != 0)
		return -1;
	struct message_cause *causes = arena_alloc_array(arena, pg_count(rows) + 1, sizeof *causes);
	for (size_t i = 0; i < pg_count(rows); i++)
		causes[i] = (struct message_cause){pg_integer(rows, i, 0), arena_strdup(arena, pg_text(rows, i, 1)),
						   arena_strdup(arena, pg_text(rows, i, 2))};
	window->causes = causes;
	window->cause_count = pg_count(rows);
	pg_free(&rows);
	return 0;
}

/* --- windows ----------------------------------------------------------------------------------------------------------- */

int store_targets_open(struct store *store, const char *type, bool expectant, struct arena *arena, struct cursors *ret,
		       struct error *err)
{
	const char *params[] = {type, boolean_text(expectant)};
	struct pg_rows *rows = NULL;

	*ret = (struct cursors){0};
	if (pg_query(store->pg, "select head, cursor from open_targets($1, $2)", params, 2, &rows, err) != 0)
		return -1;
	ret->count = pg_count(rows);
	ret->items = arena_alloc_array(arena, ret->count + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->count; i++) {
		ret->head = pg_integer(rows, i, 0);
		ret->items[i] = pg_integer(rows, i, 1);
	}
	pg_free(&rows);
	return 0;
}

static int tell_batch(const struct pg_rows *rows, void *context, struct error *err)
{
	struct told_sink *sink = context;

	for (size_t i = 0; i < pg_count(rows); i++) {
		const struct told row = {
		    .target = (int)pg_integer(rows, i, 0),
		    .target_name = pg_text(rows, i, 1),
		    .resource = pg_integer(rows, i, 2),
		    .resource_name = pg_text(rows, i, 3),
		    .user = pg_text(rows, i, 4),
		    .login = pg_text(rows, i, 5),
		    .email = optional_text(rows, i, 6),
		    .name = optional_text(rows, i, 7),
		    .external_ids = pg_text(rows, i, 8),
		    .permissions_before = pg_text(rows, i, 9),
		    .permissions_after = pg_text(rows, i, 10),
		    .roles_before = pg_text(rows, i, 11),
		    .roles_after = pg_text(rows, i, 12),
		};
		if (sink->row(sink, &row, err) != 0)
			return -1;
	}
	return 0;
}

int store_told_main(struct store *store, const char *type, const struct cursors *cursors, size_t index,
		    struct told_sink *sink, struct error *err)
{
	char cursor[NUMBER_TEXT], head[NUMBER_TEXT];
	const char *params[] = {type, number_text(cursors->items[index], cursor), number_text(cursors->head, head)};

	return pg_stream(store->pg, "select * from main_rows($1, $2, $3)", params, 3,
			 &(struct pg_reader){.batch = tell_batch, .context = sink}, err);
}

int store_window_open(struct store *store, struct window *window, struct error *err)
{
	char target[NUMBER_TEXT], after[NUMBER_TEXT], revision[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->after, after),
				number_text(window->revision, revision)};

	return pg_query_integer(store->pg, "select new_window($1, 'difference', true, $2, $3)", params, 3,
				&window->number, err);
}

static enum window_kind kind_named(const char *name)
{
	return name[0] == 's' ? WINDOW_SNAPSHOT : name[0] == 'w' ? WINDOW_WITHDRAWAL : WINDOW_DIFFERENCE;
}

int store_lanes_open(struct store *store, const char *type, const struct cursors *told, struct arena *arena,
		     struct windows *ret, struct error *err)
{
	char head[NUMBER_TEXT];
	struct str passed = {0};
	struct pg_rows *rows = NULL;

	for (size_t i = 0; i < told->count; i++)
		str_printf(&passed, "%s%" PRId64, i == 0 ? "{" : ",", told->items[i]);
	str_add(&passed, told->count == 0 ? "{}" : "}");
	const char *params[] = {type, str_text(&passed), number_text(told->head, head)};
	int rc = pg_query(store->pg, "select * from open_lanes($1, $2, $3)", params, 3, &rows, err);
	str_free(&passed);
	if (rc != 0)
		return -1;
	ret->count = pg_count(rows);
	ret->items = arena_alloc_array(arena, ret->count + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = (struct window){
		    .target = (int)pg_integer(rows, i, 0),
		    .target_name = arena_strdup(arena, pg_text(rows, i, 1)),
		    .number = pg_integer(rows, i, 2),
		    .kind = kind_named(pg_text(rows, i, 3)),
		    .main = pg_boolean(rows, i, 4),
		    .after = pg_integer(rows, i, 5),
		    .revision = pg_integer(rows, i, 6),
		    .parts = (int)pg_integer(rows, i, 7),
		    .reached = pg_integer(rows, i, 8),
		};
	pg_free(&rows);
	return 0;
}

int store_told_lanes(struct store *store, const struct window *window, struct told_sink *sink, struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number)};

	return pg_stream(store->pg, "select * from lane_rows($1, $2)", params, 2,
			 &(struct pg_reader){.batch = tell_batch, .context = sink}, err);
}

/* --- snapshots ---------------------------------------------------------------------------------------------------------- */

/* Rows of id and name. */
static int tell_names(struct store *store, const char *sql, const char *const params[], size_t count,
		      struct told_sink *sink, struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc = 0;

	if (pg_query(store->pg, sql, params, count, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows) && rc == 0; i++) {
		const struct told row = {.resource = pg_integer(rows, i, 0), .resource_name = pg_text(rows, i, 1)};
		rc = sink->row(sink, &row, err);
	}
	pg_free(&rows);
	return rc;
}

int store_lane_resources(struct store *store, const struct window *window, struct told_sink *sink, struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number)};

	return tell_names(store, "select * from lane_resources($1, $2)", params, 2, sink, err);
}

int store_snapshot_spared(struct store *store, const struct window *window, struct told_sink *sink, struct error *err)
{
	char target[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target)};

	return tell_names(store, "select * from snapshot_spared($1)", params, 1, sink, err);
}

int store_snapshot_reached(struct store *store, const struct window *window, int64_t resource, struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT], reached[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number),
				resource == 0 ? NULL : number_text(resource, reached)};

	return pg_query(store->pg, "select snapshot_reached($1, $2, $3)", params, 3, NULL, err);
}

/* --- parts ---------------------------------------------------------------------------------------------------------------- */

int store_people_keep(struct store *store, const struct window *window, size_t first, const struct str *texts,
		      struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT], from[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number),
				number_text((int64_t)first, from), str_text(texts)};

	return pg_query(store->pg, "select keep_people($1, $2, $3, $4)", params, 4, NULL, err);
}

int store_part_add(struct store *store, const struct window *window, const struct str *resources,
		   const struct str *body, struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number),
				str_text(resources), str_text(body)};

	return pg_query(store->pg, "select add_part($1, $2, $3, $4)", params, 4, NULL, err);
}

int store_window_close(struct store *store, const struct window *window, struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number)};

	return pg_query(store->pg, "select close_window($1, $2)", params, 2, NULL, err);
}
