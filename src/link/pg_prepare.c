/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that a long-lived session sends again and again are parsed and planned by the server once. */
#include "link/pg_private.h"
#include "roster/arena.h"
#include "roster/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pg_prepare_repeated(struct pg *pg)
{
	pg->prepares = true;
}

void pg_forget_statements(struct pg *pg)
{
	for (size_t i = 0; i < pg->statement_count; i++)
		free(pg->statements[i].sql);
	pg->statement_count = 0;
}

/* NULL the first time, and for what there is no room for. */
static struct pg_statement *known_statement(struct pg *pg, const char *sql)
{
	for (size_t i = 0; i < pg->statement_count; i++)
		if (strcmp(pg->statements[i].sql, sql) == 0)
			return &pg->statements[i];
	if (pg->statement_count < STATEMENTS_MOST)
		pg->statements[pg->statement_count++] = (struct pg_statement){.sql = xstrdup(sql)};
	return NULL;
}

/* NULL when it is; else what the server thinks of it. */
static PGresult *prepare(struct pg *pg, struct pg_statement *statement, size_t count)
{
	char name[sizeof statement->name];

	if (statement->name[0] != '\0')
		return NULL;
	snprintf(name, sizeof name, "again_%lu", ++pg->names_given);
	PGresult *result = PQprepare(pg->connection, name, statement->sql, (int)count, NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		return result;
	PQclear(result);
	memcpy(statement->name, name, sizeof name);
	return NULL;
}

PGresult *pg_execute(struct pg *pg, const char *sql, const char *const params[], size_t count)
{
	struct pg_statement *statement = pg->prepares ? known_statement(pg, sql) : NULL;

	if (statement == NULL)
		return PQexecParams(pg->connection, sql, (int)count, NULL, params, NULL, NULL, 0);
	PGresult *result = prepare(pg, statement, count);
	if (result != NULL)
		return result;
	result = PQexecPrepared(pg->connection, statement->name, (int)count, params, NULL, NULL, 0);
	/* What it was prepared for may be no more, since the schema was migrated: the next time it gets a name anew. */
	if (PQresultStatus(result) == PGRES_FATAL_ERROR)
		statement->name[0] = '\0';
	return result;
}
