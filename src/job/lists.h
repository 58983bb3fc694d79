/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists: what large groups listed when they were last staged. A directory sends a group whole whenever somebody joins it; of one
 * that is remembered only what it lists anew, and what it lists no longer, has to be looked at.
 *
 * Whether a list is still that of the mirror is the caller's to say: it keeps the digest of the content it was staged with.
 * Values are known by a keyed hash of 96 bits, with a key of this process: nobody can write two that look alike. The lists that
 * were used longest ago are forgotten when there are too many, so the memory is bounded (some 16 MiB, and for a
 * while twice that when they grow).
 */
#ifndef JOB_LISTS_H
#define JOB_LISTS_H

#include "roster/arena.h"
#include "roster/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lists;
struct list;

struct lists *lists_new(void);
void lists_free(struct lists **lists);

/* The list of the entry with this id, or NULL. */
struct list *lists_find(struct lists *lists, const char *id);
/* An empty one in its place; NULL for one with so few values that it is not worth it, or with too many. */
struct list *lists_add(struct lists *lists, const char *id, size_t count);
void lists_forget(struct lists *lists, const char *id);

/* The content it was last read with; begin to read it again, with another. */
const struct digest *list_content(const struct list *list);
void list_begin(struct list *list, const struct digest *content);

/* way: the same value may mean something else under another attribute. */
struct list_key {
	uint64_t high;
	uint32_t low;
};
struct list_key lists_key(const struct lists *lists, unsigned way, const void *bytes, size_t size);
struct list_value {
	struct digest reference;
	bool odd; /* there is something to be said of it whenever it is read */
};
/* Note that the value is listed: true when it was before. */
bool list_see(struct list *list, struct list_key key, struct list_value *ret);
/* It was not. */
void list_put(struct list *list, struct list_key key, const struct list_value *value);
/* When all were seen: the references that nothing stands for any more, which are in it no longer. -1 when they are too many, or
 * the list has grown too much: it has to be added anew. */
int list_end(struct list *list, struct arena *arena, const struct digest **ret, size_t *count);

#endif
