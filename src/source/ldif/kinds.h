/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds: which record of a file is a person, a group or a unit: the base and the filter that a server would apply.
 */
#ifndef ROSTER_SOURCE_LDIF_KINDS_H
#define ROSTER_SOURCE_LDIF_KINDS_H

#include "roster/config.h"
#include "roster/directory.h"

#include "source/ldif/record.h"

struct kinds;

/* NULL with ERR_CONFIG when a base or a filter is not one. Memory is from arena. */
struct kinds *kinds_new(const struct source_config *config, struct arena *arena, struct error *err);

/* 1 with entry->kind, 0 when it is none, -1 with ERR_DATA when its DN is no DN. Users come first, then groups, units. */
int kinds_find(const struct kinds *kinds, struct entry *entry, struct error *err);

/* The attribute that holds the id of entries of this kind. */
const char *kinds_id_name(const struct kinds *kinds, enum entry_kind kind);
/* An id the record carries, of whatever kind it is; NULL when there is none. */
const char *kinds_any_id(const struct kinds *kinds, const struct ldif_record *record, struct arena *arena);

/* A groupOfNames or groupOfUniqueNames must have a member (RFC 4519 sections 3.5, 3.6): without, it was not shown. */
bool kinds_hides_members(const struct kinds *kinds, const struct entry *group);

#endif
