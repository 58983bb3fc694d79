/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/arena.h"
#include "roster/pg.h"
#include "roster/store.h"

int store_database_make(const struct database_config *database, struct error *err)
{
	struct str conninfo = {0};
	struct pg *pg = NULL;
	int64_t there = 0;

	/* The last word on a keyword counts. */
	str_printf(&conninfo, "%s dbname=postgres", database->conninfo);
	int rc = pg_open(str_text(&conninfo), database->owner_role, "roster", &pg, err);
	str_free(&conninfo);
	if (rc == 0)
		rc = pg_query_integer(pg, "select count(*) from pg_catalog.pg_database where datname = 'roster'", NULL,
				      0, &there, err);
	if (rc == 0 && there == 0)
		rc = pg_run(pg, "create database roster", err);
	pg_close(&pg);
	return rc;
}
