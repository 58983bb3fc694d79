/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a group: whom each value means, as far as a name can say. */
#include "job/members.h"

#include <stdlib.h>
#include <string.h>

bool members_attribute(const struct source_config *source, const char *name)
{
	if (source->groups.member[0] != '\0')
		return text_equal_fold(name, source->groups.member);
	return text_equal_fold(name, "member") || text_equal_fold(name, "uniqueMember") ||
	       text_equal_fold(name, "memberUid");
}

/* A member value may carry a unique identifier behind the DN (RFC 4517 3.3.21); it says nothing about who is meant. */
static size_t without_identifier(const char *name, const struct value *value)
{
	const char *mark = text_equal_fold(name, "uniqueMember") ? strrchr(value->data, '#') : NULL;

	return mark != NULL && mark[1] == '\'' && text_ends_with(mark, "'B") ? (size_t)(mark - value->data)
									     : value->size;
}

/* For people: what is no text of the database, as far as it can be read. */
static const char *readable(const struct value *value, struct arena *arena)
{
	struct str text = {0};

	if (text_is_valid(value->data, value->size))
		return arena_strdup(arena, value->data);
	for (size_t i = 0; i < value->size; i++)
		if (value->data[i] == '\0')
			str_add(&text, "\\00");
		else
			str_add_char(&text, value->data[i]);
	bool holds_nul = text_is_valid(str_text(&text), text.size);
	const char *copy = holds_nul ? arena_strdup(arena, str_text(&text)) : "(not UTF-8)";
	str_free(&text);
	return copy;
}

/* By its identifier, which outlives every name; a contact has none. */
static struct digest extended_reference(struct stager *stager, const struct value *value, struct arena *arena)
{
	struct extended_dn parts;

	extended_dn_split(value->data, &parts);
	if (parts.security_id != NULL)
		return stager_security_id(stager, parts.security_id, parts.security_id_size);
	if (dn_canonical(parts.dn, strlen(parts.dn), &stager->text, NULL) == 0)
		return stager_name(stager, "dn", str_text(&stager->text), stager->text.size);
	stager_note(stager, arena_printf(arena, "its member \"%s\" is not a DN and counts for nobody", parts.dn));
	return stager_name(stager, "raw", value->data, value->size);
}

/* memberUid names a login, everything else a DN. A value that is neither dangles under its own bytes. */
static struct digest member_reference(struct stager *stager, const char *name, const struct value *value,
				      struct arena *arena)
{
	size_t size = without_identifier(name, value);

	str_clear(&stager->text);
	if (stager_has_paths(stager))
		return stager_name(stager, "id", value->data, value->size);
	if (text_equal_fold(name, "memberUid"))
		return stager_name(stager, "login", value->data, value->size);
	if (value->data[0] == '<' && text_is_valid(value->data, size))
		return extended_reference(stager, value, arena);
	if (text_is_valid(value->data, size) && dn_canonical(value->data, size, &stager->text, NULL) == 0)
		return stager_name(stager, "dn", str_text(&stager->text), stager->text.size);
	stager_note(stager, arena_printf(arena, "its member \"%s\" %s and counts for nobody", readable(value, arena),
					 memchr(value->data, '\0', value->size) ? "holds a NUL" : "is not a DN"));
	return stager_name(stager, "raw", value->data, value->size);
}

struct member {
	struct digest reference;
	const char *text; /* NULL: whom it means is known */
};

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return memcmp(left->reference.bytes, right->reference.bytes, sizeof left->reference.bytes);
}

static size_t count_members(const struct stager *stager, const struct entry *entry)
{
	size_t count = 0;

	for (size_t i = 0; i < entry->attribute_count; i++)
		if (members_attribute(stager->source, entry->attributes[i].name))
			count += entry->attributes[i].count;
	return count;
}

/* Each member once, in the order the database keeps them in. */
static void put_members(struct member *members, size_t count, struct arena *arena, struct staged_entry *ret)
{
	struct digest *references = arena_alloc_array(arena, count + 1, sizeof *references);
	const char **texts = arena_alloc_array(arena, count + 1, sizeof *texts);

	qsort(members, count, sizeof *members, compare_members);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && digest_equal(&members[i].reference, &members[i - 1].reference))
			continue;
		references[ret->member_count] = members[i].reference;
		texts[ret->member_count++] = members[i].text;
	}
	ret->members = references;
	ret->member_texts = texts;
}

/* How member_reference() reads the values of an attribute. */
static unsigned way_of(const char *name)
{
	return text_equal_fold(name, "memberUid") ? 1 : text_equal_fold(name, "uniqueMember") ? 2 : 0;
}

/* What a list is read into: members that are not in the list that is remembered, or all. */
struct listing {
	struct stager *stager;
	struct arena *arena;
	struct list *list;
	struct member *members;
	size_t count;
};

/* For people: the name, whatever identifiers stand before it. */
static const char *member_text(const struct value *value, struct arena *arena)
{
	struct extended_dn parts;

	if (!text_is_valid(value->data, value->size))
		return readable(value, arena);
	extended_dn_split(value->data, &parts);
	return arena_strdup(arena, parts.dn);
}

static void read_member(struct listing *listing, const char *name, const struct value *value)
{
	struct stager *stager = listing->stager;
	struct member *member = &listing->members[listing->count++];

	member->reference = member_reference(stager, name, value, listing->arena);
	member->text = known_has(&stager->known, &member->reference) ? NULL : member_text(value, listing->arena);
}

static void list_member(struct listing *listing, const char *name, const struct value *value)
{
	struct stager *stager = listing->stager;
	struct list_key key = lists_key(stager->lists, way_of(name), value->data, value->size);
	size_t remarks = stager->remark_count;
	struct list_value known;

	if (list_see(listing->list, key, &known)) {
		if (known.odd)
			member_reference(stager, name, value, listing->arena);
		return;
	}
	read_member(listing, name, value);
	known = (struct list_value){listing->members[listing->count - 1].reference, stager->remark_count > remarks};
	list_put(listing->list, key, &known);
}

static void read_members(struct listing *listing, const struct entry *entry)
{
	listing->count = 0;
	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];
		if (!members_attribute(listing->stager->source, attribute->name))
			continue;
		for (size_t v = 0; v < attribute->count; v++)
			if (listing->list != NULL)
				list_member(listing, attribute->name, &attribute->values[v]);
			else
				read_member(listing, attribute->name, &attribute->values[v]);
	}
}

void members_fill(struct stager *stager, const struct entry *entry, struct arena *arena, struct staged_entry *ret)
{
	struct listing listing = {.stager = stager, .arena = arena};
	size_t most = count_members(stager, entry);

	listing.members = arena_alloc_array(arena, most + 1, sizeof *listing.members);
	listing.list = stager->whole ? NULL : lists_find(stager->lists, entry->id);
	if (listing.list != NULL) {
		list_begin(listing.list, &ret->content);
		read_members(&listing, entry);
		ret->differs = list_end(listing.list, arena, &ret->left, &ret->left_count) == 0;
	}
	if (!ret->differs) {
		stager->remark_count = 0;
		listing.list = stager->whole ? NULL : lists_add(stager->lists, entry->id, most);
		if (listing.list != NULL)
			list_begin(listing.list, &ret->content);
		read_members(&listing, entry);
	}
	put_members(listing.members, listing.count, arena, ret);
}
