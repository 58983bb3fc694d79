/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request: what an operator asks of the process that leads a source, wherever that runs, through the database.
 *
 * Part of the store. Who asks makes a request and follows it to its end; who leads the subject takes requests one by one,
 * writes down how far it is and what would change, and ends each with a result. Both sides hear of each other by
 * notification and look once in a while all the same. Options and results are JSON text; what they mean is agreed upon
 * above this module. Texts handed out live as long as the arena that was given.
 */
#ifndef ROSTER_REQUEST_H
#define ROSTER_REQUEST_H

#include "roster/arena.h"
#include "roster/error.h"
#include "roster/store.h"

#include <stdbool.h>
#include <stdint.h>

enum request_kind { REQUEST_PLAN, REQUEST_SYNC, REQUEST_KINDS };
const char *request_kind_name(enum request_kind kind); /* "plan", "sync" */

/* --- who asks --------------------------------------------------------------------------------------------------------- */

/* Is there a process that takes such requests about the subject now? 1, 0 or -1. */
int request_is_led(struct store *store, enum request_kind kind, const char *subject, struct error *err);
/* The database checks who asks. The same, waiting already, is that request. */
int request_make(struct store *store, enum request_kind kind, const char *subject, const char *options, int64_t *id,
		 struct error *err);

struct request_result {
	bool done;          /* else it failed, with this class and text */
	const char *result; /* JSON text; "" when there is none */
	enum error_class error_class;
	const char *error;
};
struct request_follower {
	/* Asked once in a while; NULL: never. */
	bool (*must_stop)(void);
	/* How far it is, when that has changed; NULL: not told. */
	void (*progress)(struct request_follower *follower, const char *text);
};
/* Wait for the end: 1 and *ret, 0 when told to stop, -1: the database is lost, or (ERR_ABSENT) nobody has led the subject
 * for REQUEST_PATIENCE_MS. */
enum { REQUEST_PATIENCE_MS = 150000 };
int request_follow(struct store *store, int64_t id, struct request_follower *follower, struct arena *arena,
		   struct request_result *ret, struct error *err);
/* Hand the change list that was written down to sink, in order. */
int request_lines_walk(struct store *store, int64_t id, struct change_sink *sink, struct error *err);

/* --- who carries it out ------------------------------------------------------------------------------------------------- */

struct request {
	int64_t id;
	enum request_kind kind;
	const char *options; /* JSON object */
	const char *login;   /* who asks */
};
/* For who leads the source on this store: take its requests from now on. Those that a dead leader had begun wait again. */
int request_attend(struct store *store, const char *source, struct error *err);
/* The oldest plan or sync that waits for the source: 1, 0 or -1. */
int request_take(struct store *store, const char *source, struct arena *arena, struct request *ret, struct error *err);
/* Wait for news about the source: 1, 0 when the time is over or a signal came, -1 when the connection is lost. */
int request_wait(struct store *store, const char *source, int64_t timeout_ms, struct error *err);
/* End it: run is 0 for none, result NULL or JSON; failure NULL when it is done. */
int request_end(struct store *store, int64_t id, int64_t run, const char *result, const struct error *failure,
		struct error *err);

/* Progress and change list of one request. They go over a connection of their own: what the run writes may be taken back. */
struct request_writer;
int request_writer_open(const struct database_config *database, int64_t id, struct request_writer **ret,
			struct error *err);
int request_writer_progress(struct request_writer *writer, const char *text, struct error *err);
/* Changes that go in here are lines of the request; sent in batches. */
struct change_sink *request_writer_sink(struct request_writer *writer);
int request_writer_flush(struct request_writer *writer, struct error *err);
void request_writer_close(struct request_writer **writer); /* accepts NULL and sets NULL; sends nothing */

/* --- a pause -------------------------------------------------------------------------------------------------------------- */

/* Shall the source not be read by itself for the time being? 1, 0 or -1. */
int request_is_paused(struct store *store, const char *source, struct error *err);

#endif
