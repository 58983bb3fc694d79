/* SPDX-License-Identifier: Apache-2.0 */
/* Sources whose people come from the API of an identity provider. */
#include "config/checked_source.h"
#include "roster/text.h"

#include <string.h>

static void wrong(const struct checked_source *checked, const char *key, const char *hint, const char *what)
{
	report_error(checked->loader, child_position(checked->node, key), hint, "\"%s\" %s", key, what);
}

static bool is(const struct checked_source *checked, const char *type)
{
	return strcmp(checked->source->type, type) == 0;
}

/* --- addresses ----------------------------------------------------------------------------------------------------- */

static struct checked_client client_of(const struct checked_source *checked)
{
	return (struct checked_client){checked->loader, &checked->source->client, checked->node,
				       arena_printf(checked->loader->arena, "sources.%s", checked->source->name)};
}

static void check_urls(const struct checked_source *checked)
{
	const struct server_config *server = &checked->source->server;
	const struct checked_client client = client_of(checked);

	for (size_t i = 0; i < server->url_count; i++)
		check_provider_address(&client, "url", server->urls[i]);
	if (server->url_count > 1)
		wrong(checked, "url", "write one address", "names several, and an API has one");
	check_provider_address(&client, "token_url", checked->source->client.token_url);
	check_issuer(&client);
}

/* --- who asks ------------------------------------------------------------------------------------------------------ */

/* Keys that belong together. */
static void check_pair(const struct checked_source *checked, const char *one, const char *other)
{
	if (source_has(checked, one) && !source_has(checked, other))
		wrong(checked, one, "set both", arena_printf(checked->loader->arena, "needs \"%s\" beside it", other));
}

/* The issuer of some types is known, or follows from the address. */
static bool knows_issuer(const struct checked_source *checked)
{
	return is(checked, DIALECT_OKTA) || is(checked, DIALECT_GOOGLE);
}

static void check_client(const struct checked_source *checked)
{
	static const char *const keys[] = {"issuer",      "token_url",   "client_id", "client_secret", "client_key",
					   "client_cert", "client_auth", "scope",     "audience",      "subject"};
	const struct checked_client client = client_of(checked);
	bool issuer = source_has(checked, "issuer") || source_has(checked, "token_url");

	for (size_t i = 0; source_has(checked, "token") && i < sizeof(keys) / sizeof(keys[0]); i++) {
		bool told = is(checked, DIALECT_KEYCLOAK) && strcmp(keys[i], "issuer") == 0;
		if (source_has(checked, keys[i]) && !told)
			wrong(checked, keys[i], "set one of the two", "and \"token\" exclude each other");
	}
	if (source_has(checked, "token"))
		return;
	if (!issuer && !knows_issuer(checked))
		report_error(
		    checked->loader, node_position(checked->node),
		    "write issuer: \"https://...\" with client_id and client_secret, or token: \"credential:NAME\"",
		    "sources.%s does not say how roster proves who it is", checked->source->name);
	else
		check_client_keys(&client, false);
	check_pair(checked, "token_url", "client_id");
}

/* --- what it is asked ---------------------------------------------------------------------------------------------- */

static const char *in(const struct checked_source *checked, const char *group, const char *key)
{
	const struct conf_node *node = conf_child(checked->node, group);

	return node && conf_child(node, key) ? conf_child(node, key)->text : NULL;
}

/* What a preset says by itself. */
static void refuse_description(const struct checked_source *checked)
{
	static const char *const described[] = {"path", "items", "members", "children"};
	static const char *const groups[] = {"users", "groups"};

	if (source_has(checked, "pages"))
		wrong(checked, "pages", "remove it, or set type: \"rest\"", "is for a source of type \"rest\"");
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof(described) / sizeof(described[0]); k++)
			if (in(checked, groups[i], described[k]))
				report_error(
				    checked->loader,
				    node_position(conf_child(conf_child(checked->node, groups[i]), described[k])),
				    "remove it, or set type: \"rest\"", "\"%s\" is for a source of type \"rest\"",
				    described[k]);
}

static void check_place_holder(const struct checked_source *checked, const char *key)
{
	const char *text = in(checked, "groups", key);

	if (text && !strstr(text, "{id}"))
		report_error(checked->loader, node_position(conf_child(conf_child(checked->node, "groups"), key)),
			     "write it as \"/groups/{id}/members\"", "\"%s\" does not say which group", key);
}

static void check_pages(const struct checked_source *checked)
{
	const struct pages_config *pages = &checked->source->pages;
	const char *by = pages->by;
	bool numbered = strcmp(by, "offset") == 0 || strcmp(by, "page") == 0 || strcmp(by, "index") == 0;

	if (!*by && source_has(checked, "pages"))
		wrong(checked, "pages", "write by: \"offset\", page, index, cursor, next, link or none",
		      "does not say by what the next page is named");
	if (numbered && !*pages->at)
		wrong(checked, "pages", "write at: \"offset\"", "does not say the parameter the next page is named by");
	if (strcmp(by, "cursor") == 0 && (!*pages->at || !*pages->next))
		wrong(checked, "pages", "write at: \"cursor\"; next: \"/meta/cursor\"",
		      "needs \"at\" and \"next\" for a cursor");
	if (strcmp(by, "next") == 0 && !*pages->next)
		wrong(checked, "pages", "write next: \"/meta/next\"", "does not say where the next address is");
}

static void check_description(const struct checked_source *checked)
{
	if (!*checked->source->users.path)
		report_error(checked->loader, child_position(checked->node, "users"),
			     "write users: { path: \"/users\" }", "sources.%s does not say where its people are",
			     checked->source->name);
	if (!source_has(checked, "pages"))
		source_require(checked, "pages", "write pages: { by: \"none\" } if one answer holds all");
	check_pages(checked);
	check_place_holder(checked, "members");
	check_place_holder(checked, "children");
}

void check_api(const struct checked_source *checked)
{
	bool url_follows = is(checked, DIALECT_KEYCLOAK) || is(checked, DIALECT_GRAPH) || is(checked, DIALECT_GOOGLE);

	if (is(checked, DIALECT_KEYCLOAK))
		source_require(checked, "issuer", "write issuer: \"https://HOST/realms/REALM\"");
	else if (!url_follows)
		source_require(checked, "url", "write url: \"https://HOST/PATH\"");
	if (is(checked, DIALECT_GOOGLE))
		source_require(checked, "subject", "write subject: \"administrator@your.domain\"");
	else if (source_has(checked, "subject"))
		wrong(checked, "subject", "remove it", "is for a source of type \"google\"");
	if (checked->source->roles && !is(checked, DIALECT_KEYCLOAK))
		wrong(checked, "roles", "remove it", "is for a source of type \"keycloak\"");
	check_urls(checked);
	check_client(checked);
	if (is(checked, DIALECT_REST))
		check_description(checked);
	else
		refuse_description(checked);
}
