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
	struct config *config;    /* NULL until app_configure() */
	struct findings findings; /* what it found */
	const struct verb *verb;  /* the one that runs */
	bool session_ended;       /* of who signed in; he was told */
};

struct call; /* a question or an act that is one call of the model: src/app/call.h */

struct verb {
	const char *name;    /* "app owner": one or two words */
	const char *usage;   /* "NAME LOGIN" */
	const char *summary; /* one line for help and for completion */
	const char *help;    /* a paragraph: what it does, who may, what to know; lines are broken when printed */
	const char *example; /* without "rosterctl" */
	int (*run)(struct app *app, int argc, char **argv, struct error *err); /* argv[0] is the first argument */
	const struct call *calls; /* for call_run(): the choices, by the word behind the first argument */
	size_t call_count;
};

/* Load the configuration once; findings go to standard error, warnings too. */
int app_configure(struct app *app, struct error *err);
/* The same, and the secrets it names are looked at: those only the service can read are left to the service. Findings are
 * for the caller to print. */
int app_configure_checked(struct app *app, struct error *err);
/* Print them for people. */
void app_print_findings(const struct app *app);
/* app_configure(), connect with that right, and check the schema unless the right is the owner's. */
int app_connect(struct app *app, enum store_right right, struct store **ret, struct error *err);

/* --- options of one verb --------------------------------------------------------------------------------------------- */

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_LIST };

struct option_value {
	const char *name; /* "--role"; "-r" is understood too */
	enum option_kind kind;
	const char *value; /* out: NULL when absent, "" for a flag that is there, an array for PostgreSQL for a list */
};

struct words {
	int *argc;
	char **argv;
	struct option_value *options;
	size_t option_count;
	int least, most;     /* positional arguments */
	struct arena *arena; /* of lists; NULL when no option is one */
};
/* Take the options out of argv; what is left are the positional arguments, at least least and at most most of them.
 * ERR_USAGE otherwise, with "did you mean". Behind "--" everything is an argument. */
int app_take_options(const struct verb *verb, const struct words *words, struct error *err);
#define app_options(verb, argc, argv, options, option_count, least, most, err)                                         \
	app_take_options(verb, &(const struct words){argc, argv, options, option_count, least, most, NULL}, err)

/* --- output ------------------------------------------------------------------------------------------------------------ */

/* Print rows: aligned columns for people (headings of the result's column names with spaces for underscores), JSON
 * {"schema": 1, name: [{column: value}]} or tab-separated lines. Booleans, numbers and NULL keep their kind in JSON. */
int app_print_rows(struct app *app, const char *name, const struct pg_rows *rows, struct error *err);
/* One line for a finished act: in text "done: ..." on standard error, {"schema": 1, "done": "..."} in JSON. */
void app_done(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
