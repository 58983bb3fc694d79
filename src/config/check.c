/* SPDX-License-Identifier: Apache-2.0 */
#include "config/address.h"
#include "config/load.h"
#include "config/peer.h"

#include <string.h>

/* A source or a rule with the node it was read from. What is there is asked of the node: a value that was wrong is
 * reported already and counts as there. */
struct checked_source {
	struct loader *loader;
	struct source_config *source;
	const struct conf_node *node;
};

struct checked_rule {
	struct loader *loader;
	struct rule_config *rule;
	const struct conf_node *node;
};

static bool has(const struct conf_node *node, const char *name)
{
	return conf_child(node, name) != NULL;
}

/* --- sources ------------------------------------------------------------------------------------------------------- */

static void refuse_keys(const struct checked_source *checked, unsigned int flag)
{
	for (size_t i = 0; i < checked->node->count; i++) {
		const struct conf_node *node = checked->node->children[i];
		const struct key *key = key_child("sources.*", node->name);
		if (key && (key->flags & flag))
			report_error(checked->loader, node_position(node), "remove it, or correct the type",
				     "\"%s\" does not apply to a source of type \"%s\"", node->name,
				     checked->source->type);
	}
}

static void require(const struct checked_source *checked, const char *name, const char *hint)
{
	if (!has(checked->node, name))
		report_error(checked->loader, node_position(checked->node), hint, "sources.%s has no \"%s\"",
			     checked->source->name, name);
}

static bool has_credentials(const struct checked_source *checked)
{
	return has(checked->node, "bind_dn") || has(checked->node, "password");
}

static void check_server(const struct checked_source *checked, const char *url)
{
	struct flaw flaws[FLAWS_MAX];
	size_t count = address_ldap_flaws(url, flaws);

	for (size_t i = 0; i < count; i++)
		report_error(checked->loader, child_position(checked->node, "url"), flaws[i].hint, "\"url\" %s",
			     flaws[i].what);
}

/* What it has of other domains is a part of each entry: no members of their global and local groups. */
static void check_catalogue(const struct checked_source *checked, const char *url)
{
	const char *dialect = checked->source->dialect;

	if (address_is_catalogue(url) && (*dialect == '\0' || strcmp(dialect, DIALECT_AD) == 0))
		report_error(checked->loader, child_position(checked->node, "url"),
			     "use ldaps://HOST (port 636), and a source for each domain; for another server on that "
			     "port set its dialect",
			     "%s is a global catalog, which lacks members of groups and more", url);
}

static void check_url(const struct checked_source *checked, const char *url)
{
	const struct ldap_config *ldap = &checked->source->ldap;
	struct position position = child_position(checked->node, "url");

	if (!text_starts_with(url, "ldap://") && !text_starts_with(url, "ldaps://") &&
	    !text_starts_with(url, "ldapi://")) {
		report_error(checked->loader, position, "write ldaps://HOST, ldap://HOST or ldapi://PATH",
			     "%s is not the address of an LDAP server", url);
		return;
	}
	if (!text_starts_with(url, "ldapi://")) {
		check_server(checked, url);
		check_catalogue(checked, url);
	}
	if (!text_starts_with(url, "ldap://")) {
		if (ldap->starttls)
			report_error(checked->loader, child_position(checked->node, "starttls"), "remove starttls",
				     "\"starttls\" is for ldap:// addresses, not for %s", url);
		return;
	}
	if (has_credentials(checked) && !ldap->starttls && !ldap->allow_plaintext && !peer_is_local_url(url))
		report_error(checked->loader, position,
			     "use ldaps://, or starttls: true; allow_plaintext: true if it must be",
			     "the password would go to %s without encryption", url);
}

static void check_bind(const struct checked_source *checked)
{
	static const char *const pairs[][2] = {{"bind_dn", "password"}, {"password", "bind_dn"}};

	for (size_t i = 0; i < 2; i++)
		if (has(checked->node, pairs[i][0]) && !has(checked->node, pairs[i][1]))
			report_error(checked->loader, child_position(checked->node, pairs[i][0]),
				     "set both, or none for an anonymous bind", "\"%s\" needs \"%s\" beside it",
				     pairs[i][0], pairs[i][1]);
	if (has(checked->node, "sasl") && has_credentials(checked))
		report_error(checked->loader, child_position(checked->node, "sasl"), "set one of the two",
			     "\"sasl\" and a bind with a password exclude each other");
}

static void check_keytab(const struct checked_source *checked)
{
	bool gssapi = strcmp(checked->source->ldap.sasl, "gssapi") == 0;

	if (gssapi && !has(checked->node, "keytab"))
		report_error(checked->loader, child_position(checked->node, "sasl"), "set keytab to its file",
			     "\"sasl: gssapi\" needs a \"keytab\" beside it");
	for (size_t i = 0; gssapi && i < checked->source->ldap.url_count; i++)
		if (checked->source->ldap.starttls || !text_starts_with(checked->source->ldap.urls[i], "ldap://"))
			report_error(checked->loader, child_position(checked->node, "sasl"),
				     "use ldap:// addresses, without starttls",
				     "Kerberos encrypts by itself, and is not for %s with TLS or over a socket",
				     checked->source->ldap.urls[i]);
	if (!gssapi && has(checked->node, "keytab"))
		report_error(checked->loader, child_position(checked->node, "keytab"),
			     "set sasl: \"gssapi\", or remove it", "\"keytab\" is for \"sasl: gssapi\" only");
}

static void check_ldap(const struct checked_source *checked)
{
	refuse_keys(checked, KEY_LDIF);
	require(checked, "url", "write url: \"ldaps://HOST\"");
	check_bind(checked);
	check_keytab(checked);
	for (size_t i = 0; i < checked->source->ldap.url_count; i++)
		check_url(checked, checked->source->ldap.urls[i]);
}

static void check_ldif(const struct checked_source *checked)
{
	refuse_keys(checked, KEY_LDAP);
	require(checked, "file", "write file: \"people.ldif\"");
}

void check_sources(struct loader *loader)
{
	for (size_t i = 0; i < loader->config->source_count; i++) {
		struct checked_source checked = {loader, &loader->config->sources[i], loader->source_nodes[i]};
		if (strcmp(checked.source->name, "hand") == 0)
			report_error(loader, node_position(checked.node), "choose another name",
				     "\"hand\" stands for what administrators give by hand and is no source");
		if (strcmp(checked.source->type, "ldap") == 0)
			check_ldap(&checked);
		else if (strcmp(checked.source->type, "ldif") == 0)
			check_ldif(&checked);
		/* A server can be asked; a file means what is usual, unless it says otherwise. */
		if (*checked.source->dialect || strcmp(checked.source->type, "ldap") != 0)
			dialect_fill(dialect_find(checked.source->dialect), checked.source);
	}
}

/* --- rules --------------------------------------------------------------------------------------------------------- */

static void rule_error(const struct checked_rule *checked, const char *key, const char *hint, const char *what)
{
	report_error(checked->loader, child_position(checked->node, key), hint, "rule \"%s\" %s", checked->rule->name,
		     what);
}

static void check_selectors(const struct checked_rule *checked)
{
	const char *first = NULL;

	for (size_t i = 0; i < checked->node->count; i++) {
		const struct conf_node *node = checked->node->children[i];
		const struct key *key = key_child("rules.*", node->name);
		if (!key || key->kind != KEY_SELECTOR)
			continue;
		if (first)
			checked->rule->flaws |= RULE_FLAW_SELECT;
		if (first)
			rule_error(
			    checked, node->name, "write one rule for each",
			    arena_printf(checked->loader->arena, "has both \"%s\" and \"%s\"", first, node->name));
		else
			first = node->name;
	}
	if (first)
		return;
	checked->rule->flaws |= RULE_FLAW_SELECT;
	rule_error(checked, "", "it needs one of: group, filter, match, subtree, users",
		   "does not say which entries it is about");
}

/* The types of sources there are name their groups by DNs: a rule for another name would match nothing, in silence. */
static void check_group(const struct checked_rule *checked)
{
	const char *select = checked->rule->select;

	if (checked->rule->selector != RULE_GROUP || !*select || (*select != '/' && strchr(select, '=')))
		return;
	checked->rule->flaws |= RULE_FLAW_SELECT;
	rule_error(checked, "group", "write group: \"CN=NAME,OU=...,DC=...\"",
		   arena_printf(checked->loader->arena, "names the group \"%s\", which is not a DN", select));
}

static void check_role(const struct checked_rule *checked)
{
	const struct conf_node *role = conf_child(checked->node, "role");
	bool role_by = has(checked->node, "role_by");
	size_t errors = checked->loader->findings->errors;

	if (checked->rule->admin && (role || role_by))
		rule_error(checked, "admin", "write two rules", "gives both a role and administration of the group");
	else if (!role && !has(checked->node, "admin"))
		rule_error(checked, "", "write role: \"NAME\", or admin: true", "gives nothing");
	else if (!role && !checked->rule->admin)
		rule_error(checked, "admin", "write role: \"NAME\", or admin: true", "gives nothing");
	else if (role && role->type == CONF_GROUP && !role_by)
		rule_error(checked, "role", "write role_by: \"NAME\" with the name of a capture",
			   "does not say which capture chooses the role");
	else if (role && role->type != CONF_GROUP && role_by)
		rule_error(checked, "role_by", "write role: { VALUE: \"Role\"; ... }",
			   "chooses by a capture, but has only one role");
	if (checked->loader->findings->errors > errors)
		checked->rule->flaws |= RULE_FLAW_ROLE;
}

static void check_source_name(const struct checked_rule *checked)
{
	const struct config *config = checked->loader->config;
	const char *name = checked->rule->source;
	struct arena *arena = checked->loader->arena;

	if (!*name || config_source(config, name) || checked->loader->partial)
		return;
	const char **names = arena_alloc_array(arena, config->source_count, sizeof(*names));
	for (size_t i = 0; i < config->source_count; i++)
		names[i] = config->sources[i].name;
	const char *near = text_nearest(name, names, config->source_count);
	rule_error(checked, "source", near ? arena_printf(arena, "did you mean \"%s\"?", near) : NULL,
		   arena_printf(arena, "looks at \"%s\", which is not among the sources", name));
}

static bool has_units(const struct config *config, const char *source)
{
	for (size_t i = 0; i < config->source_count; i++)
		if (config->sources[i].units.present && (!*source || strcmp(config->sources[i].name, source) == 0))
			return true;
	return false;
}

static void check_subtree(const struct checked_rule *checked)
{
	const struct conf_node *subtree = conf_child(checked->node, "subtree");
	const struct config *config = checked->loader->config;
	const char *source = checked->rule->source;

	if (!subtree && checked->rule->max_depth > 0) {
		checked->rule->flaws |= RULE_FLAW_DEPTH;
		rule_error(checked, "max_depth", "remove it", "has no subtree whose depth could be limited");
	}
	if (subtree && !checked->loader->partial && (!*source || config_source(config, source)) &&
	    !has_units(config, source))
		rule_error(checked, "subtree", "add units: { base: \"OU=...,DC=...\" } to the source",
			   "follows organizational units, but its source reads none");
}

static void check_admins(const struct checked_rule *checked)
{
	const struct conf_node *rules = conf_child(checked->loader->root, "rules");

	if (*checked->rule->into != '/' || has(checked->node, "admins") || has(rules, "default_admins") ||
	    checked->loader->partial)
		return;
	rule_error(checked, "into", "add default_admins: [ \"LOGIN\" ] to rules, or admins to the rule",
		   "can make groups, but nobody is named as their admin");
}

void check_rules(struct loader *loader)
{
	for (size_t i = 0; i < loader->config->rule_count; i++) {
		struct checked_rule checked = {loader, &loader->config->rules[i], loader->rule_nodes[i]};
		check_source_name(&checked);
		check_selectors(&checked);
		check_group(&checked);
		check_role(&checked);
		check_subtree(&checked);
		check_admins(&checked);
	}
}
