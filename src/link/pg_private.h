/* SPDX-License-Identifier: Apache-2.0 */
/* pg_private: what the two halves of the PostgreSQL facade share. */
#ifndef LINK_PG_PRIVATE_H
#define LINK_PG_PRIVATE_H

#include "roster/error.h"
#include "roster/str.h"

#include <libpq-fe.h>
#include <stdbool.h>

struct pg {
	PGconn *connection;
	struct str copy; /* rows of the COPY under way that were not sent yet */
	bool field_open; /* the row has a field already */
	bool item_open;  /* the array has an item already */
};

/* Fill err from what the server or the connection says; -1. */
int pg_fault(const struct pg *pg, const PGresult *result, struct error *err);

#endif
