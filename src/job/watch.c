/* SPDX-License-Identifier: Apache-2.0 */
#include "job/watch.h"

#include "roster/elapsed.h"

#include <inttypes.h>
#include <stdio.h>

/* A look at the clock for so many entries; a word for so much time. */
enum { ENTRIES_PER_LOOK = 16, TELL_MS = 1000, WORDS_MOST = 96 };

int watch_step(struct sync_watch *watch, const char *what, struct error *err)
{
	if (watch == NULL || watch->step(watch, what))
		return 0;
	return error_set(err, ERR_CONFLICT, "the run was ended, because its process was told to stop");
}

void watch_apply(struct sync_watch *watch, int64_t done, int64_t all)
{
	char words[WORDS_MOST];

	if (done == 0)
		snprintf(words, sizeof words, "applying %" PRId64 " changes", all);
	else
		snprintf(words, sizeof words, "applying, %" PRId64 " of %" PRId64 " changes done", done, all);
	/* It has begun to write and goes on to the end, whatever the answer. */
	if (watch != NULL)
		watch->step(watch, words);
}

static int tell(struct watched *watched, struct error *err)
{
	char words[WORDS_MOST];
	int64_t now;

	if (watched->watch == NULL || ++watched->seen % ENTRIES_PER_LOOK != 0)
		return 0;
	now = clock_ms();
	if (now - watched->told_at < TELL_MS)
		return 0;
	watched->told_at = now;
	if (watched->expected >= watched->seen)
		snprintf(words, sizeof words, "reading, %lu of about %lu entries", watched->seen, watched->expected);
	else
		snprintf(words, sizeof words, "reading, %lu entries so far", watched->seen);
	return watch_step(watched->watch, words, err);
}

static int pass_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct watched *watched = (struct watched *)sink;

	return tell(watched, err) != 0 ? -1 : watched->next->entry(watched->next, entry, err);
}

static int pass_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	struct watched *watched = (struct watched *)sink;

	return tell(watched, err) != 0 ? -1 : watched->next->unreadable(watched->next, id, what, why, err);
}

void watched_start(struct watched *watched, struct entry_sink *next, struct sync_watch *watch)
{
	*watched = (struct watched){
	    .sink = {pass_entry, pass_unreadable}, .next = next, .watch = watch, .told_at = clock_ms()};
}
