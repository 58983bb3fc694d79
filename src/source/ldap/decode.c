/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/decode.h"

#include <string.h>

/* Classes whose definition asks for a member: a group of such a class that shows none hides them (RFC 4519 section 3). */
static const struct {
	const char *class, *attribute;
} needs_member[] = {
    {"groupOfNames", "member"},
    {"groupOfUniqueNames", "uniqueMember"},
};

static bool value_is(const struct ldap_value *value, const char *text)
{
	return value->size == strlen(text) && strncasecmp(value->data, text, value->size) == 0;
}

/* Size of a NameAndOptionalUID without its "#'0101'B" (RFC 4517 section 3.3.21). */
static size_t size_without_uid(const char *data, size_t size)
{
	if (size < 4 || data[size - 1] != 'B' || data[size - 2] != '\'')
		return size;
	size_t at = size - 2;
	while (at > 0 && (data[at - 1] == '0' || data[at - 1] == '1'))
		at--;
	return at >= 2 && data[at - 1] == '\'' && data[at - 2] == '#' ? at - 2 : size;
}

/* Name and values stay in the message; only what has to become shorter is copied. */
static struct attribute convert(const struct ldap_attribute *from, struct arena *arena)
{
	struct attribute to = {.name = from->name, .count = from->count};
	bool may_hold_uid = text_equal_fold(from->name, "uniqueMember");

	to.values = arena_alloc_array(arena, from->count, sizeof(*to.values));
	for (size_t i = 0; i < from->count; i++) {
		const char *data = from->values[i].data;
		size_t size = may_hold_uid ? size_without_uid(data, from->values[i].size) : from->values[i].size;
		if (size != from->values[i].size)
			data = arena_strndup(arena, data, size);
		to.values[i] = (struct value){.data = data, .size = size};
	}
	return to;
}

/* "member;range=0-1499": the server gave a part of the values, and would give the rest to another question. */
static bool is_range_of(const struct scope *scope, const char *name)
{
	const char *option = strchr(name, ';');
	char base[128];
	size_t size = option ? (size_t)(option - name) : 0;

	if (!option || strncasecmp(option, ";range=", 7) != 0 || size >= sizeof(base))
		return false;
	memcpy(base, name, size);
	base[size] = '\0';
	return scope_find(scope, base) < scope->count;
}

static const struct ldap_attribute *find(const struct ldap_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (text_equal_fold(entry->attributes[i].name, name))
			return entry->attributes[i].count ? &entry->attributes[i] : NULL;
	}
	return NULL;
}

static void decode_id(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	const struct ldap_attribute *id = find(from, scope->id);
	struct error err = {0};

	if (!id) {
		decoder->fault = arena_printf(decoder->arena,
					      "it has no %s: set attributes.id of the %ss to an attribute that never "
					      "changes, or let the bind DN read it",
					      scope->id, entry_kind_name(scope->kind));
		return;
	}
	const struct attribute attribute = convert(id, decoder->arena);
	if (entry_id(&attribute, decoder->arena, &decoder->entry.id, &err))
		decoder->fault = arena_strdup(decoder->arena, err.text);
}

/* A group whose members an access rule hides must not look like an empty one. */
static void check_members(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	const struct ldap_attribute *classes = find(from, "objectClass");

	for (size_t i = 0; i < sizeof(needs_member) / sizeof(*needs_member); i++) {
		const char *attribute = needs_member[i].attribute;
		bool has_class = !classes; /* hidden as well: it may be any */
		for (size_t j = 0; classes && j < classes->count; j++)
			has_class = has_class || value_is(&classes->values[j], needs_member[i].class);
		if (!has_class || scope_find(scope, attribute) == scope->count || find(from, attribute))
			continue;
		decoder->fault =
		    arena_printf(decoder->arena, "it shows no %s, which %s: let the bind DN read %s", attribute,
				 classes ? "its class requires" : "may be hidden like its objectClass", attribute);
		return;
	}
}

void decode(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	arena_reset(decoder->arena);
	decoder->fault = NULL;
	decoder->entry = (struct entry){.kind = scope->kind, .dn = from->dn};
	decoder->entry.attributes = arena_alloc_array(decoder->arena, from->count, sizeof(struct attribute));
	decode_id(decoder, scope, from);
	if (!decoder->fault && !text_is_valid(from->dn, from->dn_size))
		decoder->fault = "its DN is not valid UTF-8";
	for (size_t i = 0; i < from->count && !decoder->fault; i++) {
		const struct ldap_attribute *attribute = &from->attributes[i];
		if (scope_find(scope, attribute->name) < scope->kept)
			decoder->entry.attributes[decoder->entry.attribute_count++] =
			    convert(attribute, decoder->arena);
		else if (is_range_of(scope, attribute->name))
			decoder->fault =
			    arena_printf(decoder->arena, "only a part of its values came: %s", attribute->name);
	}
	if (!decoder->fault && scope->kind == ENTRY_GROUP)
		check_members(decoder, scope, from);
}
