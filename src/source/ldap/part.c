/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/part.h"

#include <string.h>

/* A server that persists and says nothing is asked whether it is there. */
enum { HEARTBEAT_MOST_MS = 30000 };

const char place_filter[] = "(|(objectClass=organizationalUnit)(objectClass=organization)(objectClass=domain)"
			    "(objectClass=dcObject)(objectClass=locality)(objectClass=country)"
			    "(objectClass=container)(objectClass=builtinDomain)(objectClass=nsContainer))";

/* What all parts have in common. */
struct list {
	const struct ldap_source *source;
	const struct following *following;
	struct arena *arena;
	const char *url; /* of the server all are about */
};

static const struct scope *place_scope(const struct list *list)
{
	struct scope *scope = arena_alloc(list->arena, sizeof(*scope));
	const char **attributes = arena_alloc_array(list->arena, 2, sizeof(*attributes));

	attributes[0] = list->following->id;
	attributes[1] = NULL;
	*scope =
	    (struct scope){.filter = place_filter, .id = list->following->id, .attributes = attributes, .count = 1};
	return scope;
}

static struct digest settings_of(const struct list *list, const struct part *part)
{
	const struct ldap_source *source = list->source;
	const struct server_config *server = &source->config->server;
	const char *only[] = {list->url};
	bool is_of_one = list->following->is_of_one_url && list->url;

	return refresh_settings_digest(&(struct refresh_settings){
	    .urls = is_of_one ? only : server->urls,
	    .url_count = is_of_one ? 1 : server->url_count,
	    .bind_dn = source->config->ldap.bind_dn,
	    .vendor = source->vendor,
	    .base = part->base,
	    .filter = part->scope->filter,
	    .scope = SCOPE_SUBTREE,
	    .attributes = part->scope->attributes,
	});
}

static void add(const struct list *list, struct part *part, const struct scope *scope, const char *base)
{
	*part = (struct part){.scope = scope, .base = base};
	part->settings = settings_of(list, part);
}

static const char *canonical(struct arena *arena, const char *base, struct error *err)
{
	struct str text = {0};
	const char *copy = NULL;

	if (!dn_canonical(base, strlen(base), &text, err))
		copy = arena_strdup(arena, str_text(&text));
	str_free(&text);
	return copy;
}

/* Is the base of parts[index] the topmost of its part of the tree, and the first that is so? */
static bool is_topmost(const char *const bases[], size_t count, size_t index)
{
	for (size_t i = 0; i < count; i++) {
		bool same = strcmp(bases[i], bases[index]) == 0;
		if (same ? i < index : dn_is_under(bases[index], bases[i]))
			return false;
	}
	return true;
}

static int add_places(const struct list *list, const struct part kinds[], struct part *parts, struct error *err)
{
	const struct scope *scope = place_scope(list);
	const char *bases[ENTRY_KINDS];
	size_t count = list->source->scope_count;
	int all = 0;

	for (size_t i = 0; i < count; i++) {
		bases[i] = canonical(list->arena, kinds[i].base, err);
		if (!bases[i])
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_topmost(bases, count, i))
			continue;
		add(list, &parts[all], scope, kinds[i].base);
		parts[all].kind = ENTRY_KINDS;
		parts[all++].name = arena_printf(list->arena, "place %s", bases[i]);
	}
	return all;
}

int part_list(const struct ldap_source *source, const struct following *following,
	      const struct ldap_connection *connection, struct arena *arena, struct part parts[PARTS_MOST],
	      struct error *err)
{
	const struct list list = {
	    .source = source, .following = following, .arena = arena, .url = server_url(source->config, connection)};
	struct part kinds[ENTRY_KINDS];
	const char *base;

	for (size_t i = 0; i < source->scope_count; i++) {
		const struct scope *scope = &source->scopes[i];
		if (server_find_base(source, scope, connection, &base, err))
			return -1;
		add(&list, &kinds[i], scope, base);
		kinds[i].kind = (int)scope->kind;
		kinds[i].name = entry_kind_name(scope->kind);
	}
	int count = add_places(&list, kinds, parts, err);
	for (size_t i = 0; count >= 0 && i < source->scope_count; i++)
		parts[count++] = kinds[i];
	return count;
}

static int64_t heartbeat_ms(const struct server_config *config)
{
	int64_t half = config->operation_ms / 2;

	return half < HEARTBEAT_MOST_MS ? half : HEARTBEAT_MOST_MS;
}

int part_start(struct part *part, const struct following *following, struct ldap_connection *connection,
	       const struct part_wish *wish, struct error *err)
{
	const struct refresh_terms terms = {
	    .persist = wish->persist,
	    .settings = part->settings,
	    .stored_by = part->settings,
	    .stored = {.data = str_text(&part->cookie), .size = part->cookie.size},
	    .names_no_present = following->names_no_present,
	};
	struct ldap_sync_search search = {
	    .base = part->base,
	    .scope = SCOPE_SUBTREE,
	    .filter = part->scope->filter,
	    .attributes = part->scope->attributes,
	    .persist = wish->persist,
	    .heartbeat_ms = heartbeat_ms(wish->config),
	};

	refresh_start(&part->refresh, &terms);
	search.cookie = part->refresh.cookie;
	return ldap_sync_start(connection, &search, &part->sync, err);
}

void part_close(struct part *part)
{
	ldap_sync_close(&part->sync);
	ldap_connection_close(&part->connection);
	refresh_free(&part->refresh);
	str_free(&part->cookie);
	uuids_free(&part->changed);
	uuids_free(&part->removed);
}
