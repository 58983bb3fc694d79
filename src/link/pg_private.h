/* SPDX-License-Identifier: Apache-2.0 */
/* pg_private: what the parts of the PostgreSQL facade share. */
#ifndef LINK_PG_PRIVATE_H
#define LINK_PG_PRIVATE_H

#include "roster/error.h"
#include "roster/str.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* A statement that came before: the second time it is prepared, and executed by its name from then on. */
struct pg_statement {
	char *sql;
	char name[24]; /* "": not prepared */
};

enum { STATEMENTS_MOST = 64 };

struct pg {
	PGconn *connection;
	const char *role;                 /* what a session must be a member of, to be named when it is refused */
	struct str copy;                  /* rows of the COPY under way that were not sent yet */
	bool field_open;                  /* the row has a field already */
	bool item_open;                   /* the array has an item already */
	PGnotify *notice;                 /* the last one pg_wait() handed out */
	PostgresPollingStatusType awaits; /* while it is opened without waiting: what the socket must be ready for */
	PGresult *answer;                 /* to a statement that was sent without waiting, as far as it has come */
	bool prepares;
	struct pg_statement statements[STATEMENTS_MOST];
	size_t statement_count;
	unsigned long names_given;
};

/* Fill err from what the server or the connection says; -1. */
int pg_fault(const struct pg *pg, const PGresult *result, struct error *err);

/* PQexecParams() with text in and out, by a prepared statement where that is known and worth it. */
PGresult *pg_execute(struct pg *pg, const char *sql, const char *const params[], size_t count);
void pg_forget_statements(struct pg *pg);

/* Notices are not for the administrator. */
void pg_ignore_notices(struct pg *pg);

#endif
