/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept for a source that says what changed. */
#include "roster/cookies.h"
#include "roster/text.h"
#include "store/private.h"

#include <stdio.h>
#include <string.h>

/* --- cookies ------------------------------------------------------------------------------------------------------------ */

static int read_cookie(const struct pg_rows *rows, size_t row, struct arena *arena, struct store_cookie *ret)
{
	struct str bytes = {0};
	const char *text = pg_text(rows, row, 2);
	int rc = -1;

	if (uuid_parse(pg_text(rows, row, 1), ret->settings.bytes) && base64_decode(text, strlen(text), &bytes) >= 0) {
		ret->part = arena_strdup(arena, pg_text(rows, row, 0));
		ret->bytes = arena_strndup(arena, str_text(&bytes), bytes.size);
		ret->size = bytes.size;
		rc = 0;
	}
	str_free(&bytes);
	return rc;
}

int store_cookies_load(struct store *store, int source, struct arena *arena, struct store_cookies *ret,
		       struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(source, id)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg,
		     "select part, settings, translate(encode(cookie, 'base64'), E'\\n', '') from source_cookies "
		     "where source = $1",
		     params, 1, &rows, err) != 0)
		return -1;
	*ret = (struct store_cookies){.items = arena_alloc_array(arena, pg_count(rows) + 1, sizeof *ret->items)};
	for (size_t i = 0; i < pg_count(rows); i++)
		ret->count += read_cookie(rows, i, arena, &ret->items[ret->count]) == 0;
	pg_free(&rows);
	return 0;
}

static void add_digest(struct str *array, const struct digest *digest)
{
	char text[UUID_TEXT];

	uuid_format(digest->bytes, text);
	array_add(array, text);
}

int store_cookies_keep(struct store *store, int source, const struct store_cookies *cookies, struct error *err)
{
	struct str parts = {0}, settings = {0}, bytes = {0}, one = {0};
	char id[NUMBER_TEXT];

	for (size_t i = 0; i < cookies->count; i++) {
		array_add(&parts, cookies->items[i].part);
		add_digest(&settings, &cookies->items[i].settings);
		str_clear(&one);
		base64_encode(&one, cookies->items[i].bytes, cookies->items[i].size);
		array_add(&bytes, str_text(&one));
	}
	const char *params[] = {number_text(source, id), array_close(&parts), array_close(&settings),
				array_close(&bytes)};
	int rc = pg_query(store->pg, "select keep_cookies($1, $2, $3, $4)", params, 4, NULL, err);
	str_free(&parts);
	str_free(&settings);
	str_free(&bytes);
	str_free(&one);
	return rc;
}

int store_full_note(struct store *store, int source, bool done, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(source, id), boolean_text(done)};

	return pg_query(store->pg, "select note_full($1, $2)", params, 2, NULL, err);
}

/* --- the run of what is pushed ------------------------------------------------------------------------------------------ */

int store_push_begin(struct store *store, int source, int64_t *run, struct source_state *ret, struct error *err)
{
	char id[NUMBER_TEXT], number[NUMBER_TEXT];
	const char *params[] = {number_text(source, id), number_text(*run, number)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg,
		     "select push_begin($1, $2), settled, first_run_at is not null, coalesce(rules_digest, ''), "
		     "coalesce(settings_digest, '') from sources where id = $1",
		     params, 2, &rows, err) != 0)
		return -1;
	*run = pg_integer(rows, 0, 0);
	*ret = (struct source_state){
	    .id = source, .settled = pg_boolean(rows, 0, 1), .applied_before = pg_boolean(rows, 0, 2)};
	snprintf(ret->rules_digest, sizeof ret->rules_digest, "%s", pg_text(rows, 0, 3));
	snprintf(ret->settings_digest, sizeof ret->settings_digest, "%s", pg_text(rows, 0, 4));
	pg_free(&rows);
	return 0;
}

/* --- staging ------------------------------------------------------------------------------------------------------------ */

int store_stage_removed(struct store *store, int64_t run, const char *const ids[], size_t count, struct error *err)
{
	if (pg_copy_start(store->pg, "copy staged_gone (run, external_id, explicit) from stdin", err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		pg_copy_integer(store->pg, run);
		pg_copy_text(store->pg, ids[i]);
		pg_copy_text(store->pg, "t");
		if (pg_copy_row(store->pg, err) != 0)
			return -1;
	}
	return pg_copy_end(store->pg, err);
}

int store_unstage(struct store *store, int64_t run, const char *const ids[], size_t count, struct error *err)
{
	struct str array = {0};
	char id[NUMBER_TEXT];

	pg_array(ids, count, &array);
	const char *params[] = {number_text(run, id), str_text(&array)};
	int rc = pg_query(store->pg, "select unstage_entries($1, $2)", params, 2, NULL, err);
	str_free(&array);
	return rc;
}

int store_stage_moves(struct store *store, int64_t run, const struct store_move *moves, size_t count, struct error *err)
{
	if (pg_copy_start(store->pg, "copy staged_moves (run, external_id, dn, reference, parent) from stdin", err) !=
	    0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		pg_copy_integer(store->pg, run);
		pg_copy_text(store->pg, moves[i].id);
		pg_copy_text(store->pg, moves[i].dn);
		pg_copy_uuid(store->pg, moves[i].reference.bytes);
		pg_copy_uuid(store->pg, moves[i].parent.bytes);
		if (pg_copy_row(store->pg, err) != 0)
			return -1;
	}
	return pg_copy_end(store->pg, err);
}

/* --- names -------------------------------------------------------------------------------------------------------------- */

static void take_names(const struct pg_rows *rows, struct arena *arena, struct store_names *ret)
{
	*ret = (struct store_names){.items = arena_alloc_array(arena, pg_count(rows) + 1, sizeof *ret->items),
				    .count = pg_count(rows)};
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = (struct store_name){.id = arena_strdup(arena, pg_text(rows, i, 0)),
						    .dn = arena_strdup(arena, pg_text(rows, i, 1)),
						    .place = pg_boolean(rows, i, 2)};
}

int store_names_look(struct store *store, int source, const struct store_ids *ids, struct arena *arena,
		     struct store_names *ret, struct error *err)
{
	struct pg_rows *rows = NULL;
	struct str array = {0};
	char id[NUMBER_TEXT];

	pg_array(ids->items, ids->count, &array);
	const char *params[] = {number_text(source, id), str_text(&array)};
	/* A unit is a place as well, of the same name; whichever of the two is heard of first has the other one follow. */
	int rc = pg_query(store->pg,
			  "select external_id, dn, false from directory_entries "
			  "where source = $1 and external_id = any ($2) and kind = 'unit' and gone_since is null "
			  "union all select external_id, dn, true from directory_places "
			  "where source = $1 and external_id = any ($2)",
			  params, 2, &rows, err);
	if (rc == 0)
		take_names(rows, arena, ret);
	pg_free(&rows);
	str_free(&array);
	return rc;
}

int store_places_load(struct store *store, int source, struct arena *arena, struct store_names *ret, struct error *err)
{
	struct pg_rows *rows = NULL;
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(source, id)};

	if (pg_query(store->pg, "select external_id, dn, true from directory_places where source = $1", params, 1,
		     &rows, err) != 0)
		return -1;
	take_names(rows, arena, ret);
	pg_free(&rows);
	return 0;
}

int store_places_keep(struct store *store, int64_t run, const struct store_places *places, bool *orphans,
		      struct error *err)
{
	struct str ids = {0}, dns = {0}, references = {0}, gone = {0};
	struct pg_rows *rows = NULL;
	char id[NUMBER_TEXT];

	for (size_t i = 0; i < places->count; i++) {
		array_add(&ids, places->places[i].id);
		array_add(&dns, places->places[i].dn);
		add_digest(&references, &places->places[i].reference);
	}
	pg_array(places->gone, places->gone_count, &gone);
	const char *params[] = {number_text(run, id),     array_close(&ids), array_close(&dns),
				array_close(&references), str_text(&gone),   boolean_text(places->whole)};
	int rc = pg_query(store->pg, "select keep_places($1, $2, $3, $4, $5, $6)", params, 6, &rows, err);
	if (rc == 0)
		*orphans = pg_boolean(rows, 0, 0);
	pg_free(&rows);
	str_free(&ids);
	str_free(&dns);
	str_free(&references);
	str_free(&gone);
	return rc;
}
