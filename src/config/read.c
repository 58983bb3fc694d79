/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <string.h>

enum { NAMES_MAX = 64 };

/* A group being read. */
struct group {
	const struct conf_node *node;
	const char *pattern; /* in the key table */
	const char *path;    /* as the administrator wrote it */
	void *record;
};

static void read_group(struct loader *loader, const struct group *group);

/* --- one tree from all files --------------------------------------------------------------------------------------- */

static void append(struct loader *loader, struct conf_node *parent, struct conf_node *child)
{
	size_t count = parent->count;

	if (count == 0 || (count >= 8 && (count & (count - 1)) == 0)) {
		struct conf_node **children =
		    arena_alloc_array(loader->arena, count ? 2 * count : 8, sizeof(struct conf_node *));
		if (count > 0)
			memcpy(children, parent->children, count * sizeof(struct conf_node *));
		parent->children = children;
	}
	parent->children[parent->count++] = child;
}

static void report_twice(struct loader *loader, const struct conf_node *again, const struct conf_node *first)
{
	report_error(loader, node_position(again), "keep one of the two", "\"%s\" is already set in %s:%d", again->name,
		     first->file, first->line);
}

static struct conf_node *copy_empty(struct loader *loader, const struct conf_node *node)
{
	struct conf_node *copy = arena_alloc(loader->arena, sizeof(*copy));

	*copy = *node;
	copy->children = NULL;
	copy->count = 0;
	return copy;
}

/* Add what a file has of one section; a setting another file has too is not added. */
static void merge_section(struct loader *loader, struct conf_node *section, const struct conf_node *more)
{
	size_t before = section->count;

	for (size_t i = 0; i < more->count; i++) {
		const struct conf_node *first = NULL;
		for (size_t k = 0; k < before && !first; k++)
			if (strcmp(section->children[k]->name, more->children[i]->name) == 0)
				first = section->children[k];
		if (first)
			report_twice(loader, more->children[i], first);
		else
			append(loader, section, more->children[i]);
	}
}

void tree_merge(struct loader *loader, const struct conf_node *root)
{
	for (size_t i = 0; i < root->count; i++) {
		const struct conf_node *node = root->children[i];
		struct conf_node *known = NULL;
		for (size_t k = 0; k < loader->root->count && !known; k++)
			if (strcmp(loader->root->children[k]->name, node->name) == 0)
				known = loader->root->children[k];
		if (known && (known->type != CONF_GROUP || node->type != CONF_GROUP)) {
			report_twice(loader, node, known);
			continue;
		}
		if (!known) {
			known = copy_empty(loader, node);
			append(loader, loader->root, known);
		}
		merge_section(loader, known, node);
	}
}

/* --- what is wrong already ------------------------------------------------------------------------------------------- */

void report_early(struct loader *loader, const struct reported *setting)
{
	size_t count = loader->reported_count;
	struct reported *reported = arena_alloc_array(loader->arena, count + 1, sizeof(*reported));

	if (count > 0)
		memcpy(reported, loader->reported, count * sizeof(*reported));
	reported[count] = *setting;
	loader->reported = reported;
	loader->reported_count++;
}

static bool is_reported(const struct loader *loader, const struct conf_node *node)
{
	for (size_t i = 0; i < loader->reported_count; i++) {
		const struct reported *setting = &loader->reported[i];
		if (setting->file == node->file && setting->line == node->line && strlen(node->name) == setting->size &&
		    memcmp(node->name, setting->name, setting->size) == 0)
			return true;
	}
	return false;
}

/* The flaw a rule has when this key of it is wrong; 0 when that makes no difference to the others. */
static unsigned int rule_flaw_of(const char *key)
{
	static const struct {
		const char *key;
		enum rule_flaw flaw;
	} flaws[] = {
	    {"group", RULE_FLAW_SELECT},    {"filter", RULE_FLAW_SELECT}, {"match", RULE_FLAW_SELECT},
	    {"subtree", RULE_FLAW_SELECT},  {"users", RULE_FLAW_SELECT},  {"into", RULE_FLAW_INTO},
	    {"role", RULE_FLAW_ROLE},       {"role_by", RULE_FLAW_ROLE},  {"admin", RULE_FLAW_ROLE},
	    {"max_depth", RULE_FLAW_DEPTH},
	};

	for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++)
		if (strcmp(flaws[i].key, key) == 0)
			return flaws[i].flaw;
	return 0;
}

/* What is wrong with a key of this record; only a rule keeps it. */
static void note_flaw(const struct key *key, void *record)
{
	if (key_record(key) == RECORD_RULE)
		((struct rule_config *)record)->flaws |= rule_flaw_of(key_leaf(key));
}

/* --- unknown and missing keys -------------------------------------------------------------------------------------- */

/* "sources.*.users" for a key that is known below pattern, though not in it; NULL when it is not. */
static const char *other_place(struct loader *loader, const char *pattern, const char *name)
{
	size_t count;
	const struct key *keys = keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		const char *leaf = key_leaf(&keys[i]);
		if (strcmp(leaf, name) == 0 && leaf > keys[i].entry.path &&
		    text_starts_with(keys[i].entry.path, pattern))
			return arena_strndup(loader->arena, keys[i].entry.path,
					     (size_t)(leaf - keys[i].entry.path) - 1);
	}
	return NULL;
}

static const char *known_names(struct loader *loader, const char *const *names, size_t count)
{
	struct str known = {0};

	for (size_t i = 0; i < count; i++)
		str_printf(&known, "%s%s", i ? ", " : "", names[i]);
	const char *hint = arena_printf(loader->arena, "known here: %s", str_text(&known));
	str_free(&known);
	return hint;
}

static const char *unknown_hint(struct loader *loader, const char *pattern, const char *name)
{
	const char *names[NAMES_MAX];
	size_t count = key_names(pattern, names, NAMES_MAX);
	const char *place = other_place(loader, pattern, name);
	const char *near = text_nearest(name, names, count);

	if (!place && near)
		return arena_printf(loader->arena, "did you mean \"%s\"?", near);
	if (!place)
		place = other_place(loader, "", name);
	return place ? arena_printf(loader->arena, "it belongs in %s", place) : known_names(loader, names, count);
}

static void report_unknown(struct loader *loader, const struct group *group, const struct conf_node *node)
{
	const char *hint = unknown_hint(loader, group->pattern, node->name);

	if (*group->path)
		report_error(loader, node_position(node), hint, "unknown key \"%s\" in %s", node->name, group->path);
	else
		report_error(loader, node_position(node), hint, "unknown key \"%s\"", node->name);
}

static void check_required(struct loader *loader, const struct group *group)
{
	size_t count;
	const struct key *keys = keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (!(keys[i].flags & KEY_REQUIRED) || !key_is_child(&keys[i], group->pattern) ||
		    conf_child(group->node, key_leaf(&keys[i])))
			continue;
		note_flaw(&keys[i], group->record);
		if (*group->path)
			report_error(loader, node_position(group->node), keys[i].entry.help, "%s has no \"%s\"",
				     group->path, key_leaf(&keys[i]));
		else if (!loader->partial)
			report_error(loader, node_position(group->node), "write version: 1 as its first line",
				     "the file does not say \"%s\"", key_leaf(&keys[i]));
	}
}

/* --- groups -------------------------------------------------------------------------------------------------------- */

/* The record a named group fills: a new source, rule or target, or the one around it. */
static void *record_for(struct loader *loader, const struct key *key, const struct conf_node *node, void *record)
{
	struct config *config = loader->config;

	if (strcmp(key->entry.path, "sources.*") == 0) {
		struct source_config *source = &config->sources[config->source_count];
		loader->source_nodes[config->source_count] = node;
		value_defaults(loader->arena, RECORD_SOURCE, source);
		source->name = node->name;
		source->position = node_position(node);
		source->order = config->source_count++;
		return source;
	}
	if (strcmp(key->entry.path, "rules.*") == 0) {
		struct rule_config *rule = &config->rules[config->rule_count];
		loader->rule_nodes[config->rule_count++] = node;
		value_defaults(loader->arena, RECORD_RULE, rule);
		rule->name = node->name;
		rule->position = node_position(node);
		return rule;
	}
	if (strcmp(key->entry.path, "targets.*") == 0) {
		struct target_config *target = &config->targets[config->target_count];
		loader->target_nodes[config->target_count++] = node;
		value_defaults(loader->arena, RECORD_TARGET, target);
		target->name = node->name;
		target->position = node_position(node);
		return target;
	}
	return record;
}

static void read_child_group(struct loader *loader, const struct group *group, const struct key *key,
			     const struct conf_node *node)
{
	const char *path = *group->path ? arena_printf(loader->arena, "%s.%s", group->path, node->name) : node->name;

	if (node->type != CONF_GROUP) {
		const char *names[NAMES_MAX];
		bool chosen = strcmp(key_leaf(key), "*") == 0;
		const char *near =
		    chosen ? text_nearest(node->name, names, key_names(group->pattern, names, NAMES_MAX)) : NULL;
		report_error(loader, node_position(node),
			     near ? arena_printf(loader->arena, "did you mean \"%s\"?", near) : "write it as { ... }",
			     "\"%s\" must be a group, not %s", node->name, conf_type_name(node->type));
		return;
	}
	if (key->offset != KEY_NOWHERE)
		*(bool *)((char *)group->record + key->offset) = true;
	struct group child = {node, key->entry.path, path, record_for(loader, key, node, group->record)};
	read_group(loader, &child);
}

static void read_group(struct loader *loader, const struct group *group)
{
	for (size_t i = 0; i < group->node->count; i++) {
		const struct conf_node *node = group->node->children[i];
		const struct key *key = key_child(group->pattern, node->name);
		if (!key)
			report_unknown(loader, group, node);
		else if (key->kind == KEY_GROUP)
			read_child_group(loader, group, key, node);
		else if (is_reported(loader, node) || value_store(loader, key, node, group->record) < 0)
			note_flaw(key, group->record);
	}
	check_required(loader, group);
}

static size_t child_count(const struct conf_node *root, const char *name)
{
	const struct conf_node *node = conf_child(root, name);
	return node ? node->count : 0;
}

void tree_read(struct loader *loader)
{
	struct config *config = loader->config;
	size_t sources = child_count(loader->root, "sources"), rules = child_count(loader->root, "rules");
	size_t targets = child_count(loader->root, "targets");

	config->sources = arena_alloc_array(loader->arena, sources, sizeof(*config->sources));
	config->rules = arena_alloc_array(loader->arena, rules, sizeof(*config->rules));
	config->targets = arena_alloc_array(loader->arena, targets, sizeof(*config->targets));
	loader->source_nodes = arena_alloc_array(loader->arena, sources, sizeof(*loader->source_nodes));
	loader->rule_nodes = arena_alloc_array(loader->arena, rules, sizeof(*loader->rule_nodes));
	loader->target_nodes = arena_alloc_array(loader->arena, targets, sizeof(*loader->target_nodes));
	value_defaults(loader->arena, RECORD_CONFIG, config);
	struct group root = {loader->root, "", "", config};
	read_group(loader, &root);
}
