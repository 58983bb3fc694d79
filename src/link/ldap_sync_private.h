/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the sync facade share: the operation under way.
 */
#ifndef ROSTER_LINK_LDAP_SYNC_PRIVATE_H
#define ROSTER_LINK_LDAP_SYNC_PRIVATE_H

#include "link/ldap_private.h"
#include "roster/ldap_sync.h"

struct ldap_sync {
	struct ldap_connection *connection;
	struct ldap_sync *next; /* that goes on over the same connection */
	char *base, *filter;
	bool persist;
	bool going;      /* the result has not come, and nothing has failed */
	bool persisting; /* the refresh is done */
	int fd, id;
	/* The question that asks whether the server is there. */
	bool asked;
	int heartbeat_id;
	int64_t heartbeat_ms;
	int64_t silent_ms; /* waited since the last message; the caller's own time does not count */
	/* The message the caller looks at. */
	LDAPMessage *message;
	BerElement *ber;
};

/* Turn sync->message, which is of this type, into ret (ldap_sync_message.c). */
int ldap_sync_read(struct ldap_sync *sync, int type, struct ldap_sync_message *ret, struct error *err);

#endif
