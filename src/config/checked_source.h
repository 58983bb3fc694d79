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

/* Who roster is to a provider, with the node that says so. */
struct checked_client {
	struct loader *loader;
	const struct client_config *client;
	const struct conf_node *node;
	const char *path; /* "sources.corp" */
};

void client_wrong(const struct checked_client *checked, const char *key, const char *hint, const char *what);
/* An address of a provider; "" is none. */
void check_provider_address(const struct checked_client *checked, const char *key, const char *url);
void check_issuer(const struct checked_client *checked);
/* Its id, and how it proves to have it. A public one may prove nothing. */
void check_client_keys(const struct checked_client *checked, bool may_be_public);

/* One whose people come from an API. */
void check_api(const struct checked_source *checked);
/* Once its names are known, as far as they can be without its server. */
void check_link(const struct checked_source *checked);

#endif
