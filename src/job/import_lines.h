/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_lines: what the lines of an import say, taken apart into statements, and what is wrong with them.
 *
 * A record is one object of JSON or one row of CSV. Its keys and values are borrowed until it is taken; what is kept is
 * copied into the arena.
 */
#ifndef JOB_IMPORT_LINES_H
#define JOB_IMPORT_LINES_H

#include "roster/arena.h"
#include "roster/import.h"
#include "roster/job.h"

enum { FIELDS_MOST = 64, VALUES_MOST = 1024 };

struct import_lines {
	struct arena *arena;
	struct import_statement *statements;
	size_t count, room;
	struct import_problem *problems;
	size_t problem_count, problem_room;
};

void import_lines_add(struct import_lines *lines, const struct import_statement *statement);
void import_lines_refuse(struct import_lines *lines, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct import_field {
	const char *key;
	const char **values; /* a list of one for what is no list */
	size_t count;
};

struct import_record {
	int line;
	struct import_field fields[FIELDS_MOST];
	size_t count;
	bool broken; /* it has been complained about: its statements only count as named */
};

/* Take a record apart. */
void import_record_take(struct import_lines *lines, struct import_record *record);
/* Whether the value of that key is a list. */
bool import_key_is_list(const char *key);
/* Whether any record may have that key. */
bool import_key_is_known(const char *key);
/* "did you mean" among all keys; NULL when none is near. */
const char *import_key_near(const char *key);

/* The two forms of a file. */
void import_json_read(const struct str *text, struct import_lines *lines);
void import_csv_read(const struct str *text, struct import_lines *lines);

#endif
