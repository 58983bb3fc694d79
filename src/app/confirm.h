/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm: what a verb that takes something away says and asks before it does.
 *
 * What goes is told on standard error. On a terminal the question is asked there; without one nobody can be asked, so --yes
 * must have been given, and otherwise nothing is to be done and the exit code is 2.
 */
#ifndef APP_CONFIRM_H
#define APP_CONFIRM_H

#include "roster/app.h"

/* True when it is to be done. */
bool app_confirm(struct app *app, const char *what, const char *question, bool yes);

#endif
