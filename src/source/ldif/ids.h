/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids: which ids a file has named so far, and in which line: a place of 24 bytes per id, however long the ids are.
 */
#ifndef ROSTER_SOURCE_LDIF_IDS_H
#define ROSTER_SOURCE_LDIF_IDS_H

#include "roster/text.h"

#include <stddef.h>

/* Starts as {0}. */
struct ldif_ids {
	struct ldif_id {
		struct digest id;
		unsigned long line; /* 0: a free place */
	} * ids;
	size_t count, places; /* places is 0 or a power of two */
};

/* The line of an earlier mention, or 0 when this is the first; then it is kept. line is not 0. */
unsigned long ldif_ids_add(struct ldif_ids *ids, const char *id, unsigned long line);
void ldif_ids_free(struct ldif_ids *ids);

#endif
