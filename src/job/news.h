/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news: what a source said of itself and what is not yet on its way into the database. Of each entry the last word counts;
 * everything is a copy.
 */
#ifndef JOB_NEWS_H
#define JOB_NEWS_H

#include "roster/arena.h"
#include "roster/source.h"

struct news_item {
	const char *id;
	/* As which kinds it is gone, a bit for each: a server may say of an entry that it is none of some kind, which it never
	 * was. 0: entry, or unreadable when what is set. */
	unsigned int removed;
	struct entry entry;
	const char *what, *why;
};

/* Starts with news_init(); the caller reads, and does not change. */
struct news {
	struct news_sink sink;        /* hand this to the driver */
	struct arena *arena, *listed; /* of the items, and of the rest */
	struct news_item *items;      /* in the order in which each id came first */
	size_t count, room;
	size_t entries; /* how many were taken: of the others there is next to nothing to keep */
	size_t *slots;  /* by id: place in items + 1, or 0 */
	size_t slot_count;
	struct place *places; /* in order; an id may come again */
	size_t place_count, place_room;
	const char **gone_places;
	size_t gone_count, gone_room;
	/* Called when there are many items; NULL: never. */
	int (*full)(struct news *news, void *context, struct error *err);
	/* After full() has taken all: see names_stand() of the sink. */
	bool (*stand)(const void *context);
	void *context;
	/* Entries go there at once instead, and are not kept; NULL: they are kept. */
	struct entry_sink *through;
};

void news_init(struct news *news);
void news_free(struct news *news);
/* Forget the items; news_clear(): and places and everything. */
void news_forget_items(struct news *news);
void news_clear(struct news *news);
bool news_is_empty(const struct news *news);

#endif
