/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading everything: one search after the other for each kind of entry.
 */
#ifndef ROSTER_SOURCE_LDAP_SCAN_H
#define ROSTER_SOURCE_LDAP_SCAN_H

#include "source/ldap/server.h"

/* Stream every entry of a settled source; as read_all of struct source_ops. */
int scan_all(struct ldap_source *source, struct ldap_connection *connection, struct entry_sink *sink,
	     struct read_result *result, struct error *err);

/* The same of what matches a filter besides; NULL for none. */
int scan_since(struct ldap_source *source, struct ldap_connection *connection, const char *since,
	       struct entry_sink *sink, struct read_result *result, struct error *err);

/* The places below a base, by an id; since: as above. */
struct place_scan {
	const char *base, *id, *since;
};
int scan_places(struct ldap_source *source, struct ldap_connection *connection, const struct place_scan *scan,
		struct news_sink *sink, struct error *err);

#endif
