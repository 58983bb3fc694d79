/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bodies: the bytes of parts that are to be sent: from who has just written them, else from the database.
 *
 * Buffers go round: a million fresh bytes cost the kernel more than it costs to fill them.
 */
#ifndef JOB_BODIES_H
#define JOB_BODIES_H

#include "roster/delivery.h"
#include "roster/str.h"

enum { SPARES = 24 };

struct kept {
	int target;
	int64_t window;
	int number;
	struct str body;
};

/* Starts as {0}. */
struct bodies {
	struct kept *kept;
	size_t count, bytes;       /* some megabytes at most */
	struct str spares[SPARES]; /* empty buffers */
	size_t spare_count;
};

/* An empty buffer, to be given back. */
struct str bodies_spare(struct bodies *bodies);
/* Keep what was written until it is taken; when there is too much, what was kept before is forgotten. *body is an empty
 * buffer afterwards. */
void bodies_keep(struct bodies *bodies, const struct window *window, int number, struct str *body);
/* What is kept does not count any more. */
void bodies_forget(struct bodies *bodies);
/* The bytes of a part, that are no longer kept then; the buffer is the caller's, to be given back. *people are those of the part's window: NULL at first,
 * read when they are needed, the caller's to free behind the last part of the window. */
int bodies_take(struct bodies *bodies, struct store *store, const struct part *part, struct brief_people **people,
		struct str *ret, struct error *err);
void bodies_give_back(struct bodies *bodies, struct str *body);
/* What is not lent out; it can be used on. */
void bodies_free(struct bodies *bodies);

#endif
