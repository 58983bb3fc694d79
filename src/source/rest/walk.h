/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk: all objects of a listing, page after page, as often as it takes to know that nothing moved meanwhile.
 */
#ifndef ROSTER_SOURCE_REST_WALK_H
#define ROSTER_SOURCE_REST_WALK_H

#include "source/rest/ask.h"
#include "source/rest/pager.h"

/* What became of it. */
enum walk_end {
	WALK_WHOLE,  /* every object was handed over */
	WALK_BROKEN, /* some were, or none; err says why it went no further */
	WALK_STOPPED /* the sink has failed, with err */
};

struct walk {
	const struct listing *listing;
	const char *path; /* that of the listing with its {id} filled in */
	const char *id;   /* expression of the id of an object */
	const struct pick_homes *homes;
	bool one_page; /* the first is enough */
	int status;    /* filled: what the API answered last */
	int64_t had;   /* filled: objects of the last pass */
};

enum walk_end walk_listing(struct api *api, struct walk *walk, struct pager_sink *sink, struct error *err);
/* path with {id} and {name} in it replaced, escaped for an address. */
const char *walk_path(const char *path, const char *id, const char *name, struct arena *arena);

#endif
