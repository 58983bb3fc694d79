/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/kinds.h"

#include <string.h>

struct kinds {
	const struct source_config *config;
	struct area {
		const char *base; /* canonical */
		struct filter *filter;
	} areas[ENTRY_KINDS];
};

static const struct entry_config *kind_config(const struct source_config *config, enum entry_kind kind)
{
	const struct entry_config *const configs[ENTRY_KINDS] = {
	    [ENTRY_USER] = &config->users,
	    [ENTRY_GROUP] = &config->groups,
	    [ENTRY_UNIT] = &config->units,
	};
	return configs[kind];
}

static int set_area(struct kinds *kinds, enum entry_kind kind, struct arena *arena, struct error *err)
{
	const struct entry_config *config = kind_config(kinds->config, kind);
	const char *filter = config->filter[0] != '\0' ? config->filter : entry_kind_filter(kind);
	struct area *area = &kinds->areas[kind];
	struct error problem = {0};
	struct str base = {0};

	if (dn_canonical(config->base, strlen(config->base), &base, &problem) < 0) {
		str_free(&base);
		return error_set(err, ERR_CONFIG, "%ss.base: %s", entry_kind_name(kind), problem.text);
	}
	area->base = arena_strdup(arena, str_text(&base));
	str_free(&base);
	if (filter_parse(filter, arena, &area->filter, err) < 0)
		return error_prefix(err, "%ss.filter", entry_kind_name(kind));
	return 0;
}

struct kinds *kinds_new(const struct source_config *config, struct arena *arena, struct error *err)
{
	struct kinds *kinds = arena_alloc(arena, sizeof(*kinds));

	kinds->config = config;
	for (enum entry_kind kind = ENTRY_USER; kind < ENTRY_KINDS; kind++)
		if ((kind != ENTRY_UNIT || config->units.present) && set_area(kinds, kind, arena, err) < 0)
			return NULL;
	return kinds;
}

int kinds_find(const struct kinds *kinds, struct entry *entry, struct error *err)
{
	struct str dn = {0};
	int found = dn_canonical(entry->dn, strlen(entry->dn), &dn, err);

	for (enum entry_kind kind = ENTRY_USER; kind < ENTRY_KINDS && found == 0; kind++) {
		const struct area *area = &kinds->areas[kind];

		if (!area->filter || !dn_is_under(str_text(&dn), area->base) || !filter_matches(area->filter, entry))
			continue;
		entry->kind = kind;
		found = 1;
	}
	str_free(&dn);
	return found;
}

const char *kinds_id_name(const struct kinds *kinds, enum entry_kind kind)
{
	const char *name = kind_config(kinds->config, kind)->id;

	return name[0] != '\0' ? name : "entryUUID";
}

const char *kinds_any_id(const struct kinds *kinds, const struct ldif_record *record, struct arena *arena)
{
	const struct entry entry = {.attributes = record->attributes, .attribute_count = record->attribute_count};
	const char *id = NULL;

	for (enum entry_kind kind = ENTRY_USER; kind < ENTRY_KINDS && !id; kind++) {
		const struct attribute *attribute = entry_attribute(&entry, kinds_id_name(kinds, kind));

		if (attribute && entry_id(attribute, arena, &id, NULL) < 0)
			id = NULL;
	}
	return id;
}

static bool has_values(const struct entry *entry, const char *name)
{
	const struct attribute *attribute = name[0] != '\0' ? entry_attribute(entry, name) : NULL;

	return attribute && attribute->count > 0;
}

static bool is_of_class(const struct entry *entry, const char *class)
{
	const struct attribute *classes = entry_attribute(entry, "objectClass");

	for (size_t i = 0; classes && i < classes->count; i++)
		if (text_equal_fold(classes->values[i].data, class))
			return true;
	return false;
}

bool kinds_hides_members(const struct kinds *kinds, const struct entry *group)
{
	if (!is_of_class(group, "groupOfNames") && !is_of_class(group, "groupOfUniqueNames"))
		return false;
	return !has_values(group, kinds->config->groups.member) && !has_values(group, "member") &&
	       !has_values(group, "uniqueMember");
}
