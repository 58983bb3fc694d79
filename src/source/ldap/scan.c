/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/scan.h"

#include "roster/log.h"
#include "source/ldap/decode.h"
#include "source/ldap/dynamic.h"
#include "source/ldap/empty.h"
#include "source/ldap/part.h"
#include "source/ldap/ranged.h"
#include "source/ldap/seen.h"
#include "source/ldap/stamp.h"

#include <stdio.h>
#include <string.h>

/* An administrator who sets less than the default wants pages. */
enum { PAGES_MAY_BE_LEFT_OUT = 500 };

/* One scan_all(). */
struct read {
	struct ldap_source *source;
	struct entry_sink *sink;
	struct read_result *result;
	struct ldap_connection *connection;
	const struct scope *scope; /* of the search under way */
	const char *since;         /* a filter besides, or NULL */
	struct arena *arena;
	struct decoder decoder;
	struct seen seen;
	struct ranged later; /* those whose values came in part */
	struct dynamic dynamic;
};

/* --- entries ---------------------------------------------------------------------------------------------------------- */

static int hand_over(struct read *read, struct error *err)
{
	const struct entry *entry = &read->decoder.entry;

	if (read->decoder.fault) {
		read->result->unreadable++;
		return read->sink->unreadable(read->sink, entry->id, entry->dn, read->decoder.fault, err);
	}
	read->result->entries++;
	return read->sink->entry(read->sink, entry, err);
}

static int take_entry(void *context, const struct ldap_entry *from, struct error *err)
{
	struct read *read = context;
	const struct entry *entry = &read->decoder.entry;

	if (read->source->stamps)
		stamps_see(read->source->stamps, from);
	decode(&read->decoder, read->scope, from);
	/* The first search that finds an entry decides its kind. */
	if (entry->id && !seen_add(&read->seen, entry->id))
		return 0;
	if (read->scope->kind == ENTRY_GROUP && !read->decoder.fault && dynamic_is(from)) {
		dynamic_add(&read->dynamic, entry->id, true);
		return 0;
	}
	if (read->decoder.ranged && !read->decoder.fault) {
		ranged_add(&read->later, entry->id, from);
		return 0;
	}
	return hand_over(read, err);
}

static int take_ranged(void *context, const char *id, struct error *err)
{
	(void)id;
	return hand_over(context, err);
}

static int take_dynamic(void *context, struct error *err)
{
	return hand_over(context, err);
}

/* What needed another question. Whom a group's search finds may have changed, and not the group. */
static int read_later(struct read *read, const char *base, struct error *err)
{
	const struct ranged_reader reader = {read->connection, read->scope, &read->decoder, take_ranged, read};
	const struct dynamic_reader of_dynamic = {.connection = read->connection,
						  .scope = read->scope,
						  .base = base,
						  .page_size = read->source->config->server.page_size,
						  .decoder = &read->decoder,
						  .each = take_dynamic,
						  .context = read};

	bool find_all = read->since && read->scope->kind == ENTRY_GROUP;

	if (ranged_read(&read->later, &reader, err) || (find_all && dynamic_find(&read->dynamic, &of_dynamic, err)))
		return -1;
	return dynamic_read(&read->dynamic, &of_dynamic, err);
}

/* OpenLDAP needs no pages to answer a large search, and is slower with them. What came before it says that there is a
 * limit is not taken twice. */
static int search_scope(struct read *read, struct ldap_search *search, struct ldap_outcome *ret, struct error *err)
{
	struct ldap_source *source = read->source;
	int64_t page_size = search->page_size;

	if (strcmp(source->spoken->name, DIALECT_OPENLDAP) == 0 && !source->is_limited &&
	    page_size >= PAGES_MAY_BE_LEFT_OUT) {
		search->page_size = 0;
		if (ldap_connection_search(read->connection, search, ret, err))
			return -1;
		if (!ret->is_cut)
			return 0;
		source->is_limited = true;
		search->page_size = page_size;
		log_debug("source %s is read in pages: %s", source->config->name, ret->reason);
	}
	return ldap_connection_search(read->connection, search, ret, err);
}

static bool passes_over(void *context, const char *dn)
{
	const struct read *read = context;

	return server_passes_over(read->source, dn);
}

static const char *both(const char *filter, const char *since, struct arena *arena)
{
	return since ? arena_printf(arena, "(&%s%s)", filter, since) : filter;
}

static int read_scope(struct read *read, struct error *err)
{
	struct ldap_search search = {.scope = SCOPE_SUBTREE,
				     .filter = both(read->scope->filter, read->since, read->arena),
				     .attributes = read->scope->attributes,
				     .page_size = read->source->config->server.page_size,
				     .extended_dns = read->scope->extended_dns,
				     .entry = take_entry,
				     .passes_over = passes_over,
				     .context = read};
	struct ldap_outcome outcome;
	struct read_result *result = read->result;

	if (server_find_base(read->source, read->scope, read->connection, &search.base, err) ||
	    empty_find(read->source, read->connection, read->scope, &search, &read->decoder, err))
		return -1;
	if (search_scope(read, &search, &outcome, err) || read_later(read, search.base, err))
		return -1;
	if (!outcome.complete && result->completeness == READ_COMPLETE) {
		result->completeness = READ_INCOMPLETE;
		snprintf(result->reason, sizeof(result->reason), "%s", outcome.reason);
	}
	return 0;
}

int scan_all(struct ldap_source *source, struct ldap_connection *connection, struct entry_sink *sink,
	     struct read_result *result, struct error *err)
{
	return scan_since(source, connection, NULL, sink, result, err);
}

int scan_since(struct ldap_source *source, struct ldap_connection *connection, const char *since,
	       struct entry_sink *sink, struct read_result *result, struct error *err)
{
	struct read read = {.source = source, .sink = sink, .result = result, .connection = connection, .since = since};
	int status = 0;

	*result = (struct read_result){.completeness = READ_COMPLETE};
	read.arena = arena_new();
	read.decoder.arena = arena_new();
	log_debug("connected to %s (%s)", ldap_connection_url(connection), source->vendor);
	for (size_t i = 0; i < source->scope_count && !status; i++) {
		read.scope = &source->scopes[i];
		status = read_scope(&read, err);
	}
	if (status)
		result->completeness = READ_FAILED;
	arena_free(&read.arena);
	arena_free(&read.decoder.arena);
	empty_forget(&read.decoder);
	seen_free(&read.seen);
	ranged_free(&read.later);
	dynamic_free(&read.dynamic);
	return status;
}

/* --- places -------------------------------------------------------------------------------------------------------------- */

struct places {
	struct ldap_source *source;
	struct news_sink *sink;
	struct decoder decoder;
	const struct scope *scope;
};

static int take_place(void *context, const struct ldap_entry *from, struct error *err)
{
	struct places *places = context;

	decode(&places->decoder, places->scope, from);
	const struct place place = {.id = places->decoder.entry.id, .dn = from->dn};
	return places->decoder.fault ? 0 : places->sink->place(places->sink, &place, err);
}

static bool passes_any(void *context, const char *dn)
{
	return server_passes_over(((const struct places *)context)->source, dn);
}

int scan_places(struct ldap_source *source, struct ldap_connection *connection, const struct place_scan *scan,
		struct news_sink *sink, struct error *err)
{
	const char *attributes[] = {scan->id, NULL};
	const struct scope scope = {.kind = ENTRY_UNIT, .id = scan->id, .attributes = attributes, .count = 1};
	struct places places = {.source = source, .sink = sink, .scope = &scope};
	struct arena *arena = arena_new();
	const struct ldap_search search = {.base = scan->base,
					   .scope = SCOPE_SUBTREE,
					   .filter = both(place_filter, scan->since, arena),
					   .attributes = attributes,
					   .page_size = source->config->server.page_size,
					   .entry = take_place,
					   .passes_over = passes_any,
					   .context = &places};
	struct ldap_outcome outcome;

	places.decoder.arena = arena_new();
	int status = ldap_connection_search(connection, &search, &outcome, err);
	arena_free(&places.decoder.arena);
	arena_free(&arena);
	if (!status && !outcome.complete)
		status = error_set(err, ERR_PROTOCOL, "%s", outcome.reason);
	return status;
}
