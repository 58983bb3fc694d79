/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <string.h>

/* A rule with the node it was read from. What is there is asked of the node: a value that was wrong is reported already and
 * counts as there. */
struct checked_rule {
	struct loader *loader;
	struct rule_config *rule;
	const struct conf_node *node;
};

static bool has(const struct conf_node *node, const char *name)
{
	return conf_child(node, name) != NULL;
}

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

/* Does the rule look at a source whose groups have paths, and at one whose groups have DNs? */
static void find_kinds(const struct checked_rule *checked, bool *paths, bool *dns)
{
	const struct config *config = checked->loader->config;
	const char *only = checked->rule->source;

	*paths = *dns = checked->loader->partial;
	for (size_t i = 0; i < config->source_count; i++) {
		if (*only && strcmp(config->sources[i].name, only) != 0)
			continue;
		*(source_is_api(&config->sources[i]) ? paths : dns) = true;
	}
}

static bool is_path(const char *select)
{
	return *select == '/' || text_starts_with(select, "role:");
}

/* Where no source names its groups so, the rule would match nothing, in silence. */
static void check_group(const struct checked_rule *checked)
{
	const char *select = checked->rule->select;
	bool paths, dns;

	if (checked->rule->selector != RULE_GROUP || !*select)
		return;
	find_kinds(checked, &paths, &dns);
	bool path = is_path(select);
	if ((path && paths) || (!path && strchr(select, '=') && (dns || !paths)))
		return;
	checked->rule->flaws |= RULE_FLAW_SELECT;
	if (paths && !dns)
		rule_error(checked, "group", "write group: \"/PATH\"",
			   arena_printf(checked->loader->arena, "names the group \"%s\", which is not a path", select));
	else
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
