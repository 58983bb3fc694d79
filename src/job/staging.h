/* SPDX-License-Identifier: Apache-2.0 */
/* staging: one entry as the mirror keeps it: canonical references, the attributes of a person, members, content digest. */
#ifndef JOB_STAGING_H
#define JOB_STAGING_H

#include "roster/arena.h"
#include "roster/config.h"
#include "roster/directory.h"
#include "roster/store.h"

struct stager;

struct stager *stager_new(const struct source_config *source);
void stager_free(struct stager **stager);
/* The same source, with what its server decided filled in. */
void stager_settle(struct stager *stager, const struct source_config *source);
/* Before each run. whole: all is read and nothing taken back, so members that are entries of the run need no text. */
void stager_begin(struct stager *stager, bool whole);

/* A digest over everything read of the entry, in the order it came: the cheap question whether to look closer. */
struct digest stager_content(struct stager *stager, const struct entry *entry);
/* With this content; memory is from arena. -1 when the entry cannot be used: the error says why and what to do. */
int stager_fill(struct stager *stager, const struct entry *entry, const struct digest *content, struct arena *arena,
		struct staged_entry *ret, struct error *err);
/* The content of a large group that is remembered, or NULL. Only what has changed in its list since then is filled, so one that
 * is not in the mirror has to be forgotten first. */
const struct digest *stager_remembers(const struct stager *stager, const char *id);
void stager_forget(struct stager *stager, const char *id);
/* The reference of a DN; -1 when it is none. */
int stager_reference(struct stager *stager, const char *dn, struct digest *ret);
/* That and the reference of what is above it. */
int stager_names(struct stager *stager, const char *dn, struct digest *reference_of, struct digest *parent_of,
		 struct error *err);
/* What stager_fill() could not use of the entry, while using the rest: members that are no DN, values that are no text. */
size_t stager_remark_count(const struct stager *stager);
const char *stager_remark(const struct stager *stager, size_t index);

/* A digest of what the source is asked for: another one, and an incremental read may not go on from the last. */
struct digest stager_settings(const struct source_config *source);
/* A digest of what the file says about who gets what: the rules, and which entries they see. Another one is a question for
 * a person, as a filter with a mistake in it takes away no less than a rule. */
struct digest stager_meaning(const struct source_config *source, const struct digest *rules);

#endif
