/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: computed by the database, walked here, applied by the database. */
#include "roster/store.h"
#include "store/private.h"

#include <stdio.h>
#include <string.h>

static int walk_batch(const struct pg_rows *rows, void *context, struct error *err)
{
	struct change_sink *sink = context;

	for (size_t i = 0; i < pg_count(rows); i++) {
		const struct change change = {
		    .kind = pg_text(rows, i, 0),
		    .action = pg_text(rows, i, 1),
		    .held = pg_boolean(rows, i, 2),
		    .login = pg_text(rows, i, 3),
		    .dn = pg_text(rows, i, 4),
		    .external_id = pg_text(rows, i, 5),
		    .anchor = pg_text(rows, i, 6),
		    .role = pg_text(rows, i, 7),
		    .rule = pg_text(rows, i, 8),
		    .position = pg_text(rows, i, 9),
		    .via = pg_text(rows, i, 10),
		    .was = pg_text(rows, i, 11),
		    .rejected = pg_boolean(rows, i, 12),
		};
		if (sink->change(sink, &change, err) != 0)
			return -1;
	}
	return 0;
}

int store_plan_walk(struct store *store, int64_t run, struct change_sink *sink, struct error *err)
{
	char id[NUMBER_TEXT], last[NUMBER_TEXT];
	const char *params[] = {number_text(run, id),
				number_text(sink->most == 0 ? INT64_MAX : (int64_t)sink->most, last)};

	return pg_stream(
	    store->pg,
	    "select kind, action, held, login, dn, external_id, anchor, role, rule, position, via, was, rejected "
	    "from planned_changes_named where run = $1 and seq <= $2 order by seq",
	    params, 2, &(struct pg_reader){.batch = walk_batch, .context = sink}, err);
}

int store_plan_totals(struct store *store, int64_t run, bool decided, struct plan_totals *ret, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), boolean_text(decided)};
	struct pg_rows *rows = NULL;

	if (pg_query(
		store->pg,
		"select changes, add, change, remove, held, grants, people, quarantined, rejected, taken, gone, closed "
		"from plan_totals($1, $2)",
		params, 2, &rows, err) != 0)
		return -1;
	*ret = (struct plan_totals){
	    .changes = pg_integer(rows, 0, 0),
	    .add = pg_integer(rows, 0, 1),
	    .change = pg_integer(rows, 0, 2),
	    .remove = pg_integer(rows, 0, 3),
	    .held = pg_integer(rows, 0, 4),
	    .grants = pg_integer(rows, 0, 5),
	    .people = pg_integer(rows, 0, 6),
	    .quarantined = pg_integer(rows, 0, 7),
	    .rejected = pg_integer(rows, 0, 8),
	    .taken = pg_integer(rows, 0, 9),
	    .gone = pg_integer(rows, 0, 10),
	    .closed = pg_integer(rows, 0, 11),
	};
	pg_free(&rows);
	return 0;
}

static int read_count(struct store *store, const char *sql, const char *const params[], size_t count,
		      struct plan_totals *ret, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, sql, params, count, &rows, err) != 0)
		return -1;
	*ret = (struct plan_totals){
	    .changes = pg_integer(rows, 0, 0),
	    .held = pg_integer(rows, 0, 1),
	    .at_once = pg_boolean(rows, 0, 2),
	    .guarded = pg_boolean(rows, 0, 3),
	    .waiting = pg_integer(rows, 0, 4),
	    .strangers = pg_boolean(rows, 0, 5),
	};
	pg_free(&rows);
	return 0;
}

int store_plan(struct store *store, int64_t run, const struct plan_scope *scope, struct plan_totals *ret,
	       struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {
	    number_text(run, id),          boolean_text(scope->read),  boolean_text(scope->everything),
	    boolean_text(scope->whole),    boolean_text(scope->known), boolean_text(scope->additions),
	    boolean_text(scope->strangers)};

	return read_count(store,
			  "select changes, held, at_once, guarded, waiting, strangers "
			  "from merge_and_plan($1, $2, $3, $4, $5, $6, $7)",
			  params, 7, ret, err);
}

int store_plan_count(struct store *store, int64_t run, struct plan_totals *ret, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id)};

	return read_count(store, "select changes, held, at_once, guarded, 0, false from plan_count($1)", params, 1, ret,
			  err);
}

int store_plan_notifies(struct store *store, int64_t run, char ret[NOTIFY_TEXT], struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select would_notify($1)", params, 1, &rows, err) != 0)
		return -1;
	/* 40 names of 64 characters fit, unless they are of four bytes each: then less is told than is true. */
	bool fits = strlen(pg_text(rows, 0, 0)) < NOTIFY_TEXT;
	snprintf(ret, NOTIFY_TEXT, "%s", fits ? pg_text(rows, 0, 0) : "");
	pg_free(&rows);
	return 0;
}

int store_plan_hold(struct store *store, int64_t run, bool spare, struct plan_hold *ret, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), boolean_text(spare)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select held, spared from hold_all($1, $2)", params, 2, &rows, err) != 0)
		return -1;
	*ret = (struct plan_hold){.held = pg_integer(rows, 0, 0), .spared = pg_integer(rows, 0, 1)};
	pg_free(&rows);
	return 0;
}

int store_plan_rejected(struct store *store, int64_t run, const char *digest, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), digest};
	int64_t rejected = 0;

	if (pg_query_integer(store->pg, "select rejected_before($1, $2)::integer", params, 2, &rejected, err) != 0)
		return -1;
	return (int)rejected;
}

/* In the order of the list. */
#define APPLY  "select coalesce(apply($1, $2, $3), 0)"
#define SETTLE ", settle($1, $4, $5, $6, $7)"
#define END    ", run_end($1, $8, $9, $10, $11, $12, $13, $14), keep_held_plan($1)"

int store_apply(struct store *store, int64_t run, const struct apply_step *step, int64_t *revision, struct error *err)
{
	const struct settlement *settlement = step->settlement;
	char id[NUMBER_TEXT], from[NUMBER_TEXT], to[NUMBER_TEXT];
	struct run_end_text text;
	const char *params[7 + RUN_END_PARAMS] = {number_text(run, id), number_text(step->first, from),
						  number_text(step->last, to)};

	if (settlement == NULL)
		return pg_query_integer(store->pg, APPLY, params, 3, revision, err);
	params[3] = settlement->rules_digest;
	params[4] = settlement->settings;
	params[5] = boolean_text(settlement->complete);
	params[6] = boolean_text(settlement->settles);
	if (step->end == NULL)
		return pg_query_integer(store->pg, APPLY SETTLE, params, 7, revision, err);
	run_end_params(step->end, &text, params + 7);
	return pg_query_integer(store->pg, APPLY SETTLE END, params, sizeof params / sizeof params[0], revision, err);
}

int store_settle(struct store *store, int64_t run, const struct settlement *settlement, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id), settlement->rules_digest, settlement->settings,
				boolean_text(settlement->complete), boolean_text(settlement->settles)};

	return pg_query(store->pg, "select settle($1, $2, $3, $4, $5)", params, 5, NULL, err);
}
