/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a finished configuration. */
#include "roster/config.h"

#include <string.h>

const struct source_config *config_source(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->source_count; i++)
		if (strcmp(config->sources[i].name, name) == 0)
			return &config->sources[i];
	return NULL;
}

const struct target_config *config_target(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].name, name) == 0)
			return &config->targets[i];
	return NULL;
}

const char *config_target_address(const struct target_config *target)
{
	return *target->url ? target->url : target->exec;
}

bool config_has_target(const struct config *config, const char *type)
{
	for (size_t i = 0; i < config->target_count; i++)
		if (strcmp(config->targets[i].type, type) == 0)
			return true;
	return false;
}
