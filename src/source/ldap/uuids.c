/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/uuids.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

/* The slot that holds uuid, or the free one where it belongs; there is always a free one. */
static struct uuid_slot *slot_of(const struct uuids *uuids, const struct ldap_uuid *uuid)
{
	uint64_t halves[2];

	/* UUIDs made by a clock differ in few bits, and not in the last ones: the multiplication spreads them. */
	memcpy(halves, uuid->bytes, sizeof(halves));
	uint64_t hash = (halves[0] ^ halves[1]) * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = (hash >> 32) & (uuids->room - 1);; i = (i + 1) & (uuids->room - 1)) {
		struct uuid_slot *slot = &uuids->slots[i];
		if (slot->state == UUID_UNSEEN || memcmp(&slot->uuid, uuid, sizeof(*uuid)) == 0)
			return slot;
	}
}

static void grow(struct uuids *uuids)
{
	struct uuids larger = {.room = uuids->room ? 2 * uuids->room : 1024, .count = uuids->count};
	const struct uuid_slot *slot;
	size_t position = 0;

	larger.slots = xcalloc(larger.room, sizeof(*larger.slots));
	while ((slot = uuids_next(uuids, &position)))
		*slot_of(&larger, &slot->uuid) = *slot;
	free(uuids->slots);
	*uuids = larger;
}

void uuids_set(struct uuids *uuids, const struct ldap_uuid *uuid, enum uuid_state state)
{
	if (2 * uuids->count >= uuids->room)
		grow(uuids);
	struct uuid_slot *slot = slot_of(uuids, uuid);
	if (slot->state == UUID_UNSEEN)
		uuids->count++;
	slot->uuid = *uuid;
	slot->state = (uint8_t)state;
}

enum uuid_state uuids_get(const struct uuids *uuids, const struct ldap_uuid *uuid)
{
	return uuids->room ? (enum uuid_state)slot_of(uuids, uuid)->state : UUID_UNSEEN;
}

const struct uuid_slot *uuids_next(const struct uuids *uuids, size_t *position)
{
	while (*position < uuids->room) {
		const struct uuid_slot *slot = &uuids->slots[(*position)++];
		if (slot->state != UUID_UNSEEN)
			return slot;
	}
	return NULL;
}

void uuids_free(struct uuids *uuids)
{
	free(uuids->slots);
	*uuids = (struct uuids){0};
}
