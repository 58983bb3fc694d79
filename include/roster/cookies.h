/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookies: what the store keeps for a source that says what changed: from where to go on, what its names were, and a run
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

/* What everything that was read, is staged and not merged shows to be other than the news had made it. Possible: something may
 * be. Note: without those who are told of; keeps it with the run. */
struct store_drift {
	int64_t count;
	const char *examples; /* from arena */
};
int store_drift_possible(struct store *store, int64_t run, bool *ret, struct error *err);
struct store_told {
	const char *const *ids;
	size_t count;
	bool of_removals; /* else who is gone is no drift */
};
int store_drift_note(struct store *store, int64_t run, const struct store_told *told, struct arena *arena,
		     struct store_drift *ret, struct error *err);

/* A run for pushed changes of a source this session leads: *run goes on when it can, else becomes a new one. */
int store_push_begin(struct store *store, int source, int64_t *run, struct source_state *ret, struct error *err);

/* Entries the source said are gone, by their ids. */
int store_stage_removed(struct store *store, int64_t run, const char *const ids[], size_t count, struct error *err);
/* Take back what was staged of these entries. */
int store_unstage(struct store *store, int64_t run, const char *const ids[], size_t count, struct error *err);

/* Of everything that was staged: somebody is in a unit that is not there, and was in one that was. */
int store_meets_homeless(struct store *store, int64_t run, int source, bool *ret, struct error *err);

/* What the news at hand say of names; references are NULL for what is gone. */
struct store_named {
	const char *id;
	enum entry_kind kind;
	bool gone;
	struct digest reference, parent;
};
struct store_news {
	const struct store_named *places, *entries; /* places that are there */
	size_t place_count, entry_count;
	const char *const *gone_places; /* their ids */
	size_t gone_count;
};
enum news_doubt {
	DOUBT_NONE,
	DOUBT_UNTOLD, /* they are true, and something may have happened that nobody says: read everything soon */
	DOUBT_NAMES   /* names are not what they were known to be: nothing follows from them, read everything */
};
int store_news_doubt(struct store *store, int source, const struct store_news *news, enum news_doubt *ret,
		     struct error *err);

/* Everything was read: the places of news are all there are. *unfollowed: the name of an entry below none of them and of no other, so that
 * nobody would say that its name changed; NULL for none, else from arena. */
int store_places_keep(struct store *store, int source, const struct store_news *news, struct arena *arena,
		      const char **unfollowed, struct error *err);

#endif
