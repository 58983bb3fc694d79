/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When entries were changed, as the server says (RFC 4512 section 3.4): a hint for servers that have nothing better. It is of
 * the server's clock, of a second at best, and nobody is told by it of what is gone.
 */
#ifndef ROSTER_SOURCE_LDAP_STAMP_H
#define ROSTER_SOURCE_LDAP_STAMP_H

#include "roster/arena.h"
#include "roster/ldap.h"

#include <time.h>

enum { STAMP_TEXT = 16 };

/* Of a search under way; starts as {0}. */
struct stamps {
	char latest[STAMP_TEXT]; /* 20261122093046Z; "" for none */
	unsigned long count;     /* entries */
	unsigned long missing;   /* of them, those that show none */
};

/* The attributes that say it. */
extern const char *const stamp_attributes[2];

void stamps_see(struct stamps *stamps, const struct ldap_entry *entry);
/* Not later than now, our time before the search began: an entry with a time that is still to come would hide all that is changed
 * until then. */
void stamp_limit(char stamp[STAMP_TEXT], time_t now);
/* A filter for what was changed then or later, or a little before: transactions end in another order than they begin. NULL when
 * stamp is none. */
const char *stamp_filter(const char *stamp, struct arena *arena);

#endif
