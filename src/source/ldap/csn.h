/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Change sequence numbers of OpenLDAP: how far a database is, one number for each server that changes are made at
 * ("20261122093624.904385Z#000000#001#000000": when, which of that moment, the serverID, which of one operation; section 3.2 of
 * draft-chu-ldap-csn). Where several servers take changes, what is known of one says nothing of the others.
 */
#ifndef ROSTER_SOURCE_LDAP_CSN_H
#define ROSTER_SOURCE_LDAP_CSN_H

#include "roster/str.h"

#include <stdbool.h>

enum { CSN_SIZE = 40 };

/* The newest of each server, in the order of their serverIDs. Starts as {0}. */
struct csns {
	char (*items)[CSN_SIZE + 1];
	size_t count, room;
};

/* false when the text is none. */
bool csns_add(struct csns *csns, const char *text, size_t size);
/* Those of a cookie ("rid=000,sid=001,csn=...;..."); false when it names none, or something that is none. */
bool csns_add_cookie(struct csns *csns, const char *cookie, size_t size);
/* The first of those that are held which this one has not come to; NULL when it has come to all. */
const char *csns_missing(const struct csns *csns, const struct csns *held);
/* Write a cookie that names no server: who goes on as the server that gave it would be spared what was changed there. */
void csns_write_cookie(const struct csns *csns, struct str *ret);
void csns_free(struct csns *csns);

/* Take a newer cookie over a kept one: it may name only the server something was changed at. One that cannot be read stands as
 * it came. */
void csn_renew_cookie(struct str *kept, const char *newer, size_t size);

#endif
