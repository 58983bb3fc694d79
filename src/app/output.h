/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output: what verbs print on standard output, in the three forms rosterctl knows, and as a file for spreadsheets.
 *
 * A table has a name, columns and rows of texts; NULL is nothing. Several tables make one document: one object in JSON,
 * one below the other otherwise, in plain lines with the name of the table in front. A record is a table whose rows read better from top to bottom. Tables live in the arena,
 * their cells are borrowed.
 */
#ifndef APP_OUTPUT_H
#define APP_OUTPUT_H

#include "roster/app.h"

enum { COLUMNS_MOST = 24 };

struct table {
	const char *name;
	bool record;
	const char *nothing; /* what is said of no row; NULL: "there are no NAME" */
	int columns;
	const char *headings[COLUMNS_MOST];
	enum pg_kind kinds[COLUMNS_MOST];
	struct arena *arena;
	const char **cells; /* row by row */
	size_t rows, room;
};

/* A table of texts with these headings, to be filled; NULL ends the headings. */
struct table *table_new(struct arena *arena, const char *name, const char *const headings[]);
void table_add(struct table *table, const char *const cells[]);
/* The rows must live as long as the table. */
struct table *table_of_rows(struct arena *arena, const char *name, const struct pg_rows *rows);

int app_print_tables(struct app *app, struct table *const tables[], size_t count, struct error *err);

/* Append text for a terminal: control characters, which could move its cursor, become '?'. */
void output_add_text(struct str *out, const char *text);
/* Append text as a field of RFC 4180; what a spreadsheet would take for a formula is marked as text. */
void output_add_csv(struct str *out, const char *text);
/* The table as lines of comma-separated values, headings first. */
int output_csv(const struct table *table);
/* Append the items of a list, with this between them. */
void output_add_list(struct str *out, const char *list, const char *between);
/* {"schema": 1} with the members of object put into it; gives object back to nobody: it is freed. */
struct json;
int output_json(struct json *object, struct error *err);

#endif
