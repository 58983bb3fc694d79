/* SPDX-License-Identifier: Apache-2.0 */
/* sources: which sources of the configuration a verb is about. */
#ifndef APP_SOURCES_H
#define APP_SOURCES_H

#include "roster/config.h"

/* only NULL: all of them. */
bool source_is_asked(const struct source_config *source, const char *only);
/* ERR_USAGE unless only is NULL or names a source, and there is one at all. */
int sources_check(const struct config *config, const char *only, struct error *err);

#endif
