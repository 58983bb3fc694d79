/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: a verb that is one call of the model, as data: where its parameters come from, and what it prints.
 *
 * A verb may have several: `group members PATH`, `group members PATH add LOGIN`. The word behind the first argument
 * chooses among them, and is then taken out of the arguments. An act that takes something away says first what that is, and
 * has the option --yes.
 */
#ifndef APP_CALL_H
#define APP_CALL_H

#include "roster/app.h"
#include "roster/model.h"

enum parameter_source {
	FROM_NOTHING,
	FROM_ARGUMENT,
	FROM_BEFORE_SLASH, /* an argument has two parts: A/B */
	FROM_BEHIND_SLASH,
	FROM_FLAG, /* NULL when it is absent */
	FROM_OPTION,
	FROM_REQUIRED,
	FROM_LIST,    /* at least one */
	FROM_SEVERAL, /* or none: NULL */
	FROM_CONSTANT
};

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
	}
#define BEFORE_SLASH(n)                                                                                                \
	{                                                                                                              \
		FROM_BEFORE_SLASH, n, NULL                                                                             \
	}
#define BEHIND_SLASH(n)                                                                                                \
	{                                                                                                              \
		FROM_BEHIND_SLASH, n, NULL                                                                             \
	}
#define FLAG(name)                                                                                                     \
	{                                                                                                              \
		FROM_FLAG, 0, name                                                                                     \
	}
#define SEVERAL(name)                                                                                                  \
	{                                                                                                              \
		FROM_SEVERAL, 0, name                                                                                  \
	}
#define CONSTANT(text)                                                                                                 \
	{                                                                                                              \
		FROM_CONSTANT, 0, text                                                                                 \
	}

enum { PARAMETERS_MOST = 6 };

struct call {
	const char *word; /* NULL: when none of the others is said */
	bool bare;        /* behind another without a word: when no option is said */
	bool some;        /* an option must be said */
	enum model_call call;
	int least, most; /* arguments, without the word */
	struct parameter params[PARAMETERS_MOST];
	const char *rows;    /* a question: the name of what is printed */
	const char *nothing; /* what is said when there is none of it; NULL: "there are no NAME" */
	bool csv;            /* has the option --csv */
	bool record;
	const char *more_rows; /* a second question with the same parameters, printed below */
	enum model_call more;
	const char *done;        /* an act: what is said, "{1}" for the second argument, "{=}" for what it gave */
	const char *question;    /* an act that takes something away: asked when there is a terminal */
	enum model_call preview; /* what that is, with the same parameters */
};

/* Do what the calls of app->verb say: the run of such a verb. */
int call_run(struct app *app, int argc, char **argv, struct error *err);

#endif
