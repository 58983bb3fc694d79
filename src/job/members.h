/* SPDX-License-Identifier: Apache-2.0 */
/* members: the members of a group, as the mirror keeps them. */
#ifndef JOB_MEMBERS_H
#define JOB_MEMBERS_H

#include "job/staging_names.h"

/* Is it what a group of this source lists its members in? */
bool members_attribute(const struct source_config *source, const char *name);
/* The members of a group, as far as they are not remembered. */
void members_fill(struct stager *stager, const struct entry *entry, struct arena *arena, struct staged_entry *ret);

#endif
