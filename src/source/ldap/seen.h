/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids of one read, at about 32 bytes each: an entry that two searches find, or that moves while pages are read,
 * counts once.
 */
#ifndef ROSTER_SOURCE_LDAP_SEEN_H
#define ROSTER_SOURCE_LDAP_SEEN_H

#include "roster/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}. */
struct seen {
	struct digest *slots;
	size_t room, count;
	bool zero; /* the all-zero digest, which marks a free slot, was added */
};

/* false when the id was there already. */
bool seen_add(struct seen *seen, const char *id);
bool seen_has(const struct seen *seen, const char *id);
void seen_free(struct seen *seen);

#endif
