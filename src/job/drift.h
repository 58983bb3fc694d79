/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drift: whether a source that is followed has told of all that changed in it.
 *
 * When everything was read, whatever differs from the mirror is asked about: from the cookie the mirror is at, what does the
 * source say now? What it speaks of has changed since, or changes just now. The rest changed without a word of it.
 */
#ifndef JOB_DRIFT_H
#define JOB_DRIFT_H

#include "job/reading.h"
#include "roster/job.h"

/* Everything was read, is staged and not merged. Notes what is found with the run, and in the report; nothing where the source
 * cannot say what changed since. */
int drift_find(struct reading *reading, int64_t run, struct sync_report *report, struct error *err);

#endif
