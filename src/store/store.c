/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/store.h"
#include "store/private.h"

#include "roster/arena.h"
#include "roster/cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *number_text(int64_t number, char text[NUMBER_TEXT])
{
	snprintf(text, NUMBER_TEXT, "%lld", (long long)number);
	return text;
}

void array_add(struct str *array, const char *text)
{
	struct str literal = {0};

	pg_array(&text, 1, &literal);
	str_add_char(array, array->size == 0 ? '{' : ',');
	str_append(array, str_text(&literal) + 1, literal.size - 2);
	str_free(&literal);
}

const char *array_close(struct str *array)
{
	str_add(array, array->size == 0 ? "{}" : "}");
	return str_text(array);
}

/* Operators come as themselves: the server proves who they are. */
static const char *user_of(const struct database_config *database, enum store_right right)
{
	switch (right) {
	case STORE_DAEMON:
		return database->daemon_role;
	case STORE_OWNER:
		return database->owner_role;
	case STORE_SIGNIN:
		return database->signin_role;
	case STORE_SIGNALS:
		return database->signals_role;
	default:
		return NULL;
	}
}

/* 0, or the errno of knocking at the socket of the private cluster. */
static int knock(const char *directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct arena *arena = arena_new();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed = 0;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", cluster_paths(directory, arena).socket);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		failed = errno;
	if (fd >= 0)
		close(fd);
	arena_free(&arena);
	return failed;
}

/* A server that starts, ends or is full lets nobody in either, and says so. */
static bool is_unknown_here(const struct error *err)
{
	return strstr(err->text, "authentication failed") != NULL ||
	       (strstr(err->text, "role \"") != NULL && strstr(err->text, "does not exist") != NULL);
}

/* What libpq says is about servers in general; why the private one does not let us in can be said better. */
static int refuse_embedded(const char *directory, enum store_right right, struct error *err)
{
	int failed = knock(directory);

	if (failed == EACCES)
		return error_hint(err, "this user may not pass through the folders on the way to %s", directory);
	if (failed == ENOENT || failed == ECONNREFUSED)
		return right != STORE_OPERATOR && right != STORE_OWNER
			   ? error_hint(err, "the database of rosterd in %s does not run", directory)
			   : error_hint(err, "is rosterd running? it keeps the database in %s", directory);
	if (failed == 0 && is_unknown_here(err))
		return error_hint(err,
				  "the user rosterd runs as may do everything here, others are the role of their own "
				  "name, if there is one");
	return -1;
}

int store_open(const struct database_config *database, enum store_right right, struct store **ret, struct error *err)
{
	static const char *const roles[] = {[STORE_DAEMON] = "roster_daemon",
					    [STORE_OPERATOR] = "roster_admin",
					    [STORE_OWNER] = NULL,
					    [STORE_SIGNIN] = "roster_signin",
					    [STORE_SIGNALS] = "roster_signals"};
	struct store *store = xcalloc(1, sizeof *store);

	if (pg_open(database->conninfo, user_of(database, right), "roster", &store->pg, err) != 0) {
		store_close(&store);
		return *database->embedded ? refuse_embedded(database->embedded, right, err) : -1;
	}
	if (roles[right] != NULL)
		pg_set_role(store->pg, roles[right]);
	store->embedded = *database->embedded != '\0';
	if (right == STORE_DAEMON)
		pg_prepare_repeated(store->pg);
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

/* The server keeps how it carries out a statement. What is good for one entry takes for ever for a hundred thousand, and
 * the other way round. Walking an index marks what is dead in it, a bitmap does not: the few rows of one push after the other
 * would be read for all that came before. It is so for the session, also between transactions. */
static int plan_for_size(struct store *store, bool small, struct error *err)
{
	if (store->small == small)
		return 0;
	int rc = pg_run(store->pg,
			small ? "discard plans; set enable_seqscan = off; set enable_hashjoin = off; "
				"set enable_mergejoin = off; set enable_bitmapscan = off; "
				"set plan_cache_mode = force_generic_plan"
			      : "discard plans; reset enable_seqscan; reset enable_hashjoin; reset enable_mergejoin; "
				"reset enable_bitmapscan; reset plan_cache_mode",
			err);
	if (rc == 0)
		store->small = small;
	return rc;
}

static int begin(struct store *store, bool small, struct error *err)
{
	if (plan_for_size(store, small, err) != 0 ||
	    pg_run(store->pg, "begin isolation level read committed", err) != 0)
		return -1;
	store->open = true;
	return 0;
}

int store_begin(struct store *store, struct error *err)
{
	return begin(store, false, err);
}

int store_begin_small(struct store *store, struct error *err)
{
	return begin(store, true, err);
}

int store_commit(struct store *store, struct error *err)
{
	store->open = false;
	return pg_run(store->pg, "commit", err);
}

int store_commit_lightly(struct store *store, struct error *err)
{
	store->open = false;
	return pg_run(store->pg, "set local synchronous_commit = off; commit", err);
}

void store_rollback(struct store *store)
{
	if (store->open)
		pg_run(store->pg, "rollback", NULL);
	store->open = false;
}

bool store_is_lost(const struct store *store)
{
	return pg_is_lost(store->pg);
}
