/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absorb: stages news. Looks up what the mirror knows of the entries at hand and no more, and tells when that is not enough
 * to say what follows from them.
 */
#ifndef JOB_ABSORB_H
#define JOB_ABSORB_H

#include "job/intake.h"
#include "job/news.h"
#include "roster/cookies.h"

/* Of one run; starts with absorb_begin(). */
struct absorption {
	struct store *store;
	int source;
	int64_t run;
	struct intake *intake;
	struct entry_sink *sink;       /* of the intake, or on the way to it */
	struct arena *arena, *scratch; /* the latter while items are taken */
	bool again;                    /* some of it was taken already */
	bool moved;                    /* something is not the entry it was, or not known to be one */
	const char **removed;
	size_t removed_count, removed_room;
	bool closes;                    /* some of those it is about are closed, or will be at a time */
	enum news_doubt doubt;          /* the worst of all that came */
	size_t place_count, gone_count; /* of the news, when their places were last doubted */
};

void absorb_begin(struct absorption *absorption);
void absorb_free(struct absorption *absorption);
/* Stage the items, which are forgotten. Nothing is staged any more once names are in doubt. */
int absorb_items(struct absorption *absorption, struct news *news, struct error *err);
/* After all items. */
int absorb_rest(struct absorption *absorption, struct error *err);
/* After everything was read and merged: remember the places. *unfollowed as of store_places_keep(). */
int absorb_places(struct absorption *absorption, const struct news *news, const char **unfollowed, struct error *err);
/* Is there anything to merge? */
bool absorb_is_empty(const struct absorption *absorption);

#endif
