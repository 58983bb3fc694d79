/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heed: what a provider said by itself of somebody, on the road of everything else it says.
 */
#ifndef ROSTER_JOB_HEED_H
#define ROSTER_JOB_HEED_H

#include "job/session.h"
#include "roster/job.h"

struct heed {
	struct store *store;
	struct session *session;
	struct sync_watch *watch;
	/* What came of each run. */
	void (*report)(const struct sync_report *report, void *context);
	void *context;
};

/* Whoever was closed is suspended, as if the source had been read; then it is asked about each of them. 1 when there was
 * anything: *ask says that the source has to be read, because it could not be asked about one. 0; -1. */
int heed_signals(const struct heed *heed, bool *ask, struct error *err);

#endif
