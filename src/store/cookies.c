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

/* --- drift -------------------------------------------------------------------------------------------------------------- */

int store_drift_possible(struct store *store, int64_t run, bool *ret, struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(run, number)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg, "select may_have_drifted($1)", params, 1, &rows, err) != 0)
		return -1;
	*ret = pg_boolean(rows, 0, 0);
	pg_free(&rows);
	return 0;
}

int store_drift_note(struct store *store, int64_t run, const struct store_told *told, struct arena *arena,
		     struct store_drift *ret, struct error *err)
{
	struct str array = {0};
	char number[NUMBER_TEXT];
	struct pg_rows *rows = NULL;

	pg_array(told->ids, told->count, &array);
	const char *params[] = {number_text(run, number), str_text(&array), boolean_text(told->of_removals)};
	int rc = pg_query(store->pg, "select count, array_to_string(examples[1:5], '; ') from note_drift($1, $2, $3)",
			  params, 3, &rows, err);
	if (rc == 0) {
		ret->count = pg_integer(rows, 0, 0);
		ret->examples = arena_strdup(arena, pg_text(rows, 0, 1));
	}
	pg_free(&rows);
	str_free(&array);
	return rc;
}

/* --- the run of what is pushed ------------------------------------------------------------------------------------------ */

int store_push_begin(struct store *store, int source, int64_t *run, struct source_state *ret, struct error *err)
{
	char id[NUMBER_TEXT], number[NUMBER_TEXT];
	const char *params[] = {number_text(source, id), number_text(*run, number)};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg,
		     "select push_begin($1, $2), settled, first_run_at is not null, coalesce(rules_digest, ''), "
		     "coalesce(settings, '') from sources where id = $1",
		     params, 2, &rows, err) != 0)
		return -1;
	*run = pg_integer(rows, 0, 0);
	*ret = (struct source_state){
	    .id = source, .settled = pg_boolean(rows, 0, 1), .applied_before = pg_boolean(rows, 0, 2)};
	snprintf(ret->rules_digest, sizeof ret->rules_digest, "%s", pg_text(rows, 0, 3));
	snprintf(ret->settings, sizeof ret->settings, "%s", pg_text(rows, 0, 4));
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

int store_meets_homeless(struct store *store, int64_t run, int source, bool *ret, struct error *err)
{
	struct pg_rows *rows = NULL;
	char numbers[2][NUMBER_TEXT];
	const char *params[] = {number_text(run, numbers[0]), number_text(source, numbers[1])};

	if (pg_query(store->pg, "select meets_homeless($1, $2)", params, 2, &rows, err) != 0)
		return -1;
	*ret = pg_boolean(rows, 0, 0);
	pg_free(&rows);
	return 0;
}

/* --- names -------------------------------------------------------------------------------------------------------------- */

/* The columns of store_named as arrays. */
struct columns {
	struct str ids, kinds, references, parents;
};

static void add_null(struct str *array)
{
	str_add(array, array->size == 0 ? "{NULL" : ",NULL");
}

static void add_names(const struct store_named *named, struct columns *ret)
{
	if (named->gone) {
		add_null(&ret->kinds);
		add_null(&ret->references);
		add_null(&ret->parents);
		return;
	}
	array_add(&ret->kinds, entry_kind_name(named->kind));
	add_digest(&ret->references, &named->reference);
	add_digest(&ret->parents, &named->parent);
}

static void collect(const struct store_named *named, size_t count, struct columns *ret)
{
	for (size_t i = 0; i < count; i++) {
		array_add(&ret->ids, named[i].id);
		add_names(&named[i], ret);
	}
	array_close(&ret->ids);
	array_close(&ret->kinds);
	array_close(&ret->references);
	array_close(&ret->parents);
}

static void columns_free(struct columns *columns)
{
	str_free(&columns->ids);
	str_free(&columns->kinds);
	str_free(&columns->references);
	str_free(&columns->parents);
}

int store_news_doubt(struct store *store, int source, const struct store_news *news, enum news_doubt *ret,
		     struct error *err)
{
	struct columns places = {0}, entries = {0};
	struct str gone = {0};
	char id[NUMBER_TEXT];
	int64_t doubt = 0;

	collect(news->places, news->place_count, &places);
	collect(news->entries, news->entry_count, &entries);
	pg_array(news->gone_places, news->gone_count, &gone);
	const char *params[] = {number_text(source, id),       str_text(&places.ids),
				str_text(&places.references),  str_text(&gone),
				str_text(&entries.ids),        str_text(&entries.kinds),
				str_text(&entries.references), str_text(&entries.parents)};
	int rc =
	    pg_query_integer(store->pg, "select news_doubt($1, $2, $3, $4, $5, $6, $7, $8)", params, 8, &doubt, err);
	*ret = (enum news_doubt)doubt;
	columns_free(&places);
	columns_free(&entries);
	str_free(&gone);
	return rc;
}

int store_places_keep(struct store *store, int source, const struct store_news *news, struct arena *arena,
		      const char **unfollowed, struct error *err)
{
	struct columns columns = {0};
	struct pg_rows *rows = NULL;
	char id[NUMBER_TEXT];

	*unfollowed = NULL;
	collect(news->places, news->place_count, &columns);
	const char *params[] = {number_text(source, id), str_text(&columns.ids), str_text(&columns.references)};
	int rc = pg_query(store->pg, "select keep_places($1, $2, $3)", params, 3, &rows, err);
	if (rc == 0 && !pg_is_null(rows, 0, 0))
		*unfollowed = arena_strdup(arena, pg_text(rows, 0, 0));
	pg_free(&rows);
	columns_free(&columns);
	return rc;
}
