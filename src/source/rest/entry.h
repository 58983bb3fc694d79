/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry: from an object of an API to an entry of the directory. Pure.
 */
#ifndef ROSTER_SOURCE_REST_ENTRY_H
#define ROSTER_SOURCE_REST_ENTRY_H

#include "roster/config.h"
#include "roster/directory.h"
#include "source/rest/shape.h"

struct entry_maker {
	const struct source_config *config;
	const struct shape *shape;
	struct filter *filters[ENTRY_KINDS]; /* NULL for none */
	const char *place, *prefix;          /* of a group: expression of its path, and what stands before it */
};

/* The ids of the members of a group, as they are made. */
struct member_list {
	struct value *values;
	size_t count, room;
	struct arena *arena;
};
/* text: whom it means when id is NULL. */
void member_list_add(struct member_list *list, const char *id, const char *text);

int entry_maker_init(struct entry_maker *maker, const struct source_config *config, const struct shape *shape,
		     struct arena *arena, struct error *err);
/* The id an entry of that kind is kept under. */
const char *entry_kept_id(const struct entry_maker *maker, enum entry_kind kind, const char *id, struct arena *arena);
/* An object of an API, and what is known of it besides. */
struct found {
	enum entry_kind kind;
	const struct json *object;
	const char *id;
	const struct member_list *members; /* NULL for a person */
};

/* 1 with ret, 0 when it is none of those that are read, -1 when it cannot be used: err says why. Memory is from arena or the
 * object. */
int entry_make(const struct entry_maker *maker, const struct found *found, struct arena *arena, struct entry *ret,
	       struct error *err);

#endif
