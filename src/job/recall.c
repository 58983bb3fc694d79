/* SPDX-License-Identifier: Apache-2.0 */
#include "job/recall.h"

#include "roster/json.h"

#include <string.h>

enum { ATTRIBUTES_MOST = 64 * 1024 * 1024 };

static void fill_attribute(struct attribute *attribute, const struct json_member *member, struct arena *arena)
{
	size_t count = json_count(member->value);

	attribute->name = arena_strdup(arena, member->key);
	attribute->values = arena_alloc_array(arena, count + 1, sizeof *attribute->values);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_as_text(json_item(member->value, i));
		if (text == NULL)
			continue;
		attribute->values[attribute->count].data = arena_strdup(arena, text);
		attribute->values[attribute->count++].size = strlen(text);
	}
}

int recall_entry(const struct mirror_row *row, struct arena *arena, struct entry *ret, struct error *err)
{
	struct json *object = NULL;
	struct json_member member = {0};

	if (json_parse(row->attributes, strlen(row->attributes), ATTRIBUTES_MOST, &object, err) != 0)
		return error_prefix(err, "entry %s of the mirror", row->id);
	*ret = (struct entry){
	    .kind = row->kind,
	    .id = arena_strdup(arena, row->id),
	    .dn = arena_strdup(arena, row->dn),
	    .attributes = arena_alloc_array(arena, json_count(object) + 1, sizeof *ret->attributes),
	};
	while (json_each(object, &member))
		fill_attribute(&ret->attributes[ret->attribute_count++], &member, arena);
	json_free(&object);
	return 0;
}

struct recollection {
	struct intake *intake;
	struct arena *arena;
};

static int match_row(const struct mirror_row *row, void *context, struct error *err)
{
	struct recollection *recollection = context;
	struct entry entry;

	arena_reset(recollection->arena);
	return recall_entry(row, recollection->arena, &entry, err) == 0
		   ? intake_match(recollection->intake, &entry, err)
		   : -1;
}

int recall_all(struct store *store, int64_t run, struct intake *intake, struct error *err)
{
	struct recollection recollection = {intake, arena_new()};
	int rc = store_mirror_walk(store, run, match_row, &recollection, err);

	arena_free(&recollection.arena);
	return rc;
}
