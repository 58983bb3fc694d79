/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of which a server gives the values of an attribute in parts ("member;range=0-1499", MS-ADTS section
 * 3.1.1.3.1.3.3): each part is another question, and no transaction holds them together.
 */
#ifndef ROSTER_SOURCE_LDAP_RANGED_H
#define ROSTER_SOURCE_LDAP_RANGED_H

#include "roster/arena.h"
#include "roster/ldap.h"
#include "source/ldap/scope.h"

/* Is it a part of the values of an attribute that is asked for? */
bool is_range_of(const struct scope *scope, const char *name);

struct ranged {
	struct ldap_connection *connection;
	const struct scope *scope;
	const char *dn;
	struct arena *arena; /* of the values; reset for each */
};
/* Read the entry at dn whole, asking for part after part, and from the beginning where it was changed meanwhile. 1; 0 when
 * it is not there any more; 2 with *fault when it cannot be had whole; -1. */
int ranged_read(const struct ranged *ranged, struct ldap_entry *ret, const char **fault, struct error *err);

#endif
