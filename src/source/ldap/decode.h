/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the wire gave to a struct entry, or to the reason why there is none.
 */
#ifndef ROSTER_SOURCE_LDAP_DECODE_H
#define ROSTER_SOURCE_LDAP_DECODE_H

#include "roster/arena.h"
#include "roster/ldap.h"
#include "source/ldap/scope.h"

/* Starts as {.arena = ...}; reused for every entry. */
struct decoder {
	struct arena *arena; /* reset for each entry */
	struct entry entry;
	const char *fault; /* why the entry is unreadable; entry.id and entry.dn are set as far as they are known */
	bool ranged;       /* only a part of its values came: see ranged.h */
};

/* Decode one entry: decoder->entry when decoder->fault is NULL. Both live until the next call, or the next entry. */
void decode(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from);

#endif
