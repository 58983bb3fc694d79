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

int intake_new(const struct config *config, const struct source_config *source, struct intake **ret, struct error *err);
void intake_free(struct intake **intake);
/* The same source, with what its server decided filled in. */
void intake_settle(struct intake *intake, const struct source_config *source);
/* Before each run: nothing is known, nothing was seen. */
void intake_begin(struct intake *intake, struct store *store, int64_t run);

/* Learn what the mirror knows of the source; before the first entry. */
int intake_load(struct intake *intake, int source, struct error *err);

/* Hand a source's stream to this between store_stage_start() and store_stage_end(). */
struct entry_sink *intake_sink(struct intake *intake);
/* For an entry that is in the mirror as it is: only the rules look at it. */
int intake_match(struct intake *intake, const struct entry *entry, struct error *err);

/* What came of this entry was not the last word: it comes again. */
void intake_forget(struct intake *intake, const char *id);
/* The references of a DN and of what is above it; -1 when it is none. */
int intake_reference(struct intake *intake, const char *dn, struct digest *reference, struct digest *parent);

/* Do the groups of the source name their members by an identifier that is never another's? */
bool intake_names_by_identity(const struct intake *intake);
/* Nothing is below an entry, so no entry is called anew because of another. */
bool intake_has_paths(const struct intake *intake);

/* Do rules look at what groups a person is said to be in, while nobody tells that this changed with a group? */
bool intake_reads_backlinks(const struct intake *intake);

struct mirror *intake_mirror(struct intake *intake);
const struct matches *intake_matches(struct intake *intake);
struct digest intake_rules_fingerprint(const struct intake *intake);
/* Records that had neither an id nor a DN: any entry we know might be one of them, so none may be taken as gone. */
unsigned long intake_nameless(const struct intake *intake);
const unsigned long *intake_counts(const struct intake *intake); /* entries seen, by kind */
unsigned intake_shown(const struct intake *intake);              /* as in struct account, of all that was taken */
unsigned long intake_staged(const struct intake *intake);        /* entries that differ from the mirror */

#endif
