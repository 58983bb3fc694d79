/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are for sources, or targets, of another type. */
#include "config/load.h"

void check_types(struct loader *loader, const struct conf_node *node, const char *pattern, const char *what,
		 const char *type)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *child = node->children[i];
		const struct key *key = child->name ? key_child(pattern, child->name) : NULL;
		if (!key)
			continue;
		if (!key_applies(key, key_type_of(type)))
			report_error(loader, node_position(child), "remove it, or correct the type",
				     "\"%s\" does not apply to a %s of type \"%s\"", child->name, what, type);
		else if (key->kind == KEY_GROUP && child->type == CONF_GROUP)
			check_types(loader, child, key->entry.path, what, type);
	}
}
