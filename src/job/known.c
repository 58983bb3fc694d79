/* SPDX-License-Identifier: Apache-2.0 */
#include "job/known.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

/* A digest of zeroes is no digest: it marks a free slot. */
static const struct digest free_slot;

/* The slot that holds it, or the free one where it belongs; there is always a free one. */
static struct digest *slot_of(const struct known_references *known, const struct digest *reference)
{
	uint64_t at;

	memcpy(&at, reference->bytes, sizeof at);
	for (at &= known->room - 1;; at = (at + 1) & (known->room - 1))
		if (digest_equal(&known->slots[at], reference) || digest_equal(&known->slots[at], &free_slot))
			return &known->slots[at];
}

static void grow(struct known_references *known)
{
	struct known_references larger = {.room = known->room == 0 ? 1024 : 2 * known->room, .count = known->count};

	larger.slots = xcalloc(larger.room, sizeof *larger.slots);
	for (size_t i = 0; i < known->room; i++)
		if (!digest_equal(&known->slots[i], &free_slot))
			*slot_of(&larger, &known->slots[i]) = known->slots[i];
	free(known->slots);
	*known = larger;
}

void known_add(struct known_references *known, const struct digest *reference)
{
	if (4 * (known->count + 1) > 3 * known->room)
		grow(known);
	struct digest *slot = slot_of(known, reference);
	if (digest_equal(slot, &free_slot))
		known->count++;
	*slot = *reference;
}

bool known_has(const struct known_references *known, const struct digest *reference)
{
	return known->count > 0 && digest_equal(slot_of(known, reference), reference);
}

void known_free(struct known_references *known)
{
	free(known->slots);
	*known = (struct known_references){0};
}
