/* SPDX-License-Identifier: Apache-2.0 */
/* windows: what is owed to targets, written down as the bytes of messages before the first of them is sent. */
#ifndef JOB_WINDOWS_H
#define JOB_WINDOWS_H

#include "job/bodies.h"
#include "roster/config.h"
#include "roster/snapshot.h"
#include "roster/store.h"

/* A snapshot on its way: its facts are read once for many rounds. They are as of the revision of its window, so they stay
 * true; they are read again when what is written is not what was written last. */
struct page {
	struct snapshot *snapshot; /* NULL: none */
	int target;
	int64_t window, reached;
	size_t next;      /* resource to be written */
	bool last;        /* no other page follows */
	bool people_kept; /* parts of this page may be briefs */
};

enum { PAGES = 4 }; /* large snapshots that go on at the same time without reading facts anew each round */

struct writer {
	struct store *store;
	const struct config *config;
	const char *type;
	struct bodies *bodies; /* gets what is written */
	struct page pages[PAGES];
	size_t oldest;
};

/* Open the windows of all targets of that type and write their parts; of a large snapshot some megabytes. Each window that
 * is written apart is a transaction of its own, and after half a second what is written goes out first: then *more is set,
 * and this is to be called again soon. */
int windows_open(struct writer *writer, bool *more, struct error *err);
/* Free what the writer keeps from call to call. */
void windows_forget(struct writer *writer);

#endif
