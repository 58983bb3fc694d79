/* SPDX-License-Identifier: Apache-2.0 */
/* private: what the files of the store share. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "roster/pg.h"
#include "roster/store.h"

struct store {
	struct pg *pg;
	bool embedded; /* the server is the one rosterd keeps */
	bool open;     /* a transaction is open */
	bool small;    /* it is, or the last one was, about a few entries */
};

/* Parameters that are numbers: room for one as text. */
enum { NUMBER_TEXT = 24 };
const char *number_text(int64_t number, char text[NUMBER_TEXT]);
static inline const char *boolean_text(bool truth)
{
	return truth ? "true" : "false";
}

static inline const char *optional_text(const struct pg_rows *rows, size_t row, int column)
{
	return pg_is_null(rows, row, column) ? NULL : pg_text(rows, row, column);
}

/* A parameter that is an array, item by item, then closed; the text stays in array. */
void array_add(struct str *array, const char *text);
const char *array_close(struct str *array);

/* The version of the newest schema file; and what store_schema_check() says about a state. */
int schema_latest(int *ret, struct error *err);
int schema_judge(const struct schema_state *state, struct error *err);

/* What run_end() takes beside the run, and room for the numbers among it. */
enum { RUN_END_PARAMS = 7 };
struct run_end_text {
	char run[NUMBER_TEXT], entries[NUMBER_TEXT], unreadable[NUMBER_TEXT], held[NUMBER_TEXT];
};
void run_end_params(const struct run_report *report, struct run_end_text *text, const char *params[RUN_END_PARAMS]);

/* What the guard judges, from a statement of three parameters that gives kind, scope, pending, recent and base. */
struct guard_query {
	const char *sql;
	const char *const *params;
	size_t count;
};
int guard_counts_read(struct store *store, const struct guard_query *query, struct arena *arena,
		      struct guard_counts *ret, struct error *err);

#endif
