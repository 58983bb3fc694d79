/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one refresh said last of each UUID it named, at about 35 bytes each.
 */
#ifndef ROSTER_SOURCE_LDAP_UUIDS_H
#define ROSTER_SOURCE_LDAP_UUIDS_H

#include "roster/ldap_sync.h"

enum uuid_state {
	UUID_UNSEEN,
	UUID_CAME,    /* its entry came */
	UUID_PRESENT, /* it exists, and is as it was */
	UUID_REMOVED  /* the server says that it is gone from what we asked for */
};

struct uuid_slot {
	struct ldap_uuid uuid;
	uint8_t state; /* UUID_UNSEEN: free */
};

/* Starts as {0}. */
struct uuids {
	struct uuid_slot *slots;
	size_t room, count;
};

void uuids_set(struct uuids *uuids, const struct ldap_uuid *uuid, enum uuid_state state); /* not to UUID_UNSEEN */
enum uuid_state uuids_get(const struct uuids *uuids, const struct ldap_uuid *uuid);
/* Walk over them in no order: *position starts as 0. NULL at the end; do not set while walking. */
const struct uuid_slot *uuids_next(const struct uuids *uuids, size_t *position);
void uuids_free(struct uuids *uuids);

#endif
