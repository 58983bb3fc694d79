/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several servers with the same directory (OpenLDAP): one of them may lag behind what was read from another. What it says is old,
 * and nothing of it may take back what was known since. How far a server is says contextCSN of each of its databases.
 *
 * With one URL there is nobody else to ask, and whatever it says is taken.
 */
#ifndef ROSTER_SOURCE_LDAP_REPLICA_H
#define ROSTER_SOURCE_LDAP_REPLICA_H

#include "source/ldap/server.h"

/* What was known before; replaces what was recalled before that. */
void replica_recall(struct ldap_source *source, const struct source_past *past);
/* Connect to a server that is not behind what was recalled, as server_open(). When all who answer are, an error says so; who
 * wants what they have gets the first of them. */
int replica_open(struct ldap_source *source, struct ldap_connection **ret, struct error *err);
/* The server at this URL has said itself that it is behind: the next replica_open() leaves it out. An error that says so. */
int replica_reject(struct ldap_source *source, const char *url, struct error *err);

/* How far the server was when replica_open() asked it; cookies hold as long as the source is not asked again. */
void replica_give_marks(struct ldap_source *source, struct source_cookies *ret);
/* The database an entry is in goes on to what a cookie says. Before the first: forget what was. */
void replica_begin_marks(struct ldap_source *source);
void replica_take_cookie(struct ldap_source *source, const char *base, const char *cookie, size_t size);
void replica_free(struct ldap_source *source);

#endif
