/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of what providers say by themselves. */
#include "roster/signals.h"
#include "store/private.h"

static int add_event(struct store *store, const char *source, const struct signal_token *token,
		     const struct signal_event *event, struct error *err)
{
	char at[NUMBER_TEXT];
	const char *params[] = {token->issuer,
				token->id,
				event->kind,
				source,
				event->subject_kind,
				event->subject,
				number_text(event->at, at)};

	return pg_query(store->pg,
			"insert into signals (issuer, token, event, source, subject_kind, subject, happened_at) "
			"values ($1, $2, $3, $4, $5, $6, to_timestamp($7::bigint)) on conflict do nothing",
			params, sizeof params / sizeof *params, NULL, err);
}

int store_signal_add(struct store *store, const char *source, const struct signal_token *token, struct error *err)
{
	int rc = store_begin(store, err);

	for (size_t i = 0; rc == 0 && i < token->event_count; i++)
		rc = add_event(store, source, token, &token->events[i], err);
	if (rc == 0)
		return store_commit(store, err);
	store_rollback(store);
	return -1;
}

int store_signals_take(struct store *store, int source, struct arena *arena, struct signal_row **ret, size_t *count,
		       struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(source, number)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select id, event, external_id, dn, attributes from signals_take($1)", params, 1, &rows,
		     err) != 0)
		return -1;
	*count = pg_count(rows);
	*ret = arena_alloc_array(arena, *count + 1, sizeof **ret);
	for (size_t i = 0; i < *count; i++)
		(*ret)[i] = (struct signal_row){
		    .signal = pg_integer(rows, i, 0),
		    .event = arena_strdup(arena, pg_text(rows, i, 1)),
		    .entry = {.kind = ENTRY_USER,
			      .id = pg_is_null(rows, i, 2) ? NULL : arena_strdup(arena, pg_text(rows, i, 2)),
			      .dn = arena_strdup(arena, pg_text(rows, i, 3)),
			      .attributes = arena_strdup(arena, pg_text(rows, i, 4))}};
	pg_free(&rows);
	return 0;
}

int store_signals_heeded(struct store *store, const struct signal_row *rows, size_t count, const char *outcome,
			 struct error *err)
{
	struct str ids = {0}, outcomes = {0};
	char number[NUMBER_TEXT];

	for (size_t i = 0; i < count; i++) {
		array_add(&ids, number_text(rows[i].signal, number));
		array_add(&outcomes, rows[i].entry.id == NULL ? "nobody" : outcome);
	}
	const char *params[] = {array_close(&ids), array_close(&outcomes)};
	int rc = pg_query(store->pg, "select signals_heeded($1::bigint[], $2)", params, 2, NULL, err);
	str_free(&ids);
	str_free(&outcomes);
	return rc;
}
