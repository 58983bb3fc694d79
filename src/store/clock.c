/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/clock.h"
#include "store/private.h"

int store_clock_lead(struct store *store, struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc;

	if (pg_query(store->pg, "select lead_clock()", NULL, 0, &rows, err) != 0)
		return -1;
	rc = pg_boolean(rows, 0, 0) ? 1 : 0;
	pg_free(&rows);
	return rc;
}

int store_clock_due(struct store *store, int64_t grace_ms, int64_t *ret, struct error *err)
{
	char grace[NUMBER_TEXT];
	const char *params[] = {number_text(grace_ms, grace)};

	/* A grant may be for ever or have ended ages ago: nothing can be taken from infinity. */
	return pg_query_integer(
	    store->pg,
	    "select case when d is null or d = 'infinity' then -1 when d <= clock_timestamp() then 0 "
	    "else ceil(extract(epoch from d - clock_timestamp()) * 1000) end::bigint "
	    "from clock_due($1 * interval '1 millisecond') d",
	    params, 1, ret, err);
}

int store_clock_forget(struct store *store, int64_t keep_ms, int64_t *forgotten, struct error *err)
{
	char keep[NUMBER_TEXT];
	const char *params[] = {number_text(keep_ms, keep)};

	return pg_query_integer(store->pg, "select clock_forget($1 * interval '1 millisecond')", params, 1, forgotten,
				err);
}

int store_clock_forget_runs(struct store *store, int64_t *forgotten, struct error *err)
{
	return pg_query_integer(store->pg, "select clock_forget_runs()", NULL, 0, forgotten, err);
}

int store_clock_tick(struct store *store, int64_t grace_ms, int64_t *done, struct error *err)
{
	char grace[NUMBER_TEXT];
	const char *params[] = {number_text(grace_ms, grace)};

	return pg_query_integer(store->pg, "select clock_tick($1 * interval '1 millisecond')", params, 1, done, err);
}
