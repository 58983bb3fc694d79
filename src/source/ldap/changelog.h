/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The retro changelog of 389 Directory Server (draft-good-ldap-changelog): how far back it reaches. Who goes on from where
 * it does not reach to is told of the rest, and of nothing that is missing.
 */
#ifndef ROSTER_SOURCE_LDAP_CHANGELOG_H
#define ROSTER_SOURCE_LDAP_CHANGELOG_H

#include "source/ldap/server.h"

/* The number of the last change before a cookie ("host:port#who:base:filter#28"); -1 when it has none. */
int64_t changelog_number(const char *cookie);
/* Is every change after that one still in it? By the rootDSE, and by its entries as far as the account may see them. 1, 0
 * with why, or -1. */
int changelog_remembers(const struct ldap_source *source, struct ldap_connection *connection, const char *cookie,
			char why[256], struct error *err);

#endif
