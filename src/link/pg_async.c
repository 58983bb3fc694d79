/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting and asking without waiting. */
#include "link/pg_private.h"
#include "roster/arena.h"
#include "roster/pg.h"

#include <poll.h>
#include <string.h>

int pg_open_start(const struct pg_login *login, struct pg **ret, struct error *err)
{
	struct str options = {0};

	str_printf(&options, "-c search_path=roster,pg_temp %s", login->settings);
	const char *keys[] = {"dbname", "user", "fallback_application_name", "client_encoding", "options", NULL};
	const char *values[] = {login->conninfo, login->user, login->application, "UTF8", str_text(&options), NULL};
	struct pg *pg = xcalloc(1, sizeof *pg);
	pg->connection = PQconnectStartParams(keys, values, 1);
	str_free(&options);
	if (pg->connection == NULL)
		die("out of memory for a connection to the database");
	/* As libpq wants it for the first call of PQconnectPoll(). */
	pg->awaits = PGRES_POLLING_WRITING;
	if (PQstatus(pg->connection) == CONNECTION_BAD) {
		pg_fault(pg, NULL, err);
		pg_close(&pg);
		return -1;
	}
	pg_ignore_notices(pg);
	*ret = pg;
	return 0;
}

int pg_open_step(struct pg *pg, struct error *err)
{
	struct pollfd ready = {.fd = PQsocket(pg->connection)};

	ready.events = pg->awaits == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	if (poll(&ready, 1, 0) <= 0)
		return 0;
	pg->awaits = PQconnectPoll(pg->connection);
	if (pg->awaits == PGRES_POLLING_FAILED)
		return pg_fault(pg, NULL, err);
	return pg->awaits == PGRES_POLLING_OK ? 1 : 0;
}

int pg_send(struct pg *pg, const char *sql, const char *const params[], size_t count, struct error *err)
{
	if (PQsendQueryParams(pg->connection, sql, (int)count, NULL, params, NULL, NULL, 0) == 0)
		return pg_fault(pg, NULL, err);
	return 0;
}

static int take_answer(struct pg *pg, struct pg_rows **rows, struct error *err)
{
	PGresult *answer = pg->answer;

	pg->answer = NULL;
	if (answer != NULL && PQresultStatus(answer) == PGRES_TUPLES_OK) {
		*rows = (struct pg_rows *)answer;
		return 1;
	}
	pg_fault(pg, answer, err);
	PQclear(answer);
	return -1;
}

/* The answer is whole when nothing comes behind it. */
int pg_receive(struct pg *pg, struct pg_rows **rows, struct error *err)
{
	if (PQconsumeInput(pg->connection) == 0)
		return pg_fault(pg, NULL, err);
	while (PQisBusy(pg->connection) == 0) {
		PGresult *result = PQgetResult(pg->connection);
		if (result == NULL)
			return take_answer(pg, rows, err);
		PQclear(pg->answer);
		pg->answer = result;
	}
	return 0;
}
