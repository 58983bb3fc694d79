/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot: who may do what on some resources, put together from who holds what where.
 *
 * A million pairs of person and resource follow from some ten thousand facts, so it is the facts that come from the
 * database (store/snapshots.c) and the pairs are made here, one resource at a time, already as the texts a message is made
 * of. What the facts are is the schema's business: here anchors are joined with anchors and equal sets of roles are written
 * once. Pure. The memory it takes grows with the facts, not with the pairs.
 *
 * In order: resources, meanings, reach, holdings, people; then tell each resource.
 */
#ifndef ROSTER_SNAPSHOT_H
#define ROSTER_SNAPSHOT_H

#include "roster/message.h"

struct snapshot;
struct snapshot *snapshot_new(void);
void snapshot_free(struct snapshot **snapshot); /* accepts NULL, sets NULL */

/* Ids are texts of numbers or, of users, of uuids; lists are "{3,17}". */
void snapshot_add_meaning(struct snapshot *snapshot, const char *role, const char *kind, const char *permissions);
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
/* Find out who may do what there. Good until the next call of this. */
void snapshot_tell(struct snapshot *snapshot, size_t index, const struct message_names *names,
		   struct snapshot_resource *ret);
/* One of its people; the texts stay as long as the snapshot. */
struct told_change snapshot_change(const struct snapshot *snapshot, size_t person);
/* Append the texts of its people from that number on (roster/brief.h), about so many bytes at most; the number of the next
 * one, 0 behind the last. */
size_t snapshot_list_people(const struct snapshot *snapshot, size_t first, size_t most, struct str *out);

#endif
