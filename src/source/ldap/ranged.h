/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of which a server gives the values of an attribute in parts ("member;range=0-1499", MS-ADTS section
 * 3.1.1.3.1.3.3): each part is another question, and no transaction holds them together.
 */
#ifndef ROSTER_SOURCE_LDAP_RANGED_H
#define ROSTER_SOURCE_LDAP_RANGED_H

#include "source/ldap/decode.h"

/* Those of one search, to be read when it is over; starts as {0}. */
struct ranged {
	struct str pairs; /* id and DN, each with its NUL */
};
void ranged_add(struct ranged *ranged, const char *id, const struct ldap_entry *entry);
void ranged_free(struct ranged *ranged);

/* Who reads them. */
struct ranged_reader {
	struct ldap_connection *connection;
	const struct scope *scope;
	struct decoder *decoder; /* holds the entry, or what is wrong with it, for each */
	int (*each)(void *context, const char *id, struct error *err);
	void *context;
};
/* Read each whole, asking for part after part, and from the beginning where it was changed meanwhile; one that cannot be had
 * whole is at fault. Forgets them. */
int ranged_read(struct ranged *ranged, const struct ranged_reader *reader, struct error *err);

#endif
