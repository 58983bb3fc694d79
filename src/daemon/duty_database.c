/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded PostgreSQL. */
#include "roster/daemon.h"

#include <string.h>

static int run(const struct child_context *context, struct error *err)
{
	return cluster_run(context->config->database.embedded, context, err);
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (config->database.embedded[0] != '\0')
		add(context, "");
}

static bool keeps(const struct config *before, const struct config *after)
{
	const struct database_config *a = &before->database, *b = &after->database;

	return strcmp(a->embedded, b->embedded) == 0 && strcmp(a->owner_role, b->owner_role) == 0 &&
	       strcmp(a->daemon_role, b->daemon_role) == 0;
}

const struct duty duty_database = {
    .name = "database",
    .run = run,
    .wanted = wanted,
    .foundation = true,
    .keeps = keeps,
};
