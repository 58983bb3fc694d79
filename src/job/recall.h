/* SPDX-License-Identifier: Apache-2.0 */
/* recall: an entry as the mirror remembers it, back in the form the source gave it, so that rules can look at it. */
#ifndef JOB_RECALL_H
#define JOB_RECALL_H

#include "job/intake.h"
#include "roster/arena.h"
#include "roster/directory.h"
#include "roster/store.h"

/* Fill entry from row; both live as long as arena. */
int recall_entry(const struct mirror_row *row, struct arena *arena, struct entry *ret, struct error *err);
/* Match every entry of the run's source. */
int recall_all(struct store *store, int64_t run, struct intake *intake, struct error *err);

#endif
