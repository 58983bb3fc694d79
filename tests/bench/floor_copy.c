/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of writing rows: what PostgreSQL takes to accept them by COPY, from text that is ready, in one transaction.
 *
 *     floor_copy CONNINFO TABLE FILE [TABLE FILE]...
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 256 * 1024 };

static void fail(PGconn *connection, const char *what)
{
	fprintf(stderr, "floor_copy: %s: %s\n", what, PQerrorMessage(connection));
	exit(1);
}

static void run(PGconn *connection, const char *sql, ExecStatusType expected)
{
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != expected)
		fail(connection, sql);
	PQclear(result);
}

static void end_copy(PGconn *connection, const char *table)
{
	if (PQputCopyEnd(connection, NULL) != 1)
		fail(connection, table);
	for (PGresult *result; (result = PQgetResult(connection)) != NULL; PQclear(result))
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			fail(connection, table);
}

static void copy(PGconn *connection, const char *table, const char *path)
{
	static char buffer[CHUNK];
	char sql[256];
	size_t got;
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	snprintf(sql, sizeof sql, "copy %s from stdin", table);
	run(connection, sql, PGRES_COPY_IN);
	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
		if (PQputCopyData(connection, buffer, (int)got) != 1)
			fail(connection, table);
	if (ferror(file)) {
		perror(path);
		exit(1);
	}
	fclose(file);
	end_copy(connection, table);
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc % 2 != 0) {
		fprintf(stderr, "usage: floor_copy CONNINFO TABLE FILE [TABLE FILE]...\n");
		return 2;
	}
	PGconn *connection = PQconnectdb(argv[1]);
	if (PQstatus(connection) != CONNECTION_OK)
		fail(connection, argv[1]);
	run(connection, "begin", PGRES_COMMAND_OK);
	for (int i = 2; i < argc; i += 2)
		copy(connection, argv[i], argv[i + 1]);
	run(connection, "commit", PGRES_COMMAND_OK);
	PQfinish(connection);
	return 0;
}
