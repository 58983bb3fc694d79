/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg: one connection to PostgreSQL, the facade over libpq.
 *
 * Takes off your hands: waiting for results, freeing them, COPY escaping, and turning an SQLSTATE with its DETAIL and
 * HINT into a struct error of the right class. It knows no table: statements belong to store/. Values travel as
 * parameters or by COPY, never inside the text of a statement. A connection belongs to one process and one thread.
 */
#ifndef ROSTER_PG_H
#define ROSTER_PG_H

#include "roster/error.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg;

/* user NULL: as conninfo or the environment says. application shows up in pg_stat_activity. Text is UTF-8, search_path
 * is roster; locks are waited for 30 seconds. */
int pg_open(const char *conninfo, const char *user, const char *application, struct pg **ret, struct error *err);
void pg_close(struct pg **pg);
const char *pg_user(const struct pg *pg); /* the role of the session */
/* Whoever is refused something on this connection is told to become a member of this role; it must outlive the connection. */
void pg_set_role(struct pg *pg, const char *role);

/* From now on statements of pg_query() that come again are prepared: for a session of some length. */
void pg_prepare_repeated(struct pg *pg);

/* One or more statements without parameters; results are thrown away. */
int pg_run(struct pg *pg, const char *sql, struct error *err);

/* A result, read by row and column; text is borrowed from it. NULL reads as "" (pg_is_null tells), 0 and false. */
struct pg_rows;
size_t pg_count(const struct pg_rows *rows);
const char *pg_text(const struct pg_rows *rows, size_t row, int column);
int64_t pg_integer(const struct pg_rows *rows, size_t row, int column);
bool pg_boolean(const struct pg_rows *rows, size_t row, int column);
bool pg_is_null(const struct pg_rows *rows, size_t row, int column);
int pg_columns(const struct pg_rows *rows);
const char *pg_column_name(const struct pg_rows *rows, int column);
/* What the text of a column stands for, as far as a reader must know. */
enum pg_kind { PG_KIND_TEXT, PG_KIND_NUMBER, PG_KIND_BOOLEAN, PG_KIND_TIME, PG_KIND_LIST };
enum pg_kind pg_column_kind(const struct pg_rows *rows, int column);
void pg_free(struct pg_rows **rows);

/* A statement with parameters $1.. as text; a NULL parameter is NULL. rows may be NULL when no row is wanted. */
int pg_query(struct pg *pg, const char *sql, const char *const params[], size_t count, struct pg_rows **rows,
	     struct error *err);
/* The first column of the first row as a number; ERR_INTERNAL when there is no row. */
int pg_query_integer(struct pg *pg, const char *sql, const char *const params[], size_t count, int64_t *ret,
		     struct error *err);

/* Rows that need not fit into memory: each batch is handed over, then freed. Runs inside a transaction. */
struct pg_reader {
	int (*batch)(const struct pg_rows *rows, void *context, struct error *err);
	void *context;
	bool ahead; /* batch() asks the database nothing: the next one is on its way meanwhile */
};
int pg_stream(struct pg *pg, const char *sql, const char *const params[], size_t count, const struct pg_reader *reader,
	      struct error *err);

/* The same without waiting, for a process that has others to serve: each call does what can be done at once, and is made
 * again a little later while it gives 0. Only the lookup of a host's name may take its time. */
/* Begin to connect; settings are options of the session, "-c statement_timeout=5s". */
struct pg_login {
	const char *conninfo, *user, *application, *settings; /* as for pg_open() */
};
int pg_open_start(const struct pg_login *login, struct pg **ret, struct error *err);
int pg_open_step(struct pg *pg, struct error *err); /* 1: it is open */
/* Then, one at a time: */
int pg_send(struct pg *pg, const char *sql, const char *const params[], size_t count, struct error *err);
int pg_receive(struct pg *pg, struct pg_rows **rows, struct error *err); /* 1: *rows is the answer */

/* COPY ... FROM STDIN in text form. Fields in order, then pg_copy_row(). Text must be UTF-8 without NUL. Rows are sent
 * as they come; pg_copy_end() reports what the server thinks of them. Between start and end the connection takes no
 * other statement. */
int pg_copy_start(struct pg *pg, const char *sql, struct error *err);
void pg_copy_text(struct pg *pg, const char *text); /* NULL is NULL */
void pg_copy_bytes(struct pg *pg, const char *text, size_t size);
void pg_copy_integer(struct pg *pg, int64_t number);
void pg_copy_uuid(struct pg *pg, const uint8_t bytes[16]); /* NULL is NULL */
/* An array of uuid or text: begin, items, end make one field. */
void pg_copy_array_begin(struct pg *pg);
void pg_copy_array_uuid(struct pg *pg, const uint8_t bytes[16]);
void pg_copy_array_text(struct pg *pg, const char *text); /* NULL for a null */
void pg_copy_array_end(struct pg *pg);
int pg_copy_row(struct pg *pg, struct error *err);
int pg_copy_end(struct pg *pg, struct error *err);
/* Give the COPY up; the transaction is aborted. */
void pg_copy_abort(struct pg *pg, const char *why);

/* --- notifications ---------------------------------------------------------------------------------------------------- */

/* Hear what is sent to channel from now on. */
int pg_listen(struct pg *pg, const char *channel, struct error *err);
/* Borrowed until the next pg_wait(). */
struct pg_notice {
	const char *channel, *payload;
};
/* Wait for a notification: 1 and *ret, 0 when the time is over or a signal came, -1 when the connection is lost. Those that
 * came meanwhile are handed out one by one, at once. */
int pg_wait(struct pg *pg, int64_t timeout_ms, struct pg_notice *ret, struct error *err); /* ret may be NULL */
/* For who waits for more than this; call pg_wait() with 0 when it is readable. */
int pg_socket(const struct pg *pg);
/* A fault was that of the connection: it will not recover. */
bool pg_is_lost(const struct pg *pg);

/* A text[] literal of the items, for a parameter; appended to out. */
void pg_array(const char *const items[], size_t count, struct str *out);
/* The items of a text[] as it came: *at begins at the text of a column of kind PG_KIND_LIST and moves on; false at the end. */
bool pg_array_next(const char **at, struct str *item);

#endif
