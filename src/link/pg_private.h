/* SPDX-License-Identifier: Apache-2.0 */
/* pg_private: what the parts of the PostgreSQL facade share. */
#ifndef LINK_PG_PRIVATE_H
#define LINK_PG_PRIVATE_H

#include "roster/error.h"
#include "roster/str.h"

#include <libpq-fe.h>
#include <stdbool.h>

struct pg {
	PGconn *connection;
	struct str copy;                  /* rows of the COPY under way that were not sent yet */
	bool field_open;                  /* the row has a field already */
	bool item_open;                   /* the array has an item already */
	PGnotify *notice;                 /* the last one pg_wait() handed out */
	PostgresPollingStatusType awaits; /* while it is opened without waiting: what the socket must be ready for */
	PGresult *answer;                 /* to a statement that was sent without waiting, as far as it has come */
};

/* Fill err from what the server or the connection says; -1. */
int pg_fault(const struct pg *pg, const PGresult *result, struct error *err);

/* Notices are not for the administrator. */
void pg_ignore_notices(struct pg *pg);

#endif
