/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pick: values out of an object of an API, by a short expression. Pure.
 *
 *   username                    a member of the object, or of one of its homes: where an API keeps what is not its own
 *   /name/fullName              a JSON Pointer (RFC 6901)
 *   /emails[?primary=true]/value    the first item of a list of which that is true
 *   firstName lastName          several, joined by a space
 */
#ifndef ROSTER_SOURCE_REST_PICK_H
#define ROSTER_SOURCE_REST_PICK_H

#include "roster/arena.h"
#include "roster/directory.h"
#include "roster/json.h"

/* Where members of an object may be, as pointers; NULL-terminated. The object itself comes first and is not named. */
struct pick_homes {
	const char *const *pointers;
};

/* One word of an expression; NULL when there is nothing, or null. */
const struct json *pick_json(const struct json *object, const char *word, const struct pick_homes *homes);
/* Whether a value is the truth itself. */
bool pick_is_true(const struct json *value);
/* The values of an expression, as text: numbers and truths as JSON writes them, each item of a list by itself, of an object its
 * member "value". False when there is none. Memory is from arena. */
bool pick_values(const struct json *object, const char *expression, const struct pick_homes *homes, struct arena *arena,
		 struct attribute *ret);
/* The first of them; NULL when there is none. */
const char *pick_text(const struct json *object, const char *expression, const struct pick_homes *homes,
		      struct arena *arena);

/* What does not hold of "NAME", "!NAME", "NAME=VALUE,VALUE" and so on, all of which should (a ? before a name: or be absent):
 * "enabled is false"; NULL when all do. *unknown: one cannot be told, because the object does not say. */
const char *pick_flaw(const struct json *object, const char *conditions, const struct pick_homes *homes,
		      struct arena *arena, bool *unknown);

#endif
