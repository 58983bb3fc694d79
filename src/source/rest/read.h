/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read: one read of an API, on its way into a sink.
 */
#ifndef ROSTER_SOURCE_REST_READ_H
#define ROSTER_SOURCE_REST_READ_H

#include "roster/source.h"
#include "source/rest/entry.h"
#include "source/rest/walk.h"

/* One group is in another, or one role in another, as somebody else says than the one it is in. */
struct inclusion {
	const char *outer, *inner; /* ids */
};

struct reading {
	struct api *api;
	const struct entry_maker *maker;
	struct entry_sink *sink;
	struct read_result *result;
	struct arena *arena; /* as long as the read */
	bool preview;        /* the first page of everything is enough */
	bool stopped;        /* the sink has failed */
	struct inclusion *inclusions;
	size_t inclusion_count, inclusion_room;
	int depth;
};

/* Each hands over what it reads. 0, also when the read is incomplete by now; -1 when it has failed or the sink has. */
int read_people(struct reading *reading, struct error *err);
int read_groups(struct reading *reading, struct error *err);

/* One group, with who is in it. */
int read_group(struct reading *reading, const struct json *object, const char *id, struct error *err);

/* Hand one over, or name what is wrong with it. */
int read_hand_over(struct reading *reading, enum entry_kind kind, const struct json *object, const char *id,
		   const struct member_list *members, struct error *err);
/* A walk has ended before its end: the read is incomplete, or has failed if nothing came yet. */
int read_broken(struct reading *reading, const struct error *why, struct error *err);
/* One entry could not be read; the others go on. */
int read_unreadable(struct reading *reading, const char *id, const char *what, const char *why, struct error *err);

#endif
