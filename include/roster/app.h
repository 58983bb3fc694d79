/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app: what the verbs of rosterctl share: options, configuration, database session, output, exit codes.
 *
 * A verb is one entry of a table and one function; it gets its arguments and an open `struct app`, writes data to
 * standard output through a table or lines, talk to standard error, and returns 0 or -1 with err set. main() turns the
 * error into a message and the exit code of its class.
 */
#ifndef ROSTER_APP_H
#define ROSTER_APP_H

#include "roster/arena.h"
#include "roster/config.h"
#include "roster/error.h"
#include "roster/pg.h"
#include "roster/store.h"

#include <stdbool.h>
#include <stdio.h>

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_PLAIN };

struct app {
	const char *config_file;
	enum output_format format;
	bool color;    /* standard output is a terminal and NO_COLOR is not set */
	int exit_code; /* a verb may ask for another than 0: 2 for changes pending, 1 for held */
	struct arena *arena;
	struct config *config; /* NULL until app_configure() */
};

struct verb {
	const char *name;    /* "app owner": one or two words */
	const char *usage;   /* "NAME LOGIN" */
	const char *summary; /* one line for help and for completion */
	int (*run)(struct app *app, int argc, char **argv, struct error *err); /* argv[0] is the first argument */
};

/* Load the configuration once; findings go to standard error, warnings too. */
int app_configure(struct app *app, struct error *err);
/* app_configure(), connect with that right, and check the schema unless the right is the owner's. */
int app_connect(struct app *app, enum store_right right, struct store **ret, struct error *err);

/* --- options of one verb --------------------------------------------------------------------------------------------- */

struct option_value {
	const char *name; /* "--role" */
	bool takes_value;
	const char *value; /* out: NULL when absent, "" for a flag that is there */
};
/* Take the options out of argv; what is left are the positional arguments, at least least and at most most of them.
 * ERR_USAGE otherwise, with "did you mean". */
int app_options(const struct verb *verb, int *argc, char **argv, struct option_value *options, size_t option_count,
		int least, int most, struct error *err);

/* --- output ------------------------------------------------------------------------------------------------------------ */

/* Print rows: aligned columns for people (headings of the result's column names with spaces for underscores), JSON
 * {"schema": 1, name: [{column: value}]} or tab-separated lines. Booleans, numbers and NULL keep their kind in JSON. */
int app_print_rows(struct app *app, const char *name, const struct pg_rows *rows, struct error *err);
/* One line for a finished act: on a terminal and in text "done: ..." on standard error, {"schema": 1, "done": true} in JSON. */
void app_done(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
