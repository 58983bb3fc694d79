/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: a verb that is one call of the model, as data: where its parameters come from, and what it prints.
 *
 * A verb may have several: `group members PATH`, `group members PATH add LOGIN`. The word behind the first argument
 * chooses among them, and is then taken out of the arguments.
 */
#ifndef APP_CALL_H
#define APP_CALL_H

#include "roster/app.h"
#include "roster/model.h"

enum parameter_source { FROM_NOTHING, FROM_ARGUMENT, FROM_OPTION, FROM_REQUIRED, FROM_LIST, FROM_CONSTANT };

struct parameter {
	enum parameter_source from;
	int argument;     /* which one, from 0; NULL to the model when it is not there */
	const char *text; /* the option's name, or the constant (NULL too) */
};
#define ARGUMENT(n)                                                                                                    \
	{                                                                                                              \
		FROM_ARGUMENT, n, NULL                                                                                 \
	}
#define OPTION(name)                                                                                                   \
	{                                                                                                              \
		FROM_OPTION, 0, name                                                                                   \
	}
#define REQUIRED(name)                                                                                                 \
	{                                                                                                              \
		FROM_REQUIRED, 0, name                                                                                 \
	}
#define LIST(name)                                                                                                     \
	{                                                                                                              \
		FROM_LIST, 0, name                                                                                     \
	} /* at least one */
#define CONSTANT(text)                                                                                                 \
	{                                                                                                              \
		FROM_CONSTANT, 0, text                                                                                 \
	}

enum { PARAMETERS_MOST = 5 };

struct call {
	const char *word; /* NULL: when none of the others is said */
	enum model_call call;
	int least, most; /* arguments, without the word */
	struct parameter params[PARAMETERS_MOST];
	const char *rows;    /* a question: the name of what is printed */
	const char *nothing; /* what is said when there is none of it; NULL: "there are no NAME" */
	bool record;
	const char *done; /* an act: what is said, "{1}" for the second argument */
};

/* Do what the calls of app->verb say: the run of such a verb. */
int call_run(struct app *app, int argc, char **argv, struct error *err);

#endif
