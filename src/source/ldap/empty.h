/* SPDX-License-Identifier: Apache-2.0 */
/*
 * empty: which groups have no members, at a server where a group may have none and shows members it keeps to itself in the same
 * way. Only who may search by an attribute is told who is without it: to say "not" of what may not be seen is refused for each
 * entry (an access control of one group is for that group alone).
 */
#ifndef ROSTER_SOURCE_LDAP_EMPTY_H
#define ROSTER_SOURCE_LDAP_EMPTY_H

#include "source/ldap/decode.h"
#include "source/ldap/server.h"

/* Forget those the decoder knows, and ask for those among what the search would find. Nothing is asked for other kinds of
 * entries and of servers whose groups have members; a search that is refused finds none. */
int empty_find(const struct ldap_source *source, struct ldap_connection *connection, const struct scope *scope,
	       const struct ldap_search *among, struct decoder *decoder, struct error *err);
void empty_forget(struct decoder *decoder);

#endif
