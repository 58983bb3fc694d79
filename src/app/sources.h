/* SPDX-License-Identifier: Apache-2.0 */
/* sources: which sources of the configuration a verb is about. */
#ifndef APP_SOURCES_H
#define APP_SOURCES_H

#include "roster/app.h"
#include "roster/config.h"

/* only NULL: all of them. */
bool source_is_asked(const struct source_config *source, const char *only);
/* ERR_USAGE unless only is NULL or names a source, and there is one at all. */
int sources_check(const struct config *config, const char *only, struct error *err);

/* The names of all sources of the configuration, as a list for the model; from app's arena. */
const char *sources_names(struct app *app);
/* Warn of sources that give something and are not in the configuration any more. -1 when the database cannot be asked. */
int sources_warn_absent(struct app *app, struct store *store, struct error *err);

#endif
