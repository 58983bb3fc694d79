/* SPDX-License-Identifier: Apache-2.0 */
/* Sending parts, and what became of them. */
#include "roster/arena.h"
#include "roster/delivery.h"
#include "store/private.h"

#include <string.h>

struct part_key {
	char target[NUMBER_TEXT], window[NUMBER_TEXT], number[NUMBER_TEXT];
};

static void part_key(const struct part *part, struct part_key *key)
{
	number_text(part->target, key->target);
	number_text(part->window, key->window);
	number_text(part->number, key->number);
}

int store_parts_due(struct store *store, const char *type, const struct str *busy, struct arena *arena,
		    struct parts *ret, struct error *err)
{
	const char *params[] = {type, str_text(busy)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select * from due_parts($1, $2)", params, 2, &rows, err) != 0)
		return -1;
	ret->count = pg_count(rows);
	ret->items = arena_alloc_array(arena, ret->count + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->count; i++) {
		ret->items[i] = (struct part){
		    .target = (int)pg_integer(rows, i, 0),
		    .target_name = arena_strdup(arena, pg_text(rows, i, 1)),
		    .window = pg_integer(rows, i, 2),
		    .number = (int)pg_integer(rows, i, 3),
		    .id = arena_strdup(arena, pg_text(rows, i, 4)),
		};
	}
	pg_free(&rows);
	return 0;
}

int store_part_body(struct store *store, const struct part *part, struct str *out, struct error *err)
{
	struct part_key key;
	const char *params[] = {key.target, key.window, key.number};
	struct pg_rows *rows = NULL;

	part_key(part, &key);
	if (pg_query(store->pg, "select part_body($1, $2, $3)", params, 3, &rows, err) != 0)
		return -1;
	str_add(out, pg_text(rows, 0, 0));
	pg_free(&rows);
	return 0;
}

int store_part_people(struct store *store, const struct part *part, struct brief_people *people, struct error *err)
{
	struct part_key key;
	const char *params[] = {key.target, key.window};
	struct pg_rows *rows = NULL;
	int rc = 0;

	part_key(part, &key);
	if (pg_query(store->pg, "select kept_people($1, $2)", params, 2, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows) && rc == 0; i++)
		rc = brief_people_add(people, pg_text(rows, i, 0), strlen(pg_text(rows, i, 0)), err);
	pg_free(&rows);
	return rc;
}

int store_next_due(struct store *store, const char *type, const struct str *busy, int64_t *ret, struct error *err)
{
	const char *params[] = {type, str_text(busy)};

	return pg_query_integer(store->pg,
				"select case when d is null then -1 "
				"else greatest(ceil(extract(epoch from d - clock_timestamp()) * 1000), 0) end::bigint "
				"from next_due($1, $2) d",
				params, 2, ret, err);
}

int store_parts_confirmed(struct store *store, const struct parts *parts, size_t count, struct error *err)
{
	struct part_key key;
	char last[NUMBER_TEXT];
	const char *params[] = {key.target, key.window, key.number, last};

	if (count == 0)
		return 0;
	part_key(&parts->items[0], &key);
	number_text(parts->items[count - 1].number, last);
	return pg_query(store->pg, "select parts_confirmed($1, $2, $3, $4)", params, 4, NULL, err);
}

int store_part_refused(struct store *store, const struct part *part, const char *reason, struct error *err)
{
	struct part_key key;
	const char *params[] = {key.target, key.window, key.number, reason};

	part_key(part, &key);
	return pg_query(store->pg, "select part_refused($1, $2, $3, $4)", params, 4, NULL, err);
}

int store_target_later(struct store *store, const struct part *part, const char *reason, int64_t *wait_ms,
		       struct error *err)
{
	char target[NUMBER_TEXT], wait[NUMBER_TEXT];
	const char *params[] = {number_text(part->target, target), reason,
				*wait_ms < 0 ? NULL : number_text(*wait_ms, wait)};

	return pg_query_integer(
	    store->pg,
	    "select (extract(epoch from target_later($1, $2, $3 * interval '1 millisecond')) * 1000)::bigint", params,
	    3, wait_ms, err);
}

int store_target_disabled(struct store *store, const struct part *part, const char *reason, struct error *err)
{
	char target[NUMBER_TEXT];
	const char *params[] = {number_text(part->target, target), reason};

	return pg_query(store->pg, "select target_disabled($1, $2)", params, 2, NULL, err);
}

int store_targets_owing(struct store *store, const char *type, int64_t *ret, struct error *err)
{
	const char *params[] = {type};

	return pg_query_integer(
	    store->pg,
	    "select count(*) from target_list() where kind = $1 and state not in ('up to date', 'paused', "
	    "'not in the configuration')",
	    params, 1, ret, err);
}

int store_hurry(struct store *store, const char *type, const char *name, struct error *err)
{
	const char *params[] = {type, name};

	return pg_query(store->pg, "select hurry($1, $2)", params, 2, NULL, err);
}

int store_listen(struct store *store, const char *channel, struct error *err)
{
	return pg_listen(store->pg, channel, err);
}

int store_notified(struct store *store, struct error *err)
{
	return pg_wait(store->pg, 0, NULL, err);
}

int store_notified_within(struct store *store, int64_t wait_ms, struct error *err)
{
	return pg_wait(store->pg, wait_ms, NULL, err);
}

int store_socket(const struct store *store)
{
	return pg_socket(store->pg);
}
