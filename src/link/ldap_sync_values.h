/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of the content synchronization controls and of its intermediate response (RFC 4533 section 2) as octets.
 *
 * Pure: bytes in, bytes or a message out. Decoding returns 0, or -1 when the octets are not such a value; what it gives
 * is in the arena and takes no more memory than a small multiple of the octets.
 */
#ifndef ROSTER_LINK_LDAP_SYNC_VALUES_H
#define ROSTER_LINK_LDAP_SYNC_VALUES_H

#include "roster/arena.h"
#include "roster/ldap_sync.h"

/* syncRequestValue: append it to out. */
void sync_request_encode(const struct ldap_sync_search *search, struct str *out);
/* syncStateValue: sets state, uuid and cookie. */
int sync_state_decode(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret);
/* syncDoneValue: sets deletes and cookie. */
int sync_done_decode(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret);
/* syncInfoValue: sets kind and what belongs to it. */
int sync_info_decode(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret);

#endif
