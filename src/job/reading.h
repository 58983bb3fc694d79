/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading: everything the source has, or what changed since the last time, on its way into the staging tables.
 */
#ifndef JOB_READING_H
#define JOB_READING_H

#include "job/absorb.h"
#include "job/session.h"
#include "job/watch.h"

/* Each is tried when the one before is not to be had. */
enum reading_way { READ_BY_COOKIE, READ_WITH_COOKIE, READ_PLAINLY, READ_PUSHED };

struct reading {
	struct session *session;
	struct store *store;
	struct watched *watched;
	enum reading_way way; /* start with the first that may be tried */
	bool persist;         /* news will be waited for afterwards */
	bool takes_any;       /* an administrator wants everything, as it is */

	/* Filled. */
	struct read_result result;
	struct absorption absorption;
	struct source_cookies cookies; /* it went on from here */
	bool hides;                    /* who is closed cannot be seen */
	bool has_cookies;              /* session->result.cookies are where to go on from */
};

/* Find the way, and ask a source for its news. */
int reading_start(struct reading *reading, struct error *err);
/* 0; 1: it was given up, roll back, and try again the way it says now; -1. */
int reading_finish(struct reading *reading, int64_t run, struct error *err);
/* What followed from it is merged: keep its cookies with that. */
int reading_keep(struct reading *reading, struct error *err);
/* From where the news of the source go on, as far as the mirror is; until reading_end(). */
int reading_load_cookies(struct reading *reading, struct source_cookies *ret, struct error *err);
/* Nothing came but where the source is by now. */
int reading_keep_cookies(struct store *store, const struct session *session, struct error *err);
/* Whatever it says of itself, everything shall be read the next time. */
int reading_doubt(struct store *store, const struct session *session, struct error *err);
void reading_end(struct reading *reading);

#endif
