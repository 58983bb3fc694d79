/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/server.h"

#include "roster/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OID_SYNC             "1.3.6.1.4.1.4203.1.9.1.1"
#define OID_ACTIVE_DIRECTORY "1.2.840.113556.1.4.800"
#define OID_IPA_EXTENSIONS   "2.16.840.1.113730.3.8.10."

const char *server_url(const struct source_config *config, const struct ldap_connection *connection)
{
	for (size_t i = 0; i < config->server.url_count; i++)
		if (strcmp(config->server.urls[i], ldap_connection_url(connection)) == 0)
			return config->server.urls[i];
	return NULL;
}

static size_t choose(const struct server_config *server, const struct server_choice *choice, const char **urls)
{
	size_t count = 0;

	for (size_t i = 0; i < server->url_count; i++) {
		const char *url = server->urls[i];
		if ((!choice->only || strcmp(url, choice->only) == 0) && (!choice->except || !choice->except[i]))
			urls[count++] = url;
	}
	return count;
}

int server_connect(const struct source_config *config, const struct server_choice *choice, struct ldap_connection **ret,
		   struct error *err)
{
	const struct ldap_config *ldap = &config->ldap;
	const struct server_config *server = &config->server;
	struct secret secret = {0};
	bool external = strcmp(ldap->sasl, "external") == 0;

	/* Read anew each time: a password that was changed counts at the next run. */
	if (!external && *ldap->bind_dn && secret_read(&ldap->password, &secret, err))
		return -1;
	const char **urls = xcalloc(server->url_count, sizeof(*urls));
	const struct ldap_options options = {
	    .urls = urls,
	    .url_count = choose(server, choice, urls),
	    .bind_dn = ldap->bind_dn,
	    .password = secret.bytes,
	    .password_size = secret.size,
	    .external = external,
	    .keytab = strcmp(ldap->sasl, "gssapi") == 0 ? ldap->keytab : NULL,
	    .starttls = ldap->starttls,
	    .ca_file = server->ca_file,
	    .allow_plaintext = ldap->allow_plaintext,
	    .connect_ms = server->connect_ms,
	    .operation_ms = server->operation_ms,
	    .run_ms = server->run_ms,
	};
	int status = ldap_connection_open(&options, ret, err);
	secret_wipe(&secret);
	free(urls);
	return status;
}

/* --- the rootDSE ------------------------------------------------------------------------------------------------------ */

/* What it says of itself that tells its make. */
struct root {
	struct ldap_source *source;
	bool is_openldap, is_ad, is_389, is_ipa;
	char usual[512];     /* the naming context it says is meant when none is named */
	char changelog[512]; /* the one that holds no entries of anybody */
};

bool server_read_number(const char *text, int64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0;
}

static bool has_value(const struct ldap_attribute *attribute, const char *text)
{
	for (size_t i = 0; i < attribute->count; i++)
		if (strcmp(attribute->values[i].data, text) == 0)
			return true;
	return false;
}

static bool has_start(const struct ldap_attribute *attribute, const char *start)
{
	for (size_t i = 0; i < attribute->count; i++)
		if (text_starts_with(attribute->values[i].data, start))
			return true;
	return false;
}

static void take_context(struct root *root, const struct ldap_attribute *attribute)
{
	const char *first = attribute->count ? attribute->values[0].data : "";

	if (text_equal_fold(attribute->name, "defaultNamingContext"))
		snprintf(root->usual, sizeof(root->usual), "%s", first);
	if (text_equal_fold(attribute->name, "changeLog"))
		snprintf(root->changelog, sizeof(root->changelog), "%s", first);
	if (!text_equal_fold(attribute->name, "namingContexts"))
		return;
	for (size_t i = 0; i < attribute->count; i++)
		str_append(&root->source->contexts, attribute->values[i].data, attribute->values[i].size + 1);
}

/* What is offered is no proof: servers copy each other's lists. Who it is decides what is used of it. */
static void take_make(struct root *root, const struct ldap_attribute *attribute)
{
	struct ldap_source *source = root->source;
	const char *first = attribute->count ? attribute->values[0].data : "";

	if (text_equal_fold(attribute->name, "supportedControl"))
		source->knows_sync = has_value(attribute, OID_SYNC);
	else if (text_equal_fold(attribute->name, "supportedCapabilities"))
		root->is_ad = has_value(attribute, OID_ACTIVE_DIRECTORY);
	else if (text_equal_fold(attribute->name, "supportedExtension"))
		root->is_ipa = has_start(attribute, OID_IPA_EXTENSIONS);
	else if (text_equal_fold(attribute->name, "firstChangeNumber"))
		server_read_number(first, &source->changes.first);
	else if (text_equal_fold(attribute->name, "lastChangeNumber"))
		server_read_number(first, &source->changes.last);
	else if (text_equal_fold(attribute->name, "structuralObjectClass"))
		root->is_openldap = has_value(attribute, "OpenLDAProotDSE");
	else if (text_equal_fold(attribute->name, "vendorVersion")) {
		root->is_389 = text_starts_with(first, "389-Directory/");
		snprintf(source->vendor, sizeof(source->vendor), "%s", first);
	}
}

static int take_root(void *context, const struct ldap_entry *entry, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < entry->count; i++) {
		take_context(context, &entry->attributes[i]);
		take_make(context, &entry->attributes[i]);
	}
	return 0;
}

static const char *spoken_by(const struct root *root)
{
	return root->is_openldap              ? DIALECT_OPENLDAP
	       : root->is_ad                  ? DIALECT_AD
	       : root->is_389 && root->is_ipa ? DIALECT_IPA
	       : root->is_389                 ? DIALECT_389
					      : DIALECT_OTHER;
}

/* The one that people and groups are in: what it names itself, or the only one there is. A changelog is none, although 389
 * Directory Server names it when it is older than the rest. */
static void choose_suffix(const struct root *root)
{
	struct ldap_source *source = root->source;
	const char *context = str_text(&source->contexts), *end = context + source->contexts.size, *only = "";
	size_t count = 0;

	for (; context < end; context += strlen(context) + 1) {
		if (*root->changelog && dn_equal(context, root->changelog))
			continue;
		only = context;
		count++;
	}
	if (*root->usual && !(*root->changelog && dn_equal(root->usual, root->changelog)))
		only = root->usual;
	else if (count != 1)
		only = "";
	snprintf(source->suffix, sizeof(source->suffix), "%s", only);
}

static void choose_base(struct ldap_source *source)
{
	const char *below = source->dialect && *source->suffix ? source->dialect->below : NULL;

	snprintf(source->base, sizeof(source->base), "%s%s%s", below ? below : "", below ? "," : "", source->suffix);
}

static int end_root(const struct root *root, const struct ldap_connection *connection, struct error *err)
{
	struct ldap_source *source = root->source;

	choose_suffix(root);
	choose_base(source);
	source->spoken = dialect_find(spoken_by(root));
	if (!*source->vendor)
		snprintf(source->vendor, sizeof(source->vendor), "%s", source->spoken->title);
	if (!source->dialect || *source->config->dialect || source->dialect == source->spoken)
		return 0;
	error_set(err, ERR_CONFIG, "the server at %s is %s, and one before was %s", ldap_connection_url(connection),
		  source->spoken->title, source->dialect->title);
	return error_hint(err, "make sources of them that have one kind of server each, or set dialect");
}

int server_read_root(struct ldap_source *source, struct ldap_connection *connection, struct error *err)
{
	static const char *attributes[] = {"namingContexts",
					   "defaultNamingContext",
					   "vendorVersion",
					   "structuralObjectClass",
					   "supportedControl",
					   "supportedCapabilities",
					   "supportedExtension",
					   "changeLog",
					   "firstChangeNumber",
					   "lastChangeNumber",
					   NULL};
	struct root root = {.source = source};
	struct ldap_search search = {.base = "",
				     .scope = SCOPE_BASE,
				     .filter = "(objectClass=*)",
				     .attributes = attributes,
				     .entry = take_root,
				     .context = &root};
	struct ldap_outcome outcome;
	struct error refused = {0};

	*source->vendor = *source->suffix = '\0';
	str_clear(&source->contexts);
	source->knows_sync = false;
	source->changes = (struct server_changes){.first = -1, .last = -1};
	if (ldap_connection_search(connection, &search, &outcome, &refused) && refused.class != ERR_DENIED)
		return error_set(err, refused.class, "%s", refused.text);
	return end_root(&root, connection, err);
}

void server_tell_whole(struct ldap_source *source, const char *why)
{
	if (!source->told)
		log_info("source %s is read whole at each poll: %s", source->config->name, why);
	source->told = true;
}

/* memberOf, by name and by number; by the others Active Directory and its like write who refers to an entry, too. */
static void note_backlink(const char *name, void *context)
{
	static const char *const backlinks[] = {"memberOf", "1.2.840.113556.1.2.102", "isMemberOf", "directReports",
						"managedObjects"};

	for (size_t i = 0; i < sizeof(backlinks) / sizeof(*backlinks); i++)
		if (text_equal_fold(name, backlinks[i]))
			*(const char **)context = backlinks[i];
}

const char *server_find_untold(const struct ldap_source *source, struct arena *arena)
{
	const char *found = NULL;

	for (size_t i = 0; i < source->scope_count && !found && !source->dialect->tells_backlinks; i++) {
		struct filter *filter = NULL;
		if (!filter_parse_for_server(source->scopes[i].filter, arena, &filter, NULL))
			filter_attributes(filter, note_backlink, &found);
		if (found)
			return arena_printf(
			    arena, "the filter of %ss asks for %s, and the server does not say when that changes",
			    entry_kind_name(source->scopes[i].kind), found);
	}
	return NULL;
}

bool server_passes_over(const struct ldap_source *source, const char *dn)
{
	const char *context = str_text(&source->contexts), *end = context + source->contexts.size;
	bool known = false;

	for (; context < end && !known; context += strlen(context) + 1)
		known = dn_equal(context, dn);
	return known && source->spoken == dialect_find(DIALECT_AD);
}

int server_find_base(const struct ldap_source *source, const struct scope *scope,
		     const struct ldap_connection *connection, const char **base, struct error *err)
{
	*base = *scope->base ? scope->base : source->base;
	if (**base)
		return 0;
	return error_set(err, ERR_CONFIG, "the %ss have no base, and the server at %s does not name one suffix: set it",
			 entry_kind_name(scope->kind), ldap_connection_url(connection));
}

/* --- both ------------------------------------------------------------------------------------------------------------- */

static int open_now(struct ldap_source *source, const struct server_choice *choice, struct ldap_connection **ret,
		    struct error *err)
{
	if (server_connect(source->config, choice, ret, err))
		return -1;
	if (!server_read_root(source, *ret, err))
		return 0;
	ldap_connection_close(ret);
	return -1;
}

struct ahead {
	pthread_t thread;
	struct ldap_source *source;
	struct ldap_connection *connection;
	struct error err;
	int status;
};

static void *open_ahead(void *context)
{
	struct ahead *ahead = context;

	ahead->status = open_now(ahead->source, &(const struct server_choice){0}, &ahead->connection, &ahead->err);
	return NULL;
}

void server_open_ahead(struct ldap_source *source)
{
	server_forget(source);
	ldap_prepare(strcmp(source->config->ldap.sasl, "gssapi") == 0);
	source->ahead = xcalloc(1, sizeof(*source->ahead));
	source->ahead->source = source;
	if (pthread_create(&source->ahead->thread, NULL, open_ahead, source->ahead) == 0)
		return;
	free(source->ahead);
	source->ahead = NULL;
}

static int take_ahead(struct ldap_source *source, struct ldap_connection **ret, struct error *err)
{
	struct ahead *ahead = source->ahead;
	int status;

	pthread_join(ahead->thread, NULL);
	status = ahead->status;
	*ret = ahead->connection;
	if (status && err)
		*err = ahead->err;
	free(ahead);
	source->ahead = NULL;
	return status;
}

void server_forget(struct ldap_source *source)
{
	struct ldap_connection *connection = NULL;

	ldap_connection_close(&source->held);
	if (source->ahead && !take_ahead(source, &connection, NULL))
		ldap_connection_close(&connection);
}

int server_open(struct ldap_source *source, const struct server_choice *choice, struct ldap_connection **ret,
		struct error *err)
{
	bool any = !choice->only && !choice->except;

	if (any && source->held) {
		*ret = source->held;
		source->held = NULL;
		return 0;
	}
	if (any && source->ahead)
		return take_ahead(source, ret, err);
	server_forget(source);
	return open_now(source, choice, ret, err);
}

int server_settle(struct ldap_source *source, struct error *err)
{
	if (source->dialect)
		return 0;
	if (*source->config->dialect)
		source->dialect = dialect_find(source->config->dialect);
	else if (server_open(source, &(const struct server_choice){0}, &source->held, err) == 0)
		source->dialect = source->spoken;
	else
		return -1;
	choose_base(source);
	source->settled = *source->config;
	source->settled.dialect = source->dialect->name;
	dialect_fill(source->dialect, &source->settled);
	source->scope_count = scope_list(&source->settled, source->dialect, source->arena, source->scopes);
	if (!*source->config->dialect)
		log_info("source %s is %s", source->config->name, source->dialect->title);
	return 0;
}

struct digest server_settings(const struct ldap_source *source, const char *way)
{
	struct digest_state *state = digest_start();
	const char *const texts[] = {way, source->suffix, source->config->ldap.bind_dn};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		digest_add(state, texts[i], strlen(texts[i]));
	for (size_t i = 0; i < source->scope_count; i++) {
		const struct scope *scope = &source->scopes[i];
		digest_add(state, scope->base, strlen(scope->base));
		digest_add(state, scope->filter, strlen(scope->filter));
		for (size_t k = 0; k < scope->count; k++)
			digest_add(state, scope->attributes[k], strlen(scope->attributes[k]));
	}
	struct digest digest = digest_finish(state);
	digest_free(&state);
	return digest;
}
