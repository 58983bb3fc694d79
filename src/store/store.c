/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/store.h"
#include "store/private.h"

#include "roster/arena.h"

#include <stdio.h>
#include <stdlib.h>

const char *number_text(int64_t number, char text[NUMBER_TEXT])
{
	snprintf(text, NUMBER_TEXT, "%lld", (long long)number);
	return text;
}

/* Operators come as themselves: the server proves who they are. */
static const char *user_of(const struct database_config *database, enum store_right right)
{
	switch (right) {
	case STORE_DAEMON:
		return database->daemon_role;
	case STORE_OWNER:
		return database->owner_role;
	default:
		return NULL;
	}
}

int store_open(const struct database_config *database, enum store_right right, struct store **ret, struct error *err)
{
	/* Our statements are many and short: compiling them costs more than it saves. A process that was killed must not hold
	 * its locks until the server next has something to say to it. */
	static const char *const limits = "set lock_timeout = '30s'; set idle_in_transaction_session_timeout = '1h'; "
					  "set client_connection_check_interval = '2s'; set jit = off";
	struct store *store = xcalloc(1, sizeof *store);

	if (pg_open(database->conninfo, user_of(database, right), "roster", &store->pg, err) != 0 ||
	    pg_run(store->pg, limits, err) != 0) {
		store_close(&store);
		return -1;
	}
	*ret = store;
	return 0;
}

void store_close(struct store **store)
{
	if (*store == NULL)
		return;
	pg_close(&(*store)->pg);
	free(*store);
	*store = NULL;
}

int store_begin(struct store *store, struct error *err)
{
	if (pg_run(store->pg, "begin isolation level read committed", err) != 0)
		return -1;
	store->open = true;
	return 0;
}

int store_commit(struct store *store, struct error *err)
{
	store->open = false;
	return pg_run(store->pg, "commit", err);
}

void store_rollback(struct store *store)
{
	if (store->open)
		pg_run(store->pg, "rollback", NULL);
	store->open = false;
}
