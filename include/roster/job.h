/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job: the pipelines that join sources, rules, guard and store.
 *
 * sync_source() is the road from a directory to a revision, on one screen. rosterctl calls it in its own process, the
 * daemon in a child; a plan, a sync and an approval are the same call with other options, so what `plan` prints is what
 * `sync` does.
 */
#ifndef ROSTER_JOB_H
#define ROSTER_JOB_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/store.h"

#include <stdbool.h>
#include <stdint.h>

/* config_load(), and what needs the rules as well: every rule is checked, and each source learns which attributes to
 * keep. Everything wrong is in findings, whatever module found it. */
int setup_load(const char *file, struct arena *arena, struct config **ret, struct findings *findings,
	       struct error *err);

struct sync_options {
	bool dry_run;       /* take the same road, then undo it */
	bool from_mirror;   /* do not ask the source: its last word is in the mirror */
	const char *expect; /* digest of a plan somebody agreed to: apply that plan or nothing; NULL to judge anew */
	struct change_sink *sink; /* sees every planned change in order, after the guard; NULL for none */
};

struct sync_report {
	int64_t run;
	const char *state; /* "nothing", "applied", "held" */
	const char *completeness;
	char reason[1024];      /* why the read is not complete */
	char held_reason[1024]; /* why something is held that was not held before */
	int64_t newly_held;     /* rows; the whole run when state is "held" */
	char digest[FINGERPRINT_TEXT];
	struct plan_totals totals;
	unsigned long entries[ENTRY_KINDS], unreadable;
	int64_t first_revision, last_revision; /* 0 when none was written */
	double seconds;                        /* the reading */
};

/* One run of one source. -1 when it failed: then nothing of it happened, but for the row of the failed run. */
int sync_source(const struct config *config, const struct source_config *source, const struct sync_options *options,
		struct sync_report *report, struct error *err);

#endif
