/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/seen.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

static const struct digest free_slot;

/* The slot that holds digest, or the free one where it belongs. */
static struct digest *slot_of(const struct seen *seen, const struct digest *digest)
{
	uint64_t hash;

	/* UUIDs made by a clock differ in few bits: the multiplication spreads them, the top bits choose. */
	memcpy(&hash, digest->bytes, sizeof(hash));
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = (hash >> 32) & (seen->room - 1);; i = (i + 1) & (seen->room - 1)) {
		struct digest *slot = &seen->slots[i];
		if (digest_equal(slot, digest) || digest_equal(slot, &free_slot))
			return slot;
	}
}

static void grow(struct seen *seen)
{
	struct seen larger = {.room = seen->room ? 2 * seen->room : 1024};

	larger.slots = xcalloc(larger.room, sizeof(*larger.slots));
	for (size_t i = 0; i < seen->room; i++) {
		if (!digest_equal(&seen->slots[i], &free_slot))
			*slot_of(&larger, &seen->slots[i]) = seen->slots[i];
	}
	free(seen->slots);
	seen->slots = larger.slots;
	seen->room = larger.room;
}

static struct digest digest_of_id(const char *id)
{
	struct digest digest;

	if (!uuid_parse(id, digest.bytes))
		digest = digest_of(id, strlen(id));
	return digest;
}

bool seen_has(const struct seen *seen, const char *id)
{
	struct digest digest = digest_of_id(id);

	if (digest_equal(&digest, &free_slot))
		return seen->zero;
	return seen->count > 0 && digest_equal(slot_of(seen, &digest), &digest);
}

bool seen_add(struct seen *seen, const char *id)
{
	struct digest digest = digest_of_id(id);

	if (digest_equal(&digest, &free_slot)) {
		bool first = !seen->zero;
		seen->zero = true;
		return first;
	}
	if (2 * seen->count >= seen->room)
		grow(seen);
	struct digest *slot = slot_of(seen, &digest);
	if (digest_equal(slot, &digest))
		return false;
	*slot = digest;
	seen->count++;
	return true;
}

void seen_free(struct seen *seen)
{
	free(seen->slots);
	*seen = (struct seen){0};
}
