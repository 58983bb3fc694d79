/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups whose members are what a search finds (memberURL of groupOfURLs): a server that knows how (slapd's overlay dynlist)
 * puts them in when it answers a search, and at no other time. Who comes and goes by a change of his own is no news of the
 * group, and news of the group come without members. So they are read by a search whenever anything may have changed them.
 *
 * A server that does not put them in shows the same group without them. That is found out by asking for one entry the URL
 * finds: if it is no member, nothing is known of who is.
 */
#ifndef ROSTER_SOURCE_LDAP_DYNAMIC_H
#define ROSTER_SOURCE_LDAP_DYNAMIC_H

#include "source/ldap/decode.h"

struct dynamic_group;

/* Those that are known; starts as {0}. */
struct dynamic {
	struct dynamic_group *items;
	size_t count, room;
};

/* Who reads them, and what with. */
struct dynamic_reader {
	struct ldap_connection *connection;
	const struct scope *scope;
	const char *base;
	int64_t page_size;       /* of searches that may find many; 0 for none */
	struct decoder *decoder; /* holds the entry, or what is wrong with it, for each */
	int (*each)(void *context, struct error *err);
	void *context;
};

/* Does its entry say that its members are what a search finds? */
bool dynamic_is(const struct ldap_entry *entry);
/* Know the group by its id. From one search, in which each comes once, `once` saves looking whether it is known. */
void dynamic_add(struct dynamic *dynamic, const char *id, bool once);
void dynamic_remove(struct dynamic *dynamic, const char *id);
/* Know all there are, and no others. */
int dynamic_find(struct dynamic *dynamic, const struct dynamic_reader *reader, struct error *err);
/* Read all as they are now. One that is not there any more is not handed over; one that is no such group any more is, and is
 * known no longer. */
int dynamic_read(struct dynamic *dynamic, const struct dynamic_reader *reader, struct error *err);
void dynamic_free(struct dynamic *dynamic);

#endif
