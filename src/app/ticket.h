/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticket: the token of who signed in, kept for his next commands: a file of his own, mode 0600, in $XDG_RUNTIME_DIR/roster or,
 * where there is none, $XDG_STATE_HOME/roster. Each roster has one of its own.
 */
#ifndef APP_TICKET_H
#define APP_TICKET_H

#include "roster/app.h"

/* 1 with the token, from the arena; 0 when there is none. A file that others may read or write is refused. */
int ticket_read(const struct app *app, const char **ret, struct error *err);
int ticket_write(const struct app *app, const char *token, struct error *err);
void ticket_remove(const struct app *app);

#endif
