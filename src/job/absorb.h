/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absorb: stages news. Looks up what the mirror knows of the entries at hand and no more, and follows names: when a place
 * is renamed, everything below it in the mirror is.
 */
#ifndef JOB_ABSORB_H
#define JOB_ABSORB_H

#include "job/intake.h"
#include "job/news.h"
#include "roster/cookies.h"

struct rename {
	const char *id, *from, *to; /* from is canonical */
};

/* Of one run; starts with absorb_begin(). */
struct absorption {
	struct store *store;
	int source;
	int64_t run;
	struct intake *intake;
	struct entry_sink *sink; /* of the intake, or on the way to it */
	bool in_time;            /* the news came in the order in which things happened */
	bool whole;              /* the news are everything there is, under the name it has */
	struct arena *arena;
	bool again; /* some of it was taken already */
	struct rename *renames;
	size_t rename_count, rename_room;
	const char **removed;
	size_t removed_count, removed_room;
	struct store_move *moves, *places;
	size_t move_count, move_room, place_count, place_room;
	bool lost_track; /* something may have happened that was not said: everything must be read */
};

void absorb_begin(struct absorption *absorption);
void absorb_free(struct absorption *absorption);
/* Stage the items; they are forgotten. */
int absorb_items(struct absorption *absorption, struct news *news, struct error *err);
/* After all items: what follows from them and from places. */
int absorb_rest(struct absorption *absorption, struct news *news, struct error *err);
/* After the merge; whole: the news named all places there are. */
int absorb_places(struct absorption *absorption, const struct news *news, bool whole, struct error *err);
/* Is there anything to merge? */
bool absorb_is_empty(const struct absorption *absorption);

#endif
