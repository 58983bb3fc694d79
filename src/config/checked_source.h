/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of a source share: of the types, and of what all have. */
#ifndef ROSTER_CONFIG_CHECKED_SOURCE_H
#define ROSTER_CONFIG_CHECKED_SOURCE_H

#include "config/load.h"

/* A source with the node it was read from. What is there is asked of the node: a value that was wrong is reported already
 * and counts as there. */
struct checked_source {
	struct loader *loader;
	struct source_config *source;
	const struct conf_node *node;
};

bool source_has(const struct checked_source *checked, const char *name);
void source_require(const struct checked_source *checked, const char *name, const char *hint);

/* One whose people come from an API. */
void check_api(const struct checked_source *checked);
/* Once its names are known, as far as they can be without its server. */
void check_link(const struct checked_source *checked);

#endif
