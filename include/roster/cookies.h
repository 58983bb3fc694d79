/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookies: what the store keeps for a source that says what changed: from where to go on, the names of places, and a run
 * for what is pushed. Part of the store, on the sync road; everything belongs to the transaction that is open.
 */
#ifndef ROSTER_COOKIES_H
#define ROSTER_COOKIES_H

#include "roster/arena.h"
#include "roster/store.h"

/* Where one part of a source left off; settings as the driver digests them. */
struct store_cookie {
	const char *part;
	struct digest settings;
	const char *bytes;
	size_t size;
};
struct store_cookies {
	struct store_cookie *items;
	size_t count;
};
int store_cookies_load(struct store *store, int source, struct arena *arena, struct store_cookies *ret,
		       struct error *err);
/* Instead of those that were there. */
int store_cookies_keep(struct store *store, int source, const struct store_cookies *cookies, struct error *err);
/* Everything was read, or must be soon. */
int store_full_note(struct store *store, int source, bool done, struct error *err);

/* A run for pushed changes of a source this session leads: *run goes on when it can, else becomes a new one. */
int store_push_begin(struct store *store, int source, int64_t *run, struct source_state *ret, struct error *err);

/* Entries the source said are gone, by their ids. */
int store_stage_removed(struct store *store, int64_t run, const char *const ids[], size_t count, struct error *err);
/* Take back what was staged of these entries. */
int store_unstage(struct store *store, int64_t run, const char *const ids[], size_t count, struct error *err);

/* The names of places and units as they were, of those that are known. */
struct store_name {
	const char *id, *dn;
	bool place;
};
struct store_names {
	struct store_name *items;
	size_t count;
};
struct store_ids {
	const char *const *items;
	size_t count;
};
int store_names_look(struct store *store, int source, const struct store_ids *ids, struct arena *arena,
		     struct store_names *ret, struct error *err);
/* All places. */
int store_places_load(struct store *store, int source, struct arena *arena, struct store_names *ret, struct error *err);

/* Entries of the mirror under another name. */
struct store_move {
	const char *id, *dn;
	struct digest reference, parent;
};
int store_stage_moves(struct store *store, int64_t run, const struct store_move *moves, size_t count,
		      struct error *err);

/* After the merge. whole: there are no other places. *orphans: a place or unit is gone and something below it is not. */
struct store_places {
	const struct store_move *places; /* without a parent */
	size_t count;
	const char *const *gone;
	size_t gone_count;
	bool whole;
};
int store_places_keep(struct store *store, int64_t run, const struct store_places *places, bool *orphans,
		      struct error *err);

#endif
