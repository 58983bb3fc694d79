/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemons: the store's half of what every rosterd says of itself (schema/0037_daemons.sql): that it is there, and what
 * became of a configuration it was asked to read again.
 *
 * A rosterd goes by its instance: a text of its own for as long as its supervisor lives, whatever becomes of children.
 */
#ifndef ROSTER_DAEMONS_H
#define ROSTER_DAEMONS_H

#include "roster/store.h"

#include <stdbool.h>
#include <stdint.h>

/* For as long as this store is open that rosterd is there, and hears of reloads. process is its supervisor. */
int store_daemon_attend(struct store *store, const char *instance, int64_t process, const char *config_file,
			struct error *err);
/* It ends, and nobody is to wait for it. */
int store_daemon_leave(struct store *store, const char *instance, struct error *err);
/* 1 when it was asked to reload since it last heard of that, 0 or -1. */
int store_daemon_hears(struct store *store, const char *instance, struct error *err);
/* What became of all it had heard of: refused says why its configuration is not in force; NULL when it is. */
int store_daemon_answer(struct store *store, const char *instance, const char *refused, struct error *err);

#endif
