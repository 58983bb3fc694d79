/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/ldap.h"

#include "roster/arena.h"
#include "roster/log.h"
#include "source/ldap/decode.h"
#include "source/ldap/scope.h"
#include "source/ldap/seen.h"
#include "source/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `struct source` is for this driver. */
struct ldap_source {
	const struct source_config *config;
	struct arena *arena; /* as long as the source */
	struct scope scopes[ENTRY_KINDS];
	size_t scope_count;
	/* What the server said of itself at the last read. */
	char vendor[128];
	char suffix[512]; /* its only naming context; "" when there is none or several */
};

/* One read_all(). */
struct read {
	struct ldap_source *source;
	struct entry_sink *sink;
	struct read_result *result;
	struct ldap_connection *connection;
	const struct scope *scope; /* of the search under way */
	struct decoder decoder;
	struct seen seen;
};

/* --- connection ------------------------------------------------------------------------------------------------------- */

static int connect_source(const struct source_config *config, struct ldap_connection **ret, struct error *err)
{
	const struct ldap_config *ldap = &config->ldap;
	struct secret secret = {0};
	bool external = strcmp(ldap->sasl, "external") == 0;

	/* Read anew each time: a password that was changed counts at the next run. */
	if (!external && *ldap->bind_dn && secret_read(&ldap->password, &secret, err))
		return -1;
	const struct ldap_options options = {
	    .urls = ldap->urls,
	    .url_count = ldap->url_count,
	    .bind_dn = ldap->bind_dn,
	    .password = secret.bytes,
	    .password_size = secret.size,
	    .external = external,
	    .starttls = ldap->starttls,
	    .ca_file = ldap->ca_file,
	    .allow_plaintext = ldap->allow_plaintext,
	    .connect_ms = ldap->connect_ms,
	    .operation_ms = ldap->operation_ms,
	    .run_ms = ldap->run_ms,
	};
	int status = ldap_connection_open(&options, ret, err);
	secret_wipe(&secret);
	return status;
}

/* --- the rootDSE (RFC 4512 section 5.1) ------------------------------------------------------------------------------- */

static int take_root(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct ldap_source *source = context;

	(void)err;
	for (size_t i = 0; i < entry->count; i++) {
		const struct ldap_attribute *attribute = &entry->attributes[i];
		const char *first = attribute->count ? attribute->values[0].data : "";
		if (text_equal_fold(attribute->name, "namingContexts") && attribute->count == 1)
			snprintf(source->suffix, sizeof(source->suffix), "%s", first);
		else if (text_equal_fold(attribute->name, "vendorVersion") ||
			 (text_equal_fold(attribute->name, "structuralObjectClass") && !*source->vendor))
			snprintf(source->vendor, sizeof(source->vendor), "%s", first);
	}
	return 0;
}

/* A server may hide it: that is no reason to read nothing. */
static int read_root(struct read *read, struct error *err)
{
	static const char *attributes[] = {"namingContexts", "vendorVersion", "structuralObjectClass", NULL};
	struct ldap_search search = {.base = "",
				     .scope = SCOPE_BASE,
				     .filter = "(objectClass=*)",
				     .attributes = attributes,
				     .entry = take_root,
				     .context = read->source};
	struct ldap_outcome outcome;
	struct error refused = {0};

	*read->source->vendor = *read->source->suffix = '\0';
	if (!ldap_connection_search(read->connection, &search, &outcome, &refused))
		return 0;
	return refused.class == ERR_DENIED ? 0 : error_set(err, refused.class, "%s", refused.text);
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

static int take_entry(void *context, const struct ldap_entry *from, struct error *err)
{
	struct read *read = context;
	const struct entry *entry = &read->decoder.entry;

	decode(&read->decoder, read->scope, from);
	/* The first search that finds an entry decides its kind. */
	if (entry->id && !seen_add(&read->seen, entry->id))
		return 0;
	if (read->decoder.fault) {
		read->result->unreadable++;
		return read->sink->unreadable(read->sink, entry->id, entry->dn, read->decoder.fault, err);
	}
	read->result->entries++;
	return read->sink->entry(read->sink, entry, err);
}

static int find_base(const struct read *read, const char **base, struct error *err)
{
	*base = *read->scope->base ? read->scope->base : read->source->suffix;
	if (**base)
		return 0;
	return error_set(err, ERR_CONFIG, "the %ss have no base, and the server at %s does not name one suffix: set it",
			 entry_kind_name(read->scope->kind), ldap_connection_url(read->connection));
}

static void log_search(const struct read *read, const struct ldap_search *search)
{
	struct str command = {0};

	ldap_connection_command(read->connection, search, &command);
	log_debug("reading %ss: %s", entry_kind_name(read->scope->kind), str_text(&command));
	str_free(&command);
}

static int read_scope(struct read *read, struct error *err)
{
	struct ldap_search search = {.scope = SCOPE_SUBTREE,
				     .filter = read->scope->filter,
				     .attributes = read->scope->attributes,
				     .page_size = read->source->config->ldap.page_size,
				     .entry = take_entry,
				     .context = read};
	struct ldap_outcome outcome;
	struct read_result *result = read->result;

	if (find_base(read, &search.base, err))
		return -1;
	log_search(read, &search);
	if (ldap_connection_search(read->connection, &search, &outcome, err))
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
	source->scope_count = scope_list(config, source->arena, source->scopes);
	*ret = (struct source *)source;
	return 0;
}

static int ldap_source_read_all(struct source *source, struct entry_sink *sink, struct read_result *result,
				struct error *err)
{
	struct read read = {.source = (struct ldap_source *)source, .sink = sink, .result = result};
	int status = -1;

	*result = (struct read_result){.completeness = READ_COMPLETE};
	read.decoder.arena = arena_new();
	if (connect_source(read.source->config, &read.connection, err))
		goto out;
	if (read_root(&read, err))
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
	return status;
}

static void ldap_source_close(struct source **source)
{
	struct ldap_source *closing = (struct ldap_source *)*source;

	if (!closing)
		return;
	arena_free(&closing->arena);
	free(closing);
	*source = NULL;
}

const struct source_ops ldap_source_ops = {
    .name = "ldap",
    .open = ldap_source_open,
    .read_all = ldap_source_read_all,
    .close = ldap_source_close,
};
