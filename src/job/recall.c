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
