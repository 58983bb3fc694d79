/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the wire gave to a struct entry, or to the reason why there is none.
 */
#ifndef ROSTER_SOURCE_LDAP_DECODE_H
#define ROSTER_SOURCE_LDAP_DECODE_H

#include "roster/arena.h"
#include "roster/ldap.h"
#include "source/ldap/scope.h"
#include "source/ldap/seen.h"

/* Classes whose definition asks for a member: a group of such a class that shows none hides them (RFC 4519 section 3). */
enum { NEEDY_CLASSES = 2 };
extern const struct needy_class {
	const char *class, *attribute;
} needy_classes[NEEDY_CLASSES];

/* Starts as {.arena = ...}; reused for every entry. */
struct decoder {
	struct arena *arena; /* reset for each entry */
	const char *
	    named; /* the id of the next entry as the protocol tells it, where nobody may read the attribute; or NULL */
	struct entry entry;
	const char *fault;  /* why the entry is unreadable; entry.id and entry.dn are set as far as they are known */
	bool ranged;        /* only a part of its values came: see ranged.h */
	bool hides_members; /* the fault is that it shows none */
	/* Groups that are known to have none, of each of these classes: see empty.h. */
	struct seen empty[NEEDY_CLASSES];
};

/* Decode one entry: decoder->entry when decoder->fault is NULL. Both live until the next call, or the next entry. */
void decode(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from);

#endif
