/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a source that are followed, one search each: one for each kind of entry, and one for the places.
 *
 * A kind has a search of its own although bases may be the same: which kind an entry is, only the server can say, as its
 * schema says what else an inetOrgPerson is. A place is an entry below which others may be (a unit, a country, a
 * domain): a server says that it was renamed, and nothing of what is below it.
 */
#ifndef ROSTER_SOURCE_LDAP_PART_H
#define ROSTER_SOURCE_LDAP_PART_H

#include "roster/ldap_sync.h"
#include "source/ldap/following.h"
#include "source/ldap/refresh.h"
#include "source/ldap/server.h"

enum { PARTS_MOST = 2 * ENTRY_KINDS };

/* Classes of entries that others are usually below. One that the server does not know matches nothing. */
extern const char place_filter[];

struct part_wish {
	const struct server_config *config;
	bool persist;
};

struct part {
	const char *name; /* "user", "group", "unit", "place BASE" */
	int kind;         /* an entry_kind, or ENTRY_KINDS for places */
	const struct scope *scope;
	const char *base;
	struct digest settings; /* what its cookie depends on */
	struct str cookie;      /* where it is; empty for none */

	/* While it is followed. */
	struct ldap_connection *connection;
	struct ldap_sync *sync;
	struct refresh refresh;
	bool over; /* the refresh */
	/* While it persists, of a server that asks for it: those to read, and those that were said to be removed. */
	struct uuids changed, removed;
};

/* Fill parts[], the places first: whoever is read after them is below what they were, or their next news say otherwise.
 * All memory is from arena, the source or the configuration. The number of them, or -1. */
int part_list(const struct ldap_source *source, const struct following *following,
	      const struct ldap_connection *connection, struct arena *arena, struct part parts[PARTS_MOST],
	      struct error *err);
/* Ask for what is new since its cookie, over a connection that may be another part's. */
int part_start(struct part *part, const struct following *following, struct ldap_connection *connection,
	       const struct part_wish *wish, struct error *err);
/* Close what is open of it, and forget its cookie. */
void part_close(struct part *part);

#endif
