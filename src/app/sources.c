/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sources.h"

#include "roster/import.h"

#include <inttypes.h>
#include <stdio.h>
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
	error_set(err, ERR_DATA, "there is no source \"%s\" (there are: %s)", only, str_text(&names));
	str_free(&names);
	return -1;
}

const char *sources_names(struct app *app)
{
	const char **names = arena_alloc_array(app->arena, app->config->source_count + 1, sizeof *names);
	struct str text = {0};

	for (size_t i = 0; i < app->config->source_count; i++)
		names[i] = app->config->sources[i].name;
	pg_array(names, app->config->source_count, &text);
	const char *list = arena_strdup(app->arena, str_text(&text));
	str_free(&text);
	return list;
}

int sources_warn_absent(struct app *app, struct store *store, struct error *err)
{
	enum { NAME, PEOPLE, GRANTS };
	struct pg_rows *rows = NULL;

	if (store_sources_absent(store, app->config, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++)
		fprintf(stderr,
			"warning: source %s is not in %s any more; it still lets %" PRId64
			" people in and gives %" PRId64 " roles (see: rosterctl source retire %s)\n",
			pg_text(rows, i, NAME), app->config_file, pg_integer(rows, i, PEOPLE),
			pg_integer(rows, i, GRANTS), pg_text(rows, i, NAME));
	pg_free(&rows);
	return 0;
}
