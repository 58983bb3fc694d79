/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sources.h"

#include <string.h>

bool source_is_asked(const struct source_config *source, const char *only)
{
	return only == NULL || strcmp(source->name, only) == 0;
}

int sources_check(const struct config *config, const char *only, struct error *err)
{
	struct str names = {0};

	if (config->source_count == 0)
		return error_set(err, ERR_CONFIG, "%s has no source; add one to sources: { ... }", config->file);
	if (only == NULL || config_source(config, only) != NULL)
		return 0;
	for (size_t i = 0; i < config->source_count; i++)
		str_printf(&names, "%s%s", i == 0 ? "" : ", ", config->sources[i].name);
	error_set(err, ERR_USAGE, "there is no source \"%s\" (there are: %s)", only, str_text(&names));
	str_free(&names);
	return -1;
}
