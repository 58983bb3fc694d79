/* SPDX-License-Identifier: Apache-2.0 */
/* Staging: what differs from the mirror goes into unlogged tables by COPY. */
#include "roster/store.h"
#include "store/private.h"

int store_stage_start(struct store *store, struct error *err)
{
	return pg_copy_start(
	    store->pg,
	    "copy staged_entries (run, kind, external_id, dn, reference, alias, parent, content, login, "
	    "email, name, attributes, closed, ends_at, ends_by, primary_group, link, members, member_texts, "
	    "members_left) "
	    "from stdin",
	    err);
}

static void copy_references(struct pg *pg, const struct digest *references, size_t count)
{
	pg_copy_array_begin(pg);
	for (size_t i = 0; i < count; i++)
		pg_copy_array_uuid(pg, references[i].bytes);
	pg_copy_array_end(pg);
}

/* In a read of everything nearly every member is known, and his name is not kept. */
static void copy_texts(struct pg *pg, const char *const texts[], size_t count)
{
	size_t named = 0;

	while (named < count && texts[named] == NULL)
		named++;
	if (named == count) {
		pg_copy_text(pg, NULL);
		return;
	}
	pg_copy_array_begin(pg);
	for (size_t i = 0; i < count; i++)
		pg_copy_array_text(pg, texts[i]);
	pg_copy_array_end(pg);
}

static void copy_members(struct pg *pg, const struct staged_entry *staged)
{
	if (staged->entry->kind != ENTRY_GROUP) {
		pg_copy_text(pg, NULL);
		pg_copy_text(pg, NULL);
		pg_copy_text(pg, NULL);
		return;
	}
	copy_references(pg, staged->members, staged->member_count);
	copy_texts(pg, staged->member_texts, staged->member_count);
	if (staged->differs)
		copy_references(pg, staged->left, staged->left_count);
	else
		pg_copy_text(pg, NULL);
}

int store_stage_entry(struct store *store, int64_t run, const struct staged_entry *staged, struct error *err)
{
	struct pg *pg = store->pg;

	pg_copy_integer(pg, run);
	pg_copy_text(pg, entry_kind_name(staged->entry->kind));
	pg_copy_text(pg, staged->entry->id);
	pg_copy_text(pg, staged->entry->dn);
	pg_copy_uuid(pg, staged->reference.bytes);
	pg_copy_uuid(pg, staged->alias == NULL ? NULL : staged->alias->bytes);
	pg_copy_uuid(pg, staged->parent.bytes);
	pg_copy_uuid(pg, staged->content.bytes);
	pg_copy_text(pg, staged->login);
	pg_copy_text(pg, staged->email);
	pg_copy_text(pg, staged->name);
	pg_copy_text(pg, staged->attributes);
	pg_copy_text(pg, staged->closed);
	pg_copy_text(pg, staged->ends);
	pg_copy_text(pg, staged->ends_by);
	pg_copy_uuid(pg, staged->primary_group == NULL ? NULL : staged->primary_group->bytes);
	pg_copy_text(pg, staged->link);
	copy_members(pg, staged);
	return pg_copy_row(pg, err);
}

int store_stage_end(struct store *store, struct error *err)
{
	return pg_copy_end(store->pg, err);
}

void store_stage_abort(struct store *store, const char *why)
{
	pg_copy_abort(store->pg, why);
}

int store_stage_hidden(struct store *store, int64_t run, int source, const struct store_shown *shown, bool *ret,
		       struct error *err)
{
	char numbers[2][NUMBER_TEXT];
	struct str array = {0};
	int64_t hidden = 0;

	pg_array(shown->names, shown->count, &array);
	const char *params[] = {number_text(run, numbers[0]), number_text(source, numbers[1]), str_text(&array),
				boolean_text(shown->all)};
	int rc = pg_query_integer(store->pg, "select find_hidden($1, $2, $3, $4)::integer", params, 4, &hidden, err);
	*ret = hidden != 0;
	str_free(&array);
	return rc;
}

static int stage_mappings(struct store *store, int64_t run, const struct matches *matches, struct error *err)
{
	struct pg *pg = store->pg;

	if (matches->mapping_count == 0)
		return 0;
	if (pg_copy_start(pg, "copy staged_mappings (run, external_id, rule, anchor, role, captures) from stdin",
			  err) != 0)
		return -1;
	for (size_t i = 0; i < matches->mapping_count; i++) {
		const struct staged_mapping *mapping = &matches->mappings[i];
		pg_copy_integer(pg, run);
		pg_copy_text(pg, mapping->id);
		pg_copy_integer(pg, (int64_t)mapping->rule);
		pg_copy_text(pg, mapping->anchor);
		pg_copy_text(pg, mapping->role);
		pg_copy_text(pg, mapping->captures);
		if (pg_copy_row(pg, err) != 0)
			return -1;
	}
	return pg_copy_end(pg, err);
}

static int stage_problems(struct store *store, int64_t run, const struct matches *matches, struct error *err)
{
	struct pg *pg = store->pg;

	if (matches->problem_count == 0)
		return 0;
	if (pg_copy_start(pg, "copy staged_problems (run, external_id, rule, lasting, what, why) from stdin", err) != 0)
		return -1;
	for (size_t i = 0; i < matches->problem_count; i++) {
		const struct staged_problem *problem = &matches->problems[i];
		char number[NUMBER_TEXT];
		pg_copy_integer(pg, run);
		pg_copy_text(pg, problem->id);
		pg_copy_text(pg, problem->rule == 0 ? NULL : number_text((int64_t)problem->rule, number));
		pg_copy_text(pg, boolean_text(problem->lasting));
		pg_copy_text(pg, problem->what);
		pg_copy_text(pg, problem->why);
		if (pg_copy_row(pg, err) != 0)
			return -1;
	}
	return pg_copy_end(pg, err);
}

int store_stage_matches(struct store *store, int64_t run, const struct matches *matches, struct error *err)
{
	return stage_mappings(store, run, matches, err) == 0 && stage_problems(store, run, matches, err) == 0 ? 0 : -1;
}
