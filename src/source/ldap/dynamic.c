/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/dynamic.h"

#include <stdlib.h>
#include <string.h>

/* TOGETHER_MOST: groups in one search. ATTEMPTS: who changes between two questions is asked for again. */
enum { TOGETHER_MOST = 50, ATTEMPTS = 2 };

/* URLs are either. */
static const char *const names[] = {"memberURL", "labeledURI"};

struct dynamic_group {
	char *id;
	bool due; /* it was not handed over yet */
	bool here, plain;
};

/* Those of one search. */
struct batch {
	const struct dynamic_reader *reader;
	struct arena *arena;
	struct dynamic_group **groups;
	size_t count;
	bool last; /* attempt */
	bool asks; /* only for their URLs */
	struct url *urls;
};

/* What a URL finds first. */
struct url {
	struct url *next;
	const char *text;
	bool none;         /* it is no search at this server */
	const char *found; /* a DN; NULL for nobody */
	bool has_attributes;
};

/* --- entries ------------------------------------------------------------------------------------------------------------ */

/* What else a labeledURI may be is of no group. */
static bool is_search(const char *name, const struct ldap_value *value)
{
	return strcmp(name, "memberURL") == 0 || text_starts_with(value->data, "ldap:///");
}

bool dynamic_is(const struct ldap_entry *entry)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct ldap_attribute *urls = ldap_entry_attribute(entry, names[i]);
		for (size_t j = 0; urls && j < urls->count; j++)
			if (is_search(names[i], &urls->values[j]))
				return true;
	}
	return false;
}

static struct dynamic_group *find(struct dynamic *dynamic, const char *id)
{
	for (size_t i = 0; i < dynamic->count; i++)
		if (strcmp(dynamic->items[i].id, id) == 0)
			return &dynamic->items[i];
	return NULL;
}

void dynamic_add(struct dynamic *dynamic, const char *id, bool once)
{
	if (!once && find(dynamic, id))
		return;
	if (dynamic->count == dynamic->room) {
		dynamic->room = dynamic->room ? 2 * dynamic->room : 16;
		dynamic->items = xrealloc(dynamic->items, dynamic->room, sizeof(*dynamic->items));
	}
	dynamic->items[dynamic->count++] = (struct dynamic_group){.id = xstrdup(id)};
}

void dynamic_remove(struct dynamic *dynamic, const char *id)
{
	struct dynamic_group *group = find(dynamic, id);

	if (!group)
		return;
	free(group->id);
	*group = dynamic->items[--dynamic->count];
}

void dynamic_free(struct dynamic *dynamic)
{
	for (size_t i = 0; i < dynamic->count; i++)
		free(dynamic->items[i].id);
	free(dynamic->items);
	*dynamic = (struct dynamic){0};
}

/* --- what URLs find ------------------------------------------------------------------------------------------------------ */

static struct url *url_of(struct batch *batch, const char *text)
{
	for (struct url *url = batch->urls; url; url = url->next)
		if (strcmp(url->text, text) == 0)
			return url;
	struct url *url = arena_alloc(batch->arena, sizeof(*url));
	*url = (struct url){.text = arena_strdup(batch->arena, text), .next = batch->urls};
	batch->urls = url;
	return url;
}

struct first {
	struct arena *arena;
	const char *dn;
};

static int take_first(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct first *first = context;

	(void)err;
	if (!first->dn)
		first->dn = arena_strndup(first->arena, entry->dn, entry->dn_size);
	return 0;
}

/* A search that the server refuses finds nobody for itself either. */
static int look(const struct batch *batch, struct url *url, struct error *err)
{
	static const char *attributes[] = {"1.1", NULL};
	struct first first = {.arena = batch->arena};
	struct ldap_outcome outcome;
	struct error refused = {0};
	struct ldap_url parts;

	url->none = ldap_url_split(url->text, batch->arena, &parts) != 0;
	if (url->none)
		return 0;
	url->has_attributes = parts.has_attributes;
	const struct ldap_search search = {.base = parts.base,
					   .scope = parts.scope,
					   .filter = parts.filter,
					   .attributes = attributes,
					   .most = 1,
					   .entry = take_first,
					   .context = &first};
	if (ldap_connection_search(batch->reader->connection, &search, &outcome, &refused) &&
	    refused.class == ERR_UNREACHABLE)
		return error_set(err, refused.class, "%s", refused.text);
	url->found = first.dn;
	return 0;
}

/* --- is it all there? ----------------------------------------------------------------------------------------------------- */

/* Which attributes hold members the scope says; of those that only come to be told apart none is one. */
static bool lists(const struct scope *scope, const struct ldap_entry *entry, const char *dn)
{
	for (size_t i = 0; i < entry->count; i++) {
		const struct ldap_attribute *attribute = &entry->attributes[i];
		if (scope_find(scope, attribute->name) >= scope->kept)
			continue;
		for (size_t j = 0; j < attribute->count; j++)
			if (text_equal_fold(attribute->values[j].data, dn))
				return true;
	}
	return false;
}

/* Whatever its URLs were to give stands in some attribute of members. */
static bool lists_any(const struct scope *scope, const struct ldap_entry *entry)
{
	static const char *const members[] = {"member", "uniqueMember", "memberUid"};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (scope_find(scope, members[i]) < scope->kept && ldap_entry_attribute(entry, members[i]))
			return true;
	return false;
}

/* NULL when nothing is. */
static const char *fault_of(struct batch *batch, const struct ldap_entry *entry, const char *name, const char *text)
{
	const struct scope *scope = batch->reader->scope;
	const struct url *url = url_of(batch, text);

	if (url->none)
		return arena_printf(
		    batch->arena,
		    "its %s \"%s\" is no search of this server (ldap:///BASE??sub?FILTER), which makes it "
		    "nobody's list: correct it",
		    name, text);
	if (!url->found || (url->has_attributes ? lists_any(scope, entry) : lists(scope, entry, url->found)))
		return NULL;
	return arena_printf(
	    batch->arena,
	    "the server does not put into it whom its %s finds (%s for one): let the overlay dynlist do so "
	    "(dynlist-attrset groupOfURLs memberURL member), or leave such groups out by groups.filter",
	    name, url->found);
}

static const char *find_fault(struct batch *batch, const struct ldap_entry *entry)
{
	const char *fault = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !fault; i++) {
		const struct ldap_attribute *urls = ldap_entry_attribute(entry, names[i]);
		for (size_t j = 0; urls && j < urls->count && !fault; j++)
			if (is_search(names[i], &urls->values[j]))
				fault = fault_of(batch, entry, names[i], urls->values[j].data);
	}
	return fault;
}

/* --- one search ------------------------------------------------------------------------------------------------------------ */

static void note_urls(struct batch *batch, const struct ldap_entry *entry)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct ldap_attribute *urls = ldap_entry_attribute(entry, names[i]);
		for (size_t j = 0; urls && j < urls->count; j++)
			if (is_search(names[i], &urls->values[j]))
				url_of(batch, urls->values[j].data);
	}
}

static struct dynamic_group *group_of(const struct batch *batch, const char *id)
{
	for (size_t i = 0; id && i < batch->count; i++)
		if (strcmp(batch->groups[i]->id, id) == 0)
			return batch->groups[i];
	return NULL;
}

static int take_group(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct batch *batch = context;
	struct decoder *decoder = batch->reader->decoder;

	if (batch->asks) {
		note_urls(batch, entry);
		return 0;
	}
	decode(decoder, batch->reader->scope, entry);
	struct dynamic_group *group = group_of(batch, decoder->entry.id);
	if (!group || !group->due)
		return 0;
	const char *fault = find_fault(batch, entry);
	if (fault && !batch->last)
		return 0;
	if (fault && !decoder->fault)
		decoder->fault = fault;
	group->due = false;
	group->plain = !dynamic_is(entry);
	return batch->reader->each(batch->reader->context, err);
}

/* By their ids, where those are written as the server writes them. The number of them. */
static size_t write_filter(const struct batch *batch, struct str *ret)
{
	const struct scope *scope = batch->reader->scope;
	bool by_id = text_equal_fold(scope->id, "entryUUID");
	size_t due = 0;

	str_printf(ret, "(&%s(|%s", scope->filter, by_id ? "" : "(memberURL=*)(labeledURI=*)");
	for (size_t i = 0; i < batch->count; i++)
		if (batch->groups[i]->due && ++due && by_id)
			str_printf(ret, "(%s=%s)", scope->id, batch->groups[i]->id);
	str_add(ret, "))");
	return due;
}

static int search_groups(struct batch *batch, const char **attributes, struct error *err)
{
	const struct dynamic_reader *reader = batch->reader;
	struct ldap_search search = {.base = reader->base,
				     .scope = SCOPE_SUBTREE,
				     .attributes = attributes,
				     .page_size = reader->page_size,
				     .entry = take_group,
				     .context = batch};
	struct ldap_outcome outcome;
	struct str filter = {0};
	size_t due = write_filter(batch, &filter);

	search.filter = str_text(&filter);
	int status = due == 0 ? 0 : ldap_connection_search(reader->connection, &search, &outcome, err);
	if (due > 0 && !status && !outcome.complete)
		status = error_set(err, ERR_PROTOCOL, "%s", outcome.reason);
	str_free(&filter);
	return status;
}

static int attempt(struct batch *batch, struct error *err)
{
	static const char *urls[] = {"memberURL", "labeledURI", NULL};

	batch->urls = NULL;
	batch->asks = true;
	if (search_groups(batch, urls, err))
		return -1;
	for (struct url *url = batch->urls; url; url = url->next)
		if (look(batch, url, err))
			return -1;
	batch->asks = false;
	return search_groups(batch, batch->reader->scope->attributes, err);
}

static int read_batch(struct batch *batch, struct error *err)
{
	int status = 0;

	for (int i = 1; i <= ATTEMPTS && !status; i++) {
		batch->last = i == ATTEMPTS;
		status = attempt(batch, err);
	}
	return status;
}

/* --- all of them ------------------------------------------------------------------------------------------------------------ */

static void forget_plain(struct dynamic *dynamic)
{
	size_t kept = 0;

	for (size_t i = 0; i < dynamic->count; i++) {
		if (dynamic->items[i].plain)
			free(dynamic->items[i].id);
		else
			dynamic->items[kept++] = dynamic->items[i];
	}
	dynamic->count = kept;
}

int dynamic_read(struct dynamic *dynamic, const struct dynamic_reader *reader, struct error *err)
{
	struct dynamic_group *groups[TOGETHER_MOST];
	struct batch batch = {.reader = reader, .arena = arena_new(), .groups = groups};
	int status = 0;

	for (size_t i = 0; i < dynamic->count && !status; i++) {
		dynamic->items[i].due = true;
		groups[batch.count++] = &dynamic->items[i];
		if (batch.count < TOGETHER_MOST && i + 1 < dynamic->count)
			continue;
		status = read_batch(&batch, err);
		batch.count = 0;
		arena_reset(batch.arena);
	}
	arena_free(&batch.arena);
	forget_plain(dynamic);
	return status;
}

struct dynamic_finding {
	struct dynamic *dynamic;
	const struct dynamic_reader *reader;
};

static int take_found(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct dynamic_finding *finding = context;
	struct decoder *decoder = finding->reader->decoder;

	(void)err;
	if (!dynamic_is(entry))
		return 0;
	decode(decoder, finding->reader->scope, entry);
	if (decoder->entry.id)
		dynamic_add(finding->dynamic, decoder->entry.id, true);
	return 0;
}

int dynamic_find(struct dynamic *dynamic, const struct dynamic_reader *reader, struct error *err)
{
	const char *attributes[] = {reader->scope->id, "memberURL", "labeledURI", NULL};
	struct dynamic_finding finding = {.dynamic = dynamic, .reader = reader};
	struct ldap_search search = {.base = reader->base,
				     .scope = SCOPE_SUBTREE,
				     .attributes = attributes,
				     .page_size = reader->page_size,
				     .entry = take_found,
				     .context = &finding};
	struct ldap_outcome outcome;
	struct str filter = {0};

	dynamic_free(dynamic);
	str_printf(&filter, "(&%s(|(memberURL=*)(labeledURI=*)))", reader->scope->filter);
	search.filter = str_text(&filter);
	int status = ldap_connection_search(reader->connection, &search, &outcome, err);
	if (!status && !outcome.complete)
		status = error_set(err, ERR_PROTOCOL, "%s", outcome.reason);
	str_free(&filter);
	return status;
}
