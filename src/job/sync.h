/* SPDX-License-Identifier: Apache-2.0 */
/* One journey of a source's data: what sync.c, sync_judge.c and sync_source.c share. */
#ifndef ROSTER_JOB_SYNC_H
#define ROSTER_JOB_SYNC_H

#include "job/reading.h"
#include "roster/job.h"

struct sync {
	const struct config *config;
	const struct source_config *source;
	const struct sync_options *options;
	struct sync_report *report;
	struct store *store;
	struct session *session;
	struct watched watched;
	struct source_state state;
	bool leads; /* no other process runs this source */
	bool begun; /* the run is written down */
	struct reading reading;
	bool everything;  /* the rules changed, or the model does not follow from the mirror: compare everybody */
	bool asked_again; /* since what came did not fit together */
	bool untold;      /* what changed is not known in full: read everything, compare everybody */
	bool spares;      /* the run waits as a whole, but for accounts that the source closed */
	bool ended;       /* the run has, but for what is left of it in the staging tables */
	bool at_once;     /* nobody's access waits for the others': the model was next to empty */
	char rules_digest[FINGERPRINT_TEXT], settings[SETTINGS_TEXT];
	bool asking;         /* the source */
	const char *unasked; /* why its last word has to do, though more was wanted; else NULL */
};

/* The road, until the run has ended. 0; 1: this way is given up, begin again another way; -1. */
int sync_travel(struct sync *sync, struct error *err);
/* The source is asked nothing: what it said last has to do. */
bool sync_is_from_mirror(const struct sync *sync);

/* What may be done of the plan: the guard's word, unless somebody has agreed already. report->state says "held" or
 * "rejected" when the run waits as a whole. */
int sync_judge(struct sync *sync, struct error *err);
bool sync_is_stopped(const struct sync_report *report);
/* Of a run that waits: who is closed at the source is closed here, whatever becomes of the rest. */
int sync_apply_spared(struct sync *sync, struct error *err);

/* Tell who reads it what would change, and count it. */
int sync_tell(struct sync *sync, struct error *err);

#endif
