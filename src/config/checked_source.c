/* SPDX-License-Identifier: Apache-2.0 */
#include "config/checked_source.h"

bool source_has(const struct checked_source *checked, const char *name)
{
	return conf_child(checked->node, name) != NULL;
}

void source_require(const struct checked_source *checked, const char *name, const char *hint)
{
	if (!source_has(checked, name))
		report_error(checked->loader, node_position(checked->node), hint, "sources.%s has no \"%s\"",
			     checked->source->name, name);
}
