/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source: where people and groups come from; one driver per folder below src/source/.
 *
 * A driver turns what its peer or file says into a stream of `struct entry` and ends it with a completeness. It draws
 * no conclusion: it knows neither rules nor database. The one promise that matters: READ_COMPLETE is said only when the
 * driver knows that it has seen everything there is. Anything else (a size limit, a lost page, a truncated file) is
 * READ_INCOMPLETE, and nobody loses anything by it.
 */
#ifndef ROSTER_SOURCE_H
#define ROSTER_SOURCE_H

#include "roster/config.h"
#include "roster/directory.h"
#include "roster/error.h"

enum completeness {
	READ_FAILED,     /* nothing can be concluded; the error says why */
	READ_INCOMPLETE, /* what came is true, what did not come may exist all the same; the reason says why */
	READ_COMPLETE    /* this is everything */
};
const char *completeness_name(enum completeness completeness); /* "failed", "incomplete", "complete" */

/* Receives the stream. Both return 0, or -1 with err set to stop the read. */
struct entry_sink {
	int (*entry)(struct entry_sink *sink, const struct entry *entry, struct error *err);
	/* A record that could not become an entry (no id, invalid DN, undecodable): it is named, the stream goes on.
	 * what: its DN or position; why: what is wrong and what to do. An id when one is known, else NULL: a known entry
	 * that could not be read this time is kept as it was, never taken as gone. */
	int (*unreadable)(struct entry_sink *sink, const char *id, const char *what, const char *why,
			  struct error *err);
};

struct read_result {
	enum completeness completeness;
	char reason[512]; /* why it is not complete */
	/* ignored: read, but neither user nor group nor unit */
	unsigned long entries, unreadable, ignored;
};

struct source; /* opened by a driver; its first member is this opaque handle's driver struct */

struct source_ops {
	const char *name; /* the value of `type` in the configuration */
	int (*open)(const struct source_config *config, struct source **ret, struct error *err);
	/* Stream every entry in scope. 0 with result filled (complete or incomplete), -1 when it failed. */
	int (*read_all)(struct source *source, struct entry_sink *sink, struct read_result *result, struct error *err);
	void (*close)(struct source **source); /* accepts NULL, sets NULL */
};

/* The driver for `type`, or NULL. The core learns its drivers from one table, in src/source/registry.c. */
const struct source_ops *source_driver(const char *type);

#endif
