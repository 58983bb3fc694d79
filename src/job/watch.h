/* SPDX-License-Identifier: Apache-2.0 */
/* watch: tells whoever waits for a run how far it is, and hears from him that it shall end. */
#ifndef JOB_WATCH_H
#define JOB_WATCH_H

#include "roster/job.h"
#include "roster/source.h"

/* A stream of entries that is counted on its way to next. */
struct watched {
	struct entry_sink sink; /* hand this to the driver */
	struct entry_sink *next;
	struct sync_watch *watch; /* NULL: nobody waits */
	unsigned long seen;
	unsigned long expected; /* about so many, as the mirror knows it; 0: nobody knows */
	int64_t told_at;
};
void watched_start(struct watched *watched, struct entry_sink *next, struct sync_watch *watch);

/* 0, or -1 with ERR_CONFLICT when the run shall end. */
int watch_step(struct sync_watch *watch, const char *what, struct error *err);
void watch_apply(struct sync_watch *watch, int64_t done, int64_t all);

#endif
