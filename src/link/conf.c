/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/conf.h"

#include <libconfig.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

const char *conf_type_name(enum conf_type type)
{
	static const char *const names[] = {
	    [CONF_GROUP] = "a group",    [CONF_LIST] = "a list",        [CONF_STRING] = "a string",
	    [CONF_INTEGER] = "a number", [CONF_REAL] = "a real number", [CONF_TRUTH] = "true or false",
	};
	return names[type];
}

static enum conf_type type_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return CONF_GROUP;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return CONF_LIST;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return CONF_INTEGER;
	case CONFIG_TYPE_FLOAT:
		return CONF_REAL;
	case CONFIG_TYPE_BOOL:
		return CONF_TRUTH;
	default:
		return CONF_STRING;
	}
}

static void copy_scalar(const config_setting_t *setting, struct arena *arena, struct conf_node *node)
{
	if (node->type == CONF_INTEGER && config_setting_type(setting) == CONFIG_TYPE_INT)
		node->integer = config_setting_get_int(setting);
	else if (node->type == CONF_INTEGER)
		node->integer = config_setting_get_int64(setting);
	else if (node->type == CONF_TRUTH)
		node->truth = config_setting_get_bool(setting) != 0;
	else if (node->type == CONF_STRING)
		node->text = arena_strdup(arena, config_setting_get_string(setting));
}

/* NULL when nested too deeply. */
static struct conf_node *copy_node(const config_setting_t *setting, const char *file, struct arena *arena, int depth)
{
	if (depth > DEPTH_MAX)
		return NULL;
	struct conf_node *node = arena_alloc(arena, sizeof(*node));
	node->type = type_of(setting);
	node->name = arena_strdup(arena, config_setting_name(setting));
	node->file = file;
	node->line = config_setting_is_root(setting) ? 0 : (int)config_setting_source_line(setting);
	if (!config_setting_is_aggregate(setting)) {
		copy_scalar(setting, arena, node);
		return node;
	}
	node->count = (size_t)config_setting_length(setting);
	node->children = arena_alloc_array(arena, node->count, sizeof(*node->children));
	for (size_t i = 0; i < node->count; i++) {
		node->children[i] =
		    copy_node(config_setting_get_elem(setting, (unsigned int)i), file, arena, depth + 1);
		if (!node->children[i])
			return NULL;
	}
	return node;
}

int conf_parse(const char *text, const char *file, struct arena *arena, struct conf_node **ret, int *line,
	       struct error *err)
{
	int status = -1;
	config_t config;

	config_init(&config);
	*line = 0;
	if (config_read_string(&config, text) != CONFIG_TRUE) {
		*line = config_error_line(&config);
		error_set(err, ERR_CONFIG, "%s", config_error_text(&config));
		goto out;
	}
	*ret = copy_node(config_root_setting(&config), file, arena, 0);
	if (!*ret) {
		error_set(err, ERR_CONFIG, "groups are nested more than %d deep", DEPTH_MAX);
		goto out;
	}
	status = 0;
out:
	config_destroy(&config);
	return status;
}

const struct conf_node *conf_child(const struct conf_node *node, const char *name)
{
	for (size_t i = 0; node && i < node->count; i++)
		if (node->children[i]->name && strcmp(node->children[i]->name, name) == 0)
			return node->children[i];
	return NULL;
}
