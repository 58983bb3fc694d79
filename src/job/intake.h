/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake: the end of a source's stream. Tells what the mirror knows already from what is new, stages the difference and
 * keeps what the rules say about it until the staging is over.
 */
#ifndef JOB_INTAKE_H
#define JOB_INTAKE_H

#include "roster/arena.h"
#include "roster/rules.h"
#include "roster/source.h"
#include "roster/store.h"

struct intake;

int intake_new(const struct config *config, const struct source_config *source, struct store *store, int64_t run,
	       struct intake **ret, struct error *err);
void intake_free(struct intake **intake);

/* Learn what the mirror knows of the source; before the first entry. */
int intake_load(struct intake *intake, int source, struct error *err);

/* Hand a source's stream to this between store_stage_start() and store_stage_end(). */
struct entry_sink *intake_sink(struct intake *intake);
/* For an entry that is in the mirror as it is: only the rules look at it. */
int intake_match(struct intake *intake, const struct entry *entry, struct error *err);

struct mirror *intake_mirror(struct intake *intake);
const struct matches *intake_matches(struct intake *intake);
struct digest intake_rules_fingerprint(const struct intake *intake);
/* Records that had neither an id nor a DN: any entry we know might be one of them, so none may be taken as gone. */
unsigned long intake_nameless(const struct intake *intake);
const unsigned long *intake_counts(const struct intake *intake); /* entries seen, by kind */

#endif
