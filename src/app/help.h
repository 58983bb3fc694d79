/* SPDX-License-Identifier: Apache-2.0 */
/* help: what rosterctl says about itself, from the table of verbs. */
#ifndef APP_HELP_H
#define APP_HELP_H

#include "roster/error.h"

/* All verbs (NULL), the verbs that begin with a word, or one verb: ERR_USAGE when there is none. */
int help_print(const char *topic, struct error *err);

#endif
