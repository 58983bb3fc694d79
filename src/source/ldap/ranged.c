/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/ranged.h"

#include "roster/log.h"

#include <stdlib.h>
#include <string.h>

/* A server gives 1,500 values at a time, or what it is set to; a group that changes while so many are read is read again. */
enum { ATTEMPTS = 5 };

/* The number of the update that last touched the entry, on this server. */
static const char stamp[] = "uSNChanged";

struct value_list {
	const char *name; /* without options */
	struct ldap_value *values;
	size_t count, room;
	unsigned long next; /* the first that is missing */
	bool whole;
};

/* One entry that is put together. */
struct whole {
	struct ldap_connection *connection;
	const struct scope *scope;
	const char *dn;
	struct arena *arena;
	struct value_list *lists;
	size_t count, room;
	const char *asked;  /* the attribute a part of which was asked for; NULL: all */
	const char *stamp;  /* of the first part; NULL until it came */
	bool found, moved;  /* moved: it was changed meanwhile */
	const char *own_dn; /* as the server writes it */
	int code;           /* of the last result */
	const char *cut;    /* why an answer was not whole; NULL while they are */
};

/* --- names -------------------------------------------------------------------------------------------------------------- */

/* The number behind the last one of the part, or 0 when it ends with the last value of all. */
static unsigned long end_of(const char *name)
{
	const char *dash = strrchr(name, '-');

	return dash && dash[1] != '*' ? strtoul(dash + 1, NULL, 10) + 1 : 0;
}

/* --- values ------------------------------------------------------------------------------------------------------------- */

static struct value_list *list_of(struct whole *whole, const char *name)
{
	size_t size = scope_plain_size(name);

	for (size_t i = 0; i < whole->count; i++)
		if (strlen(whole->lists[i].name) == size && strncasecmp(whole->lists[i].name, name, size) == 0)
			return &whole->lists[i];
	if (whole->count == whole->room) {
		whole->room = whole->room ? 2 * whole->room : 16;
		whole->lists = xrealloc(whole->lists, whole->room, sizeof(*whole->lists));
	}
	struct value_list *list = &whole->lists[whole->count++];
	*list = (struct value_list){.name = arena_strndup(whole->arena, name, size)};
	return list;
}

/* A part begins with the last value of the one before. Where it does not, a value in front of it has gone: that moves all
 * behind it to the front, and a server may do it without a new stamp (who is deleted is taken out of groups so). */
static bool joins(const struct value_list *list, const struct ldap_attribute *attribute)
{
	const struct ldap_value *last = &list->values[list->count - 1];

	return attribute->count > 0 && attribute->values[0].size == last->size &&
	       memcmp(attribute->values[0].data, last->data, last->size) == 0;
}

static void add_values(struct whole *whole, const struct ldap_attribute *attribute)
{
	struct value_list *list = list_of(whole, attribute->name);
	bool part = attribute->name[strlen(list->name)] != '\0';
	size_t known = list->count > 0;

	if (whole->asked && strcasecmp(whole->asked, list->name) != 0)
		return;
	whole->moved = whole->moved || (known && !joins(list, attribute));
	for (size_t i = known; i < attribute->count; i++) {
		const struct ldap_value *value = &attribute->values[i];
		if (list->count == list->room) {
			list->room = list->room ? 2 * list->room : attribute->count;
			list->values = xrealloc(list->values, list->room, sizeof(*list->values));
		}
		list->values[list->count++] = (struct ldap_value){
		    .data = arena_strndup(whole->arena, value->data, value->size), .size = value->size};
	}
	list->next = part ? end_of(attribute->name) : 0;
	list->whole = list->next == 0;
}

static int take_part(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct whole *whole = context;

	(void)err;
	whole->found = true;
	whole->own_dn = arena_strndup(whole->arena, entry->dn, entry->dn_size);
	for (size_t i = 0; i < entry->count; i++) {
		const struct ldap_attribute *attribute = &entry->attributes[i];
		if (strcasecmp(attribute->name, stamp) != 0 || attribute->count == 0) {
			add_values(whole, attribute);
			continue;
		}
		if (!whole->stamp)
			whole->stamp = arena_strdup(whole->arena, attribute->values[0].data);
		whole->moved = whole->moved || strcmp(whole->stamp, attribute->values[0].data) != 0;
	}
	return 0;
}

/* --- questions ---------------------------------------------------------------------------------------------------------- */

static int ask(struct whole *whole, const char **attributes, struct error *err)
{
	const struct ldap_search search = {.base = whole->dn,
					   .scope = SCOPE_BASE,
					   .filter = "(objectClass=*)",
					   .attributes = attributes,
					   .extended_dns = whole->scope->extended_dns,
					   .entry = take_part,
					   .context = whole};
	struct ldap_outcome outcome;

	whole->found = false;
	int status = ldap_connection_search(whole->connection, &search, &outcome, err);
	whole->code = outcome.code;
	if (!status && !outcome.complete)
		whole->cut = arena_strdup(whole->arena, outcome.reason);
	return status;
}

static int ask_first(struct whole *whole, struct error *err)
{
	const struct scope *scope = whole->scope;
	const char **attributes = arena_alloc_array(whole->arena, scope->count + 2, sizeof(*attributes));

	whole->asked = NULL;
	memcpy(attributes, scope->attributes, scope->count * sizeof(*attributes));
	attributes[scope->count] = stamp;
	return ask(whole, attributes, err);
}

static struct value_list *first_missing(struct whole *whole)
{
	for (size_t i = 0; i < whole->count; i++)
		if (!whole->lists[i].whole)
			return &whole->lists[i];
	return NULL;
}

/* 0 with the next part taken, or nothing of it when the entry went or was cut short. */
static int ask_next(struct whole *whole, const struct value_list *list, struct error *err)
{
	unsigned long first = list->next - (list->count > 0);
	const char *attributes[] = {arena_printf(whole->arena, "%s;range=%lu-*", list->name, first), stamp, NULL};

	whole->asked = list->name;
	return ask(whole, attributes, err);
}

static void forget(struct whole *whole)
{
	for (size_t i = 0; i < whole->count; i++)
		free(whole->lists[i].values);
	whole->count = 0;
	whole->stamp = NULL;
	whole->moved = false;
	arena_reset(whole->arena);
}

/* 1 when it came whole, 0 when it is not there, 2 when it was changed meanwhile, -1. */
static int read_once(struct whole *whole, struct error *err)
{
	const struct value_list *list;
	unsigned long before;

	if (ask_first(whole, err))
		return -1;
	while (whole->found && !whole->cut && !whole->moved && (list = first_missing(whole)) != NULL) {
		before = list->next;
		if (ask_next(whole, list, err))
			return -1;
		/* The values that were to come are gone. */
		list = first_missing(whole);
		whole->moved = whole->moved || (list != NULL && list->next == before);
	}
	return whole->cut || whole->moved ? 2 : whole->found;
}

static void give(struct whole *whole, struct ldap_entry *ret)
{
	struct ldap_attribute *attributes = arena_alloc_array(whole->arena, whole->count, sizeof(*attributes));

	for (size_t i = 0; i < whole->count; i++) {
		const struct value_list *list = &whole->lists[i];
		struct ldap_value *values = arena_alloc_array(whole->arena, list->count, sizeof(*values));
		if (list->count > 0)
			memcpy(values, list->values, list->count * sizeof(*values));
		attributes[i] = (struct ldap_attribute){.name = list->name, .values = values, .count = list->count};
	}
	*ret = (struct ldap_entry){
	    .dn = whole->own_dn, .dn_size = strlen(whole->own_dn), .attributes = attributes, .count = whole->count};
}

/* 1 with ret, 0 when it is not there any more, 2 with *fault, -1. */
static int read_whole(struct whole *whole, struct ldap_entry *ret, const char **fault, struct error *err)
{
	struct error refused = {0};
	int status = 2;

	for (int attempt = 0; attempt < ATTEMPTS && status == 2 && !whole->cut; attempt++) {
		forget(whole);
		status = read_once(whole, &refused);
	}
	if (status < 0 && whole->code == LDAP_CODE_NO_SUCH_OBJECT)
		status = 0;
	if (status == 1)
		give(whole, ret);
	else if (status == 2 && whole->cut)
		*fault = whole->cut;
	else if (status == 2)
		*fault =
		    "its values come in parts, and it was changed while they were read: it is read again next time";
	else if (status == 0)
		*fault = "its values come in parts, and it went while they were read: it is read again next time";
	else
		error_set(err, refused.class, "%s", refused.text);
	return status;
}

/* --- all of a search ------------------------------------------------------------------------------------------------------ */

void ranged_add(struct ranged *ranged, const char *id, const struct ldap_entry *entry)
{
	str_append(&ranged->pairs, id, strlen(id) + 1);
	str_append(&ranged->pairs, entry->dn, strlen(entry->dn) + 1);
}

void ranged_free(struct ranged *ranged)
{
	str_free(&ranged->pairs);
}

/* "<GUID=...>" of an extended name: that stays when the entry is renamed meanwhile (MS-ADTS section 3.1.1.3.1.2.4). */
static const char *base_of(const char *dn, struct arena *arena)
{
	const char *end = text_starts_with(dn, "<GUID=") ? strchr(dn, '>') : NULL;

	return end ? arena_strndup(arena, dn, (size_t)(end + 1 - dn)) : dn;
}

static int read_one(struct whole *whole, const struct ranged_reader *reader, const char *id, const char *dn,
		    struct error *err)
{
	struct decoder *decoder = reader->decoder;
	struct ldap_entry entry;
	struct extended_dn name;
	const char *fault = NULL;
	int status = read_whole(whole, &entry, &fault, err);

	if (status < 0)
		return -1;
	extended_dn_split(dn, &name);
	if (status == 1)
		decode(decoder, reader->scope, &entry);
	else
		decoder->entry = (struct entry){.kind = reader->scope->kind, .id = id, .dn = name.dn};
	if (fault)
		decoder->fault = fault;
	return reader->each(reader->context, id, err);
}

int ranged_read(struct ranged *ranged, const struct ranged_reader *reader, struct error *err)
{
	const char *id = str_text(&ranged->pairs), *end = id + ranged->pairs.size;
	struct arena *names = arena_new();
	struct whole whole = {.connection = reader->connection, .scope = reader->scope, .arena = arena_new()};
	int status = 0;

	for (const char *dn; id < end && !status; id = dn + strlen(dn) + 1) {
		dn = id + strlen(id) + 1;
		whole.dn = base_of(dn, names);
		whole.cut = NULL;
		status = read_one(&whole, reader, id, dn, err);
	}
	forget(&whole);
	free(whole.lists);
	arena_free(&whole.arena);
	arena_free(&names);
	str_clear(&ranged->pairs);
	return status;
}
