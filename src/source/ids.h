/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids: which ids a file or an API has named so far, and in which line or pass: a place of 24 bytes per id, however long
 * the ids are.
 */
#ifndef ROSTER_SOURCE_IDS_H
#define ROSTER_SOURCE_IDS_H

#include "roster/text.h"

#include <stddef.h>

/* Starts as {0}. */
struct named_ids {
	struct named_id {
		struct digest id;
		unsigned long line; /* 0: a free place */
	} * ids;
	size_t count, places; /* places is 0 or a power of two */
};

/* The line of an earlier mention, or 0 when this is the first; then it is kept. line is not 0. */
unsigned long ids_add(struct named_ids *ids, const char *id, unsigned long line);
/* The same, and this line is kept in any case. */
unsigned long ids_put(struct named_ids *ids, const char *id, unsigned long line);
void ids_free(struct named_ids *ids);

#endif
