/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/ad_reread.h"

#include "source/ldap/decode.h"
#include "source/ldap/part.h"
#include "source/ldap/ranged.h"

#include <stdlib.h>
#include <string.h>

/* So many are asked for in one search. */
enum { BATCH = 100, GUID_SIZE = 16 };

struct reread {
	struct ldap_source *source;
	struct ldap_connection *connection;
	struct news_sink *sink;
	struct news_result *result;
	const struct ad_change *changes; /* of the batch */
	size_t count;
	const struct scope *scope; /* of the search under way; NULL when only the places are looked for, or anything */
	bool places;
	struct decoder decoder;
	struct arena *arena; /* of the batch */
	bool found[BATCH];   /* by the search under way */
	bool visible[BATCH]; /* by any of them */
	struct ranged later; /* those whose values came in part */
};

/* --- ids ---------------------------------------------------------------------------------------------------------------- */

static bool is_guid(const struct ad_change *change, const struct ldap_value *guid)
{
	return guid->size == GUID_SIZE && memcmp(change->guid.bytes, guid->data, GUID_SIZE) == 0;
}

static size_t index_of(const struct reread *reread, const struct ldap_value *guid)
{
	size_t i = 0;

	while (i < reread->count && !is_guid(&reread->changes[i], guid))
		i++;
	return i;
}

static const char *id_of(struct reread *reread, size_t index)
{
	struct value octets = {.data = (const char *)reread->changes[index].guid.bytes, .size = GUID_SIZE};
	const struct attribute attribute = {.name = "objectGUID", .values = &octets, .count = 1};
	const char *id = NULL;

	entry_id(&attribute, reread->arena, &id, NULL);
	return id;
}

/* "(&(sAMAccountType=805306368)(|(objectGUID=\01...)...))" */
static const char *filter_of(const struct reread *reread, const char *filter)
{
	struct str text = {0};

	str_printf(&text, "(&%s(|", filter);
	for (size_t i = 0; i < reread->count; i++) {
		str_add(&text, "(objectGUID=");
		for (size_t k = 0; k < GUID_SIZE; k++)
			str_printf(&text, "\\%02x", reread->changes[i].guid.bytes[k]);
		str_add(&text, ")");
	}
	str_add(&text, "))");
	const char *copy = arena_strdup(reread->arena, str_text(&text));
	str_free(&text);
	return copy;
}

/* --- answers ------------------------------------------------------------------------------------------------------------ */

static int hand_over(struct reread *reread, const char *id, struct error *err)
{
	struct entry_sink *sink = &reread->sink->entries;

	if (!reread->decoder.fault) {
		reread->result->entries++;
		return sink->entry(sink, &reread->decoder.entry, err);
	}
	reread->result->unreadable++;
	return sink->unreadable(sink, id, reread->decoder.entry.dn, reread->decoder.fault, err);
}

static int take_place(struct reread *reread, size_t index, const struct ldap_entry *from, struct error *err)
{
	const struct place place = {.id = id_of(reread, index), .dn = from->dn};

	return text_is_valid(place.dn, from->dn_size) ? reread->sink->place(reread->sink, &place, err) : 0;
}

static int take_entry(void *context, const struct ldap_entry *from, struct error *err)
{
	struct reread *reread = context;
	const struct ldap_attribute *guid = ldap_entry_attribute(from, "objectGUID");
	size_t index = guid ? index_of(reread, &guid->values[0]) : reread->count;

	if (index == reread->count)
		return 0;
	reread->found[index] = reread->visible[index] = true;
	if (reread->places)
		return take_place(reread, index, from, err);
	if (!reread->scope)
		return 0;
	decode(&reread->decoder, reread->scope, from);
	if (!reread->decoder.ranged || reread->decoder.fault)
		return hand_over(reread, id_of(reread, index), err);
	ranged_add(&reread->later, id_of(reread, index), from);
	return 0;
}

static int take_ranged(void *context, const char *id, struct error *err)
{
	return hand_over(context, id, err);
}

/* Groups with many members. */
static int read_later(struct reread *reread, struct error *err)
{
	const struct ranged_reader reader = {reread->connection, reread->scope, &reread->decoder, take_ranged, reread};

	return ranged_read(&reread->later, &reader, err);
}

static int ask(struct reread *reread, const char *base, const char *filter, const char **attributes, struct error *err)
{
	const struct ldap_search search = {.base = base,
					   .scope = SCOPE_SUBTREE,
					   .filter = filter_of(reread, filter),
					   .attributes = attributes,
					   .page_size = reread->source->config->server.page_size,
					   .extended_dns = reread->scope && reread->scope->extended_dns,
					   .entry = take_entry,
					   .context = reread};
	struct ldap_outcome outcome;

	memset(reread->found, 0, sizeof(reread->found));
	if (ldap_connection_search(reread->connection, &search, &outcome, err) || read_later(reread, err))
		return -1;
	/* What is elsewhere is asked for there. */
	return outcome.code == 0 ? 0 : error_set(err, ERR_PROTOCOL, "%s", outcome.reason);
}

/* --- one batch ---------------------------------------------------------------------------------------------------------- */

static int remove_unfound(struct reread *reread, int kind, struct error *err)
{
	for (size_t i = 0; i < reread->count; i++)
		if (!reread->found[i] && (reread->visible[i] || reread->changes[i].deleted) &&
		    reread->sink->removed(reread->sink, kind, id_of(reread, i), err))
			return -1;
	return 0;
}

/* What is to be seen anywhere: of the rest it can only be said that it was changed. */
static int look_anywhere(struct reread *reread, struct error *err)
{
	static const char *attributes[] = {"objectGUID", NULL};
	struct entry_sink *sink = &reread->sink->entries;

	reread->scope = NULL;
	reread->places = false;
	memset(reread->visible, 0, sizeof(reread->visible));
	if (ask(reread, reread->source->suffix, "(objectClass=*)", attributes, err))
		return -1;
	for (size_t i = 0; i < reread->count; i++) {
		const char *id = id_of(reread, i);
		if (!reread->visible[i] && !reread->changes[i].deleted &&
		    sink->unreadable(
			sink, id, arena_printf(reread->arena, "the entry with objectGUID %s", id),
			"the server says that it was changed, and does not show it: it stays as it was until "
			"everything is read",
			err))
			return -1;
	}
	return 0;
}

static int reread_batch(struct reread *reread, struct error *err)
{
	struct ldap_source *source = reread->source;
	static const char *place_attributes[] = {"objectGUID", NULL};

	if (look_anywhere(reread, err))
		return -1;
	for (size_t i = 0; i < source->scope_count; i++) {
		const char *base;
		reread->scope = &source->scopes[i];
		if (server_find_base(source, reread->scope, reread->connection, &base, err) ||
		    ask(reread, base, reread->scope->filter, reread->scope->attributes, err) ||
		    remove_unfound(reread, (int)reread->scope->kind, err))
			return -1;
	}
	reread->scope = NULL;
	reread->places = true;
	return ask(reread, source->suffix, place_filter, place_attributes, err)
		   ? -1
		   : remove_unfound(reread, ENTRY_KINDS, err);
}

int ad_reread(struct ldap_source *source, struct ldap_connection *connection, const struct ad_changes *changes,
	      struct news_sink *sink, struct news_result *result, struct error *err)
{
	struct reread reread = {.source = source, .connection = connection, .sink = sink, .result = result};
	int status = 0;

	reread.arena = arena_new();
	reread.decoder.arena = arena_new();
	for (size_t i = 0; i < changes->count && !status; i += BATCH) {
		reread.changes = changes->items + i;
		reread.count = changes->count - i < BATCH ? changes->count - i : BATCH;
		status = reread_batch(&reread, err);
		arena_reset(reread.arena);
	}
	arena_free(&reread.arena);
	arena_free(&reread.decoder.arena);
	ranged_free(&reread.later);
	return status;
}
