/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pager: from one page of a listing to the next, and whether all of it was seen. Pure.
 *
 * A listing that is counted through while things come and go may show an object twice or not at all. So each page begins with
 * the last object of the one before, and a page that does not shows that something has moved; pages that are numbered are read
 * until two passes show the same. A listing that names its own next page is believed, once for each page.
 */
#ifndef ROSTER_SOURCE_REST_PAGER_H
#define ROSTER_SOURCE_REST_PAGER_H

#include "source/ids.h"
#include "source/rest/shape.h"

enum pager_step {
	PAGER_MORE,  /* ask for pager_walk.url */
	PAGER_END,   /* that was all */
	PAGER_MOVED, /* something moved meanwhile: begin anew */
	PAGER_BAD    /* what it says cannot be true: err says why */
};

struct pager_walk {
	const struct listing *listing;
	const char *start; /* address of the listing, with the parameters that do not change */
	const char *id;    /* expression of the id of an object */
	const struct pick_homes *homes;
	int64_t size;  /* objects to ask for in a page; 0: as many as it likes */
	int64_t count; /* how many there are, as it said elsewhere; -1: nobody said */

	struct str url;          /* to ask next */
	unsigned long pass;      /* from 1 */
	unsigned long pages;     /* of this pass */
	struct named_ids seen;   /* by pass */
	int64_t had, had_before; /* objects of this pass, and of the one before; -1 for none */
	bool new_this_pass;      /* one came that no pass before had */

	int64_t at, total;
	bool overlaps;   /* the page that was asked for begins with an object that was had */
	struct str last; /* its id */
	unsigned long empty;
	struct named_ids cursors;
};

/* Whom the objects go to that no page had before. */
struct pager_sink {
	int (*object)(struct pager_sink *sink, const struct json *object, const char *id, struct error *err);
};

/* Fill the first lines of a {0}, then begin a pass, each time anew. */
void pager_begin(struct pager_walk *walk);
/* What was asked for has come. id of an object that has none is NULL, and such objects come again in each pass. -1 when the sink
 * has failed, else a step. */
int pager_take(struct pager_walk *walk, const struct json *body, const char *link, struct arena *arena,
	       struct pager_sink *sink, struct error *err);
/* One pass was not enough to know that nothing moved. */
bool pager_wants_another_pass(const struct pager_walk *walk);
void pager_free(struct pager_walk *walk);

#endif
