/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/pg.h"
#include "link/pg_private.h"

#include "roster/arena.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_BATCH = 4000 };

/* SQLSTATE of a statement that waited for lock_timeout. */
#define LOCK_NOT_AVAILABLE "55P03"

/* A refusal of the model (a check, a missing row) is the caller's data; lost peers may come back; the rest is ours. */
static enum error_class class_of_state(const char *state)
{
	static const struct {
		const char *prefix;
		enum error_class class;
	} classes[] = {
	    {"08", ERR_UNREACHABLE}, {"57P", ERR_UNREACHABLE}, {"53", ERR_UNREACHABLE}, {"28000", ERR_UNPROVEN},
	    {"28", ERR_DENIED},      {"42501", ERR_DENIED},    {"40", ERR_CONFLICT},    {"55P03", ERR_CONFLICT},
	    {"55", ERR_CONFLICT},    {"22", ERR_DATA},         {"23", ERR_DATA},        {"P0002", ERR_DATA},
	    {"P0001", ERR_DATA},     {"3F000", ERR_CONFIG},    {"42P01", ERR_CONFIG},   {"3D000", ERR_CONFIG},
	};
	for (size_t i = 0; state != NULL && i < sizeof classes / sizeof classes[0]; i++)
		if (text_starts_with(state, classes[i].prefix))
			return classes[i].class;
	return ERR_INTERNAL;
}

/* The server names the function or table somebody has no right to, which tells an administrator nothing. */
static bool lacks_role(const struct pg *pg, const PGresult *result)
{
	const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	return pg->role != NULL && function != NULL && strcmp(function, "aclcheck_error") == 0;
}

/* PostgreSQL writes hints as sentences, we do not. */
static int add_hint(const char *hint, struct error *err)
{
	size_t size = strlen(hint);
	bool sentence =
	    size > 1 && isupper((unsigned char)hint[0]) && islower((unsigned char)hint[1]) && hint[size - 1] == '.';

	return sentence ? error_hint(err, "%c%.*s", tolower((unsigned char)*hint), (int)size - 2, hint + 1)
			: error_hint(err, "%s", hint);
}

/* The server's word, not that of one of our functions, which say more themselves. */
static bool gave_up_waiting(const PGresult *result, const char *state)
{
	const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	return state != NULL && strcmp(state, LOCK_NOT_AVAILABLE) == 0 && function != NULL &&
	       strcmp(function, "ProcessInterrupts") == 0;
}

int pg_fault(const struct pg *pg, const PGresult *result, struct error *err)
{
	if (result == NULL || PQstatus(pg->connection) == CONNECTION_BAD) {
		const char *text = PQerrorMessage(pg->connection);
		return error_set(err, ERR_UNREACHABLE, "database: %.*s", (int)strcspn(text, "\n"), text);
	}
	if (lacks_role(pg, result)) {
		error_set(err, ERR_DENIED, "the database login \"%s\" may not do this: it is no member of %s",
			  pg_user(pg), pg->role);
		return error_hint(err, "grant %s to \"%s\"", pg->role, pg_user(pg));
	}
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	if (gave_up_waiting(result, state))
		return error_set(err, ERR_CONFLICT,
				 "somebody else is changing the database and has not come to an end in time "
				 "(rosterctl status says who)");
	error_set(err, class_of_state(state), "%s%s%s", message == NULL ? "database fault without a message" : message,
		  detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
	return hint == NULL ? -1 : add_hint(hint, err);
}

/* The notices of CREATE ... IF NOT EXISTS and the like are not for the administrator. */
static void ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

void pg_ignore_notices(struct pg *pg)
{
	PQsetNoticeReceiver(pg->connection, ignore_notice, NULL);
}

int pg_open(const char *conninfo, const char *user, const char *application, struct pg **ret, struct error *err)
{
	/* Our statements are many and short: compiling them costs more than it saves. A process that was killed must not hold
	 * its locks until the server next has something to say to it. */
	static const char options[] =
	    "-c search_path=roster,pg_temp -c lock_timeout=30s -c jit=off "
	    "-c idle_in_transaction_session_timeout=1h -c client_connection_check_interval=2s";
	const char *keys[] = {"dbname", "user", "fallback_application_name", "client_encoding", "options", NULL};
	const char *values[] = {conninfo, user, application, "UTF8", options, NULL};
	struct pg *pg = xcalloc(1, sizeof *pg);

	pg->connection = PQconnectdbParams(keys, values, 1);
	if (pg->connection == NULL || PQstatus(pg->connection) != CONNECTION_OK) {
		const char *text = pg->connection == NULL ? "out of memory" : PQerrorMessage(pg->connection);
		error_set(err, ERR_UNREACHABLE, "database: %.*s", (int)strcspn(text, "\n"), text);
		pg_close(&pg);
		return -1;
	}
	pg_ignore_notices(pg);
	*ret = pg;
	return 0;
}

void pg_close(struct pg **pg)
{
	if (*pg == NULL)
		return;
	PQclear((*pg)->answer);
	PQfinish((*pg)->connection);
	str_free(&(*pg)->copy);
	pg_forget_statements(*pg);
	PQfreemem((*pg)->notice);
	free(*pg);
	*pg = NULL;
}

const char *pg_user(const struct pg *pg)
{
	return PQuser(pg->connection);
}

void pg_set_role(struct pg *pg, const char *role)
{
	pg->role = role;
}

int pg_run(struct pg *pg, const char *sql, struct error *err)
{
	PGresult *result = PQexec(pg->connection, sql);
	ExecStatusType status = PQresultStatus(result);
	int rc = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
		rc = pg_fault(pg, result, err);
	PQclear(result);
	return rc;
}

static int take(struct pg *pg, PGresult *result, struct pg_rows **rows, struct error *err)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		pg_fault(pg, result, err);
		PQclear(result);
		return -1;
	}
	if (rows == NULL)
		PQclear(result);
	else
		*rows = (struct pg_rows *)result;
	return 0;
}

int pg_query(struct pg *pg, const char *sql, const char *const params[], size_t count, struct pg_rows **rows,
	     struct error *err)
{
	return take(pg, pg_execute(pg, sql, params, count), rows, err);
}

int pg_query_integer(struct pg *pg, const char *sql, const char *const params[], size_t count, int64_t *ret,
		     struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc = 0;

	if (pg_query(pg, sql, params, count, &rows, err) != 0)
		return -1;
	if (pg_count(rows) == 0)
		rc = error_set(err, ERR_INTERNAL, "the database returned no row for: %.80s", sql);
	else
		*ret = pg_integer(rows, 0, 0);
	pg_free(&rows);
	return rc;
}

static int send_fetch(struct pg *pg, struct error *err)
{
	char fetch[64];

	snprintf(fetch, sizeof fetch, "fetch %d from stream", STREAM_BATCH);
	return PQsendQueryParams(pg->connection, fetch, 0, NULL, NULL, NULL, NULL, 0) == 1 ? 0
											   : pg_fault(pg, NULL, err);
}

/* The one answer to what was sent. */
static PGresult *answer(struct pg *pg)
{
	PGresult *result = PQgetResult(pg->connection), *rest;

	while ((rest = PQgetResult(pg->connection)) != NULL)
		PQclear(rest);
	return result;
}

/* The cursor and its first batch in one exchange. */
static int open_stream(struct pg *pg, const char *sql, const char *const params[], size_t count, struct pg_rows **rows,
		       struct error *err)
{
	struct str text = {0};
	int rc = 0;

	str_printf(&text, "declare stream no scroll cursor for %s", sql);
	if (PQenterPipelineMode(pg->connection) == 0 ||
	    PQsendQueryParams(pg->connection, str_text(&text), (int)count, NULL, params, NULL, NULL, 0) == 0 ||
	    send_fetch(pg, err) != 0 || PQpipelineSync(pg->connection) == 0) {
		rc = pg_fault(pg, NULL, err);
	} else {
		PGresult *declared = answer(pg), *fetched = answer(pg);
		PQclear(PQgetResult(pg->connection)); /* the end of both */
		rc = take(pg, declared, NULL, err);
		/* What failed before it was sent back is why there is nothing to fetch. */
		if (rc == 0)
			rc = take(pg, fetched, rows, err);
		else
			PQclear(fetched);
	}
	if (PQexitPipelineMode(pg->connection) == 0 && rc == 0)
		rc = pg_fault(pg, NULL, err);
	str_free(&text);
	return rc;
}

/* The next batch is asked for before this one is handed over, where the reader asks the database nothing. *rows become the
 * next, NULL after the last. */
static int read_batch(struct pg *pg, const struct pg_reader *reader, struct pg_rows **rows, struct error *err)
{
	struct pg_rows *batch = *rows, *next = NULL;
	bool more = pg_count(batch) == STREAM_BATCH;
	bool sent = more && reader->ahead;
	int rc = sent ? send_fetch(pg, err) : 0;

	sent = sent && rc == 0;
	if (rc == 0 && pg_count(batch) > 0)
		rc = reader->batch(batch, reader->context, err);
	if (rc == 0 && more && !sent) {
		rc = send_fetch(pg, err);
		sent = rc == 0;
	}
	if (sent && take(pg, answer(pg), &next, rc == 0 ? err : NULL) != 0)
		rc = -1;
	pg_free(rows);
	*rows = next;
	return rc;
}

int pg_stream(struct pg *pg, const char *sql, const char *const params[], size_t count, const struct pg_reader *reader,
	      struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc = open_stream(pg, sql, params, count, &rows, err);

	while (rc == 0 && rows != NULL)
		rc = read_batch(pg, reader, &rows, err);
	pg_free(&rows);
	return rc == 0 ? pg_run(pg, "close stream", err) : -1;
}

/* --- rows: a PGresult under another name, so that the type does not leak ------------------------------------------ */

size_t pg_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples((const PGresult *)rows);
}

const char *pg_text(const struct pg_rows *rows, size_t row, int column)
{
	return PQgetvalue((const PGresult *)rows, (int)row, column);
}

int64_t pg_integer(const struct pg_rows *rows, size_t row, int column)
{
	return strtoll(pg_text(rows, row, column), NULL, 10);
}

bool pg_boolean(const struct pg_rows *rows, size_t row, int column)
{
	return pg_text(rows, row, column)[0] == 't';
}

bool pg_is_null(const struct pg_rows *rows, size_t row, int column)
{
	return PQgetisnull((const PGresult *)rows, (int)row, column) != 0;
}

int pg_columns(const struct pg_rows *rows)
{
	return PQnfields((const PGresult *)rows);
}

const char *pg_column_name(const struct pg_rows *rows, int column)
{
	return PQfname((const PGresult *)rows, column);
}

/* By the type's fixed number in PostgreSQL's catalog. */
enum pg_kind pg_column_kind(const struct pg_rows *rows, int column)
{
	enum { BOOL = 16, INT8 = 20, INT2 = 21, INT4 = 23, TEXT_ARRAY = 1009, TIMESTAMPTZ = 1184, NUMERIC = 1700 };

	switch (PQftype((const PGresult *)rows, column)) {
	case BOOL:
		return PG_KIND_BOOLEAN;
	case INT2:
	case INT4:
	case INT8:
	case NUMERIC:
		return PG_KIND_NUMBER;
	case TEXT_ARRAY:
		return PG_KIND_LIST;
	case TIMESTAMPTZ:
		return PG_KIND_TIME;
	default:
		return PG_KIND_TEXT;
	}
}

void pg_free(struct pg_rows **rows)
{
	PQclear((PGresult *)*rows);
	*rows = NULL;
}
