/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known: references of entries that are staged in this run. A member that is one of them is bound when the run is merged, so
 * the text it was written with need not travel. Not all that are known: what is not here may still be in the mirror.
 */
#ifndef JOB_KNOWN_H
#define JOB_KNOWN_H

#include "roster/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed at first. */
struct known_references {
	struct digest *slots;
	size_t count, room;
};

void known_add(struct known_references *known, const struct digest *reference);
bool known_has(const struct known_references *known, const struct digest *reference);
/* Leaves it as at first. */
void known_free(struct known_references *known);

#endif
