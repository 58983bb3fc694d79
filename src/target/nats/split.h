/* SPDX-License-Identifier: Apache-2.0 */
/* split: a message about many resources as one for each of them. Pure. */
#ifndef ROSTER_TARGET_NATS_SPLIT_H
#define ROSTER_TARGET_NATS_SPLIT_H

#include "roster/arena.h"
#include "roster/error.h"

#include <stdbool.h>
#include <stdint.h>

/* What is told about one resource, as a message of the form of roster-events(7). */
struct piece {
	int64_t resource;
	const char *name; /* NULL: about none: that a snapshot was complete */
	const char *body;
	size_t size;
};
struct pieces {
	struct piece *items;
	size_t count;
	const char *history;
	int64_t revision, window; /* of all of them */
};

/* By the numbers of their resources, and at the end that it was complete, if it was; all is from arena. ERR_DATA when it is no such message. */
int split_message(const char *bytes, size_t size, struct arena *arena, struct pieces *ret, struct error *err);
/* Is this message, about a resource, later than those pieces? False when it is none, or of another history. */
bool split_is_later(const char *bytes, size_t size, const struct pieces *pieces);

#endif
