/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/ldap.h"

#include "roster/arena.h"
#include "roster/log.h"
#include "source/ldap/decode.h"
#include "source/ldap/news.h"
#include "source/ldap/ranged.h"
#include "source/ldap/seen.h"
#include "source/ldap/server.h"
#include "source/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An administrator who sets less than the default wants pages. */
enum { PAGES_MAY_BE_LEFT_OUT = 500 };

/* One read_all(). */
struct read {
	struct ldap_source *source;
	struct entry_sink *sink;
	struct read_result *result;
	struct ldap_connection *connection;
	const struct scope *scope; /* of the search under way */
	struct decoder decoder;
	struct seen seen;
	/* The DNs of those whose values came in part, each with its NUL. */
	struct str later;
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

	decode(&read->decoder, read->scope, from);
	/* The first search that finds an entry decides its kind. */
	if (entry->id && !seen_add(&read->seen, entry->id))
		return 0;
	if (read->decoder.ranged && !read->decoder.fault) {
		str_append(&read->later, from->dn, from->dn_size + 1);
		return 0;
	}
	return hand_over(read, err);
}

/* Those whose values come in parts, each by questions of its own. */
static int read_later(struct read *read, struct error *err)
{
	struct arena *arena = arena_new();
	const char *dn = str_text(&read->later), *end = dn + read->later.size;
	int status = 0;

	for (; dn < end && status >= 0; dn += strlen(dn) + 1) {
		struct ldap_entry entry;
		const char *fault = NULL;
		status = ranged_read(read->connection, read->scope, dn, arena, &entry, &fault, err);
		if (status == 0) /* it was deleted meanwhile, or has another name: that we do not know */
			fault = "it was there, and then not under its name: it is read again next time";
		if (status == 1)
			decode(&read->decoder, read->scope, &entry);
		else if (status >= 0)
			read->decoder.entry = (struct entry){.kind = read->scope->kind, .dn = dn};
		if (fault)
			read->decoder.fault = fault;
		if (status >= 0 && hand_over(read, err))
			status = -1;
	}
	arena_free(&arena);
	str_clear(&read->later);
	return status < 0 ? -1 : 0;
}

static void log_search(const struct read *read, const struct ldap_search *search)
{
	struct str command = {0};

	ldap_connection_command(read->connection, search, &command);
	log_debug("reading %ss: %s", entry_kind_name(read->scope->kind), str_text(&command));
	str_free(&command);
}

/* OpenLDAP needs no pages to answer a large search, and is slower with them. What came before it says that there is a
 * limit is not taken twice. */
static int search_scope(struct read *read, struct ldap_search *search, struct ldap_outcome *ret, struct error *err)
{
	struct ldap_source *source = read->source;
	int64_t page_size = search->page_size;

	if (strcmp(source->spoken->name, DIALECT_OPENLDAP) == 0 && !source->is_limited && page_size >= PAGES_MAY_BE_LEFT_OUT) {
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

static int read_scope(struct read *read, struct error *err)
{
	struct ldap_search search = {.scope = SCOPE_SUBTREE,
				     .filter = read->scope->filter,
				     .attributes = read->scope->attributes,
				     .page_size = read->source->config->ldap.page_size,
				     .extended_dns = read->scope->extended_dns,
				     .entry = take_entry,
				     .passes_over = passes_over,
				     .context = read};
	struct ldap_outcome outcome;
	struct read_result *result = read->result;

	if (server_find_base(read->source, read->scope, read->connection, &search.base, err))
		return -1;
	log_search(read, &search);
	if (search_scope(read, &search, &outcome, err) || read_later(read, err))
		return -1;
	if (!outcome.complete && result->completeness == READ_COMPLETE) {
		result->completeness = READ_INCOMPLETE;
		snprintf(result->reason, sizeof(result->reason), "%s", outcome.reason);
	}
	return 0;
}

/* --- the driver --------------------------------------------------------------------------------------------------------- */

static int ldap_source_open(const struct source_config *config, struct source **ret, struct error *err)
{
	struct ldap_source *source;

	*ret = NULL;
	if (config->ldap.url_count == 0)
		return error_set(err, ERR_CONFIG, "source %s has no url", config->name);
	source = xcalloc(1, sizeof(*source));
	source->config = config;
	source->arena = arena_new();
	*ret = (struct source *)source;
	return 0;
}

static int ldap_source_settle(struct source *source, const struct source_config **ret, struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;

	*ret = &ldap->settled;
	return server_settle(ldap, err);
}

static int ldap_source_read_all(struct source *source, struct entry_sink *sink, struct read_result *result,
				struct error *err)
{
	struct read read = {.source = (struct ldap_source *)source, .sink = sink, .result = result};
	int status = -1;

	*result = (struct read_result){.completeness = READ_COMPLETE};
	read.decoder.arena = arena_new();
	if (server_settle(read.source, err) ||
	    server_open(read.source, &(struct server_choice){0}, &read.connection, err))
		goto out;
	log_debug("connected to %s (%s)", ldap_connection_url(read.connection), read.source->vendor);
	for (size_t i = 0; i < read.source->scope_count; i++) {
		read.scope = &read.source->scopes[i];
		if (read_scope(&read, err))
			goto out;
	}
	status = 0;
out:
	if (status)
		result->completeness = READ_FAILED;
	ldap_connection_close(&read.connection);
	arena_free(&read.decoder.arena);
	seen_free(&read.seen);
	str_free(&read.later);
	return status;
}

static void ldap_source_prepare(struct source *source)
{
	server_open_ahead((struct ldap_source *)source);
}

static void ldap_source_close(struct source **source)
{
	struct ldap_source *closing = (struct ldap_source *)*source;

	if (!closing)
		return;
	ldap_news_stop(*source);
	server_forget(closing);
	str_free(&closing->contexts);
	arena_free(&closing->arena);
	free(closing);
	*source = NULL;
}

const struct source_ops ldap_source_ops = {
    .name = "ldap",
    .open = ldap_source_open,
    .settle = ldap_source_settle,
    .read_all = ldap_source_read_all,
    .close = ldap_source_close,
    .prepare = ldap_source_prepare,
    .news_start = ldap_news_start,
    .news_read = ldap_news_read,
    .news_wait = ldap_news_wait,
    .news_stop = ldap_news_stop,
};
