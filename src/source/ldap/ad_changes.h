/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who changed in an Active Directory since a cookie: by directory synchronization (DirSync), or by the numbers each domain
 * controller gives its updates (USN). Neither says what an entry is like now: that is asked of the entries themselves.
 */
#ifndef ROSTER_SOURCE_LDAP_AD_CHANGES_H
#define ROSTER_SOURCE_LDAP_AD_CHANGES_H

#include "roster/ldap_sync.h"
#include "source/ldap/server.h"

enum ad_way { AD_DIRSYNC, AD_USN };
const char *ad_way_name(enum ad_way way); /* "dirsync", "usn": also the values of `changes` */

struct ad_change {
	struct ldap_uuid guid; /* octets as the server has them */
	bool deleted;
};

/* Starts as {0}. */
struct ad_changes {
	struct ad_change *items; /* in the order of guid, each once */
	size_t count, room;
};
void ad_changes_free(struct ad_changes *changes);

enum ad_verdict { AD_GOOD, AD_INVALID, AD_REFUSED };

/* Set cookie to where the server is now, without looking at anything. AD_REFUSED with err set when it does not tell us;
 * -1 when it cannot be asked. */
int ad_changes_now(struct ldap_source *source, struct ldap_connection *connection, enum ad_way way, struct str *cookie,
		   struct error *err);
/* Everything below the naming context that changed since the cookie, which is moved on. AD_INVALID with err set when the
 * server does not go on from it. */
int ad_changes_since(struct ldap_source *source, struct ldap_connection *connection, enum ad_way way,
		     struct str *cookie, struct ad_changes *ret, struct error *err);

#endif
