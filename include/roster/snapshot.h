/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: who may do what on some resources, put together from who holds what where.
 *
 * A million pairs of person and resource follow from some ten thousand facts, so it is the facts that come from the
 * database (store/snapshots.c) and the pairs are made here, one resource at a time, already as the texts a message is made
 * of. What the facts are is the schema's business, and so is what a set of roles permits: here anchors are joined with
 * anchors, and each set that is met is asked about and written once. Pure. The memory it takes grows with the facts, not
 * with the pairs.
 *
 * In order: resources, roles, reach, holdings, people; then look at each resource, say what its new sets permit, and tell it.
 */
#ifndef ROSTER_SNAPSHOT_H
#define ROSTER_SNAPSHOT_H

#include "roster/message.h"

struct snapshot;
struct snapshot *snapshot_new(void);
void snapshot_free(struct snapshot **snapshot); /* accepts NULL, sets NULL */

/* Ids are texts of numbers or, of users, of uuids; lists are "{3,17}". */
/* A role that bears on what people may do on a kind of resource; others are not looked at. gives: it permits something
 * there, be it with another one; else it matters only to whom another one does. */
void snapshot_add_role(struct snapshot *snapshot, const char *role, const char *kind, bool gives);
void snapshot_add_resource(struct snapshot *snapshot, const char *resource, const char *name);
/* From where a resource that was added is reached. */
void snapshot_add_reach(struct snapshot *snapshot, const char *resource, const char *kind, const char *anchors);
void snapshot_add_holding(struct snapshot *snapshot, const char *user, const char *anchor, const char *role);
/* Of somebody who holds something and is not added, nothing is told. */
void snapshot_add_person(struct snapshot *snapshot, const struct told *row);

/* What to ask next: the resources, their anchors and kinds, the people of all holdings; arrays as PostgreSQL reads them. */
void snapshot_resources(const struct snapshot *snapshot, struct str *out);
void snapshot_anchors(const struct snapshot *snapshot, struct str *out);
void snapshot_kinds(const struct snapshot *snapshot, struct str *out);
void snapshot_users(const struct snapshot *snapshot, struct str *out);

size_t snapshot_count(const struct snapshot *snapshot); /* resources */
struct snapshot_resource {
	int64_t id;
	const char *name;
	size_t people;
};
/* Find out who has which roles there, and how many of these sets of roles were not met before. */
size_t snapshot_look(struct snapshot *snapshot, size_t index);
/* Those sets, as two arrays: the kind of resource, and the roles. */
void snapshot_sets(const struct snapshot *snapshot, struct str *kinds, struct str *sets);
/* What one of them permits, and by which of its roles; numbered from 1, in the order of the arrays. Each must be said. */
void snapshot_add_set(struct snapshot *snapshot, size_t number, const char *permissions, const char *roles);
/* Who may do what on the resource that was looked at last. Good until the next look. */
void snapshot_tell(struct snapshot *snapshot, size_t index, const struct message_names *names,
		   struct snapshot_resource *ret);
/* One of its people; the texts stay as long as the snapshot. */
struct told_change snapshot_change(const struct snapshot *snapshot, size_t person);
/* Append the texts of its people from that number on (roster/brief.h), about so many bytes at most; the number of the next
 * one, 0 behind the last. */
size_t snapshot_list_people(const struct snapshot *snapshot, size_t first, size_t most, struct str *out);

#endif
