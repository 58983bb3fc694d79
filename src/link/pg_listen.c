/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications: what other sessions say while this one waits. */
#include "link/pg_private.h"
#include "roster/pg.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

int pg_listen(struct pg *pg, const char *channel, struct error *err)
{
	char *name = PQescapeIdentifier(pg->connection, channel, strlen(channel));
	struct str sql = {0};
	int rc;

	if (name == NULL)
		return pg_fault(pg, NULL, err);
	str_printf(&sql, "listen %s", name);
	rc = pg_run(pg, str_text(&sql), err);
	str_free(&sql);
	PQfreemem(name);
	return rc;
}

/* What has arrived already, if anything. */
static bool take_notice(struct pg *pg, struct pg_notice *ret)
{
	PGnotify *notice = PQnotifies(pg->connection);

	if (notice == NULL)
		return false;
	PQfreemem(pg->notice);
	pg->notice = notice;
	if (ret != NULL)
		*ret = (struct pg_notice){notice->relname, notice->extra};
	return true;
}

int pg_wait(struct pg *pg, int64_t timeout_ms, struct pg_notice *ret, struct error *err)
{
	struct pollfd readable = {.fd = PQsocket(pg->connection), .events = POLLIN};

	if (take_notice(pg, ret))
		return 1;
	int ready = poll(&readable, 1, timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
	if (ready < 0 && errno != EINTR)
		return error_set(err, ERR_INTERNAL, "waiting for the database: %s", strerror(errno));
	if (ready <= 0)
		return 0;
	if (PQconsumeInput(pg->connection) != 1 || pg_is_lost(pg))
		return pg_fault(pg, NULL, err);
	return take_notice(pg, ret) ? 1 : 0;
}

int pg_socket(const struct pg *pg)
{
	return PQsocket(pg->connection);
}

bool pg_is_lost(const struct pg *pg)
{
	return PQstatus(pg->connection) == CONNECTION_BAD;
}
