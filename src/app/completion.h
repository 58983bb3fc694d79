/* SPDX-License-Identifier: Apache-2.0 */
/* completion: the words a shell may offer, from the table of verbs. */
#ifndef APP_COMPLETION_H
#define APP_COMPLETION_H

#include "roster/app.h"

int cmd_completion(struct app *app, int argc, char **argv, struct error *err);

#endif
