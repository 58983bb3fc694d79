/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error: the one way a function of roster says what went wrong.
 *
 * A function that can fail returns 0 or -1 (1, 0 or -1 where "found" matters) and takes a `struct error *` as its last
 * parameter. The one who notices the fault calls error_set(); each caller on the way up may add what it was doing with
 * error_prefix(). Who returns an error does not log it: the job, the verb or the daemon does, once.
 *
 * Messages are lower case, without a full stop, name the object and the peer, and say what the administrator can do.
 * The class decides about retry, exit code and metric, never the text.
 */
#ifndef ROSTER_ERROR_H
#define ROSTER_ERROR_H

#include <stdarg.h>

enum error_class {
	ERR_NONE,
	ERR_CONFIG,      /* the configuration is wrong: exit 78, no retry */
	ERR_SCHEMA,      /* the schema of the database is of another version: exit 78, no retry */
	ERR_USAGE,       /* the command line is wrong: exit 64 */
	ERR_UNREACHABLE, /* a peer does not answer: exit 69, retry with back-off */
	ERR_DENIED,      /* a peer or the model refuses: exit 77, no retry before something changes */
	ERR_UNPROVEN,    /* the model wants to know better who asks: exit 77, no retry before he has signed in */
	ERR_CLOSED,      /* a peer has closed our own account: exit 77, no retry until somebody asks for it */
	ERR_PROTOCOL,    /* a peer answers nonsense: exit 69, retry with back-off */
	ERR_DATA,        /* input data is bad: exit 65, no retry before it changes */
	ERR_CONFLICT,    /* somebody else changed it meanwhile, or holds it: exit 75, retry at once */
	ERR_GUARD,       /* a safety limit refused: exit 1, an administrator decides */
	ERR_ABSENT,      /* nobody is there to do it, no rosterd leads the source: exit 3 */
	ERR_INTERNAL,    /* a bug of ours: exit 70 */
	ERR_CLASSES
};

enum { ERROR_TEXT = 2048 };

/* Caller-owned, usually on the stack, `struct error err = {0};`. A message that does not fit is cut, never overrun. */
struct error {
	enum error_class class;
	char text[ERROR_TEXT];
};

/* Set class and message; always returns -1, so that `return error_set(err, ...)` reads well. err may be NULL. */
int error_set(struct error *err, enum error_class class, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_vset(struct error *err, enum error_class class, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Put "<prefix>: " before the message that is there, unless it begins so; always returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put " (<hint>)" behind the message that is there; always returns -1. */
int error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "config", "unreachable", ... : for logs, metrics and --json. */
const char *error_class_name(enum error_class class);
/* And back; ERR_INTERNAL for a name that is none. */
enum error_class error_class_named(const char *name);

/* The exit status rosterctl(1) documents for this class. */
int error_exit_code(enum error_class class);

#endif
