/* SPDX-License-Identifier: Apache-2.0 */
#include "job/reading.h"

#include "roster/log.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { COOKIES_MOST = 16 }; /* more parts than any source has */

/* --- doubt -------------------------------------------------------------------------------------------------------------- */

/* A kind of entry of which there were several and now is none at all; -1 when there is no such kind. Of one alone nobody can
 * tell: it may go (doc/decisions/0020). */
static int emptied_kind(const struct intake *intake, const struct mirror *mirror)
{
	for (enum entry_kind kind = 0; kind < ENTRY_KINDS; kind++)
		if (intake_counts(intake)[kind] == 0 && mirror_count(mirror, kind) > 1)
			return (int)kind;
	return -1;
}

/* An empty answer after a full one is no answer, and what has no name might be anybody; otherwise the driver's word
 * stands. */
static void doubt(struct reading *reading)
{
	const struct intake *intake = reading->session->intake;
	const struct mirror *mirror = intake_mirror(reading->session->intake);
	struct read_result *read = &reading->result;
	int emptied = emptied_kind(intake, mirror);

	if (read->completeness != READ_COMPLETE)
		return;
	if (emptied >= 0) {
		snprintf(read->reason, sizeof read->reason,
			 "it returned no %s at all, after %zu before; check base, filter and the rights of the account",
			 entry_kind_name((enum entry_kind)emptied), mirror_count(mirror, (enum entry_kind)emptied));
		read->completeness = READ_INCOMPLETE;
	} else if (intake_nameless(intake) > 0) {
		snprintf(read->reason, sizeof read->reason,
			 "%lu %s cannot be told from others and might be any entry; see rosterctl quarantine",
			 intake_nameless(intake), intake_nameless(intake) == 1 ? "record" : "records");
		read->completeness = READ_INCOMPLETE;
	}
}

/* DNs of entries that did not say who they are. */
static size_t collect_nameless(const struct matches *matches, struct arena *arena, const char *const **ret)
{
	const char **dns = arena_alloc_array(arena, matches->problem_count + 1, sizeof *dns);
	size_t count = 0;

	for (size_t i = 0; i < matches->problem_count; i++)
		if (matches->problems[i].id == NULL && matches->problems[i].rule == 0)
			dns[count++] = matches->problems[i].what;
	*ret = dns;
	return count;
}

/* What is missing is gone, unless it may be there under another name without its id. */
static int stage_absent(struct reading *reading, struct error *err)
{
	struct intake *intake = reading->session->intake;
	struct read_result *read = &reading->result;
	struct arena *arena = reading->absorption.arena;
	struct store_gone gone = {0};

	gone.nameless_count = collect_nameless(intake_matches(intake), arena, &gone.nameless);
	if (store_stage_gone(reading->store, reading->absorption.run, intake_mirror(intake), arena, &gone, err) != 0)
		return -1;
	if (gone.stranger == NULL)
		return 0;
	read->completeness = READ_INCOMPLETE;
	snprintf(read->reason, sizeof read->reason,
		 "%s does not show its id, and might be %s that %s missing since; let the account that reads see "
		 "it, or leave the entry out by a filter (see rosterctl quarantine)",
		 gone.stranger, gone.count == 1 ? "the one entry" : "one of several entries",
		 gone.count == 1 ? "is" : "are");
	return 0;
}

/* An attribute that nobody shows any more opens nobody. */
static int find_hidden(struct reading *reading, bool all, struct error *err)
{
	unsigned bits = intake_shown(reading->session->intake);
	const char *names[sizeof bits * CHAR_BIT], *name;
	struct store_shown shown = {.names = names, .all = all};

	/* Who does not say there whether he is open was not read. */
	if (intake_has_paths(reading->session->intake))
		return 0;
	for (size_t i = 0; (name = account_attribute(i)) != NULL; i++)
		if (bits & 1U << i)
			names[shown.count++] = name;
	return store_stage_hidden(reading->store, reading->absorption.run, reading->session->id, &shown,
				  &reading->hides, err);
}

/* Whether others show what somebody does not any more, news do not say. */
static int doubt_opened(struct reading *reading, struct error *err)
{
	if (!reading->absorption.closes || reading->absorption.doubt != DOUBT_NONE)
		return 0;
	if (find_hidden(reading, false, err) != 0)
		return -1;
	if (reading->hides)
		reading->absorption.doubt = DOUBT_UNTOLD;
	return 0;
}

/* --- everything --------------------------------------------------------------------------------------------------------- */

static int read_plainly(struct reading *reading, struct error *err)
{
	struct session *session = reading->session;

	if (store_stage_start(reading->store, err) != 0)
		return -1;
	if (session->driver->read_all(session->source, &reading->watched->sink, &reading->result, err) != 0) {
		store_stage_abort(reading->store, "the read failed");
		return -1;
	}
	if (store_stage_end(reading->store, err) != 0)
		return -1;
	session->result.cookies = reading->result.marks;
	doubt(reading);
	if (reading->result.completeness != READ_COMPLETE)
		return 0;
	return stage_absent(reading, err);
}

/* --- news --------------------------------------------------------------------------------------------------------------- */

static int flush(struct news *news, void *context, struct error *err)
{
	return absorb_items(context, news, err);
}

static bool stand(const void *context)
{
	const struct absorption *absorption = context;

	return !absorption->moved && absorption->doubt == DOUBT_NONE;
}

/* 1: another way. */
static int give_up(struct reading *reading)
{
	struct session *session = reading->session;
	bool invalid = session->result.verdict == NEWS_INVALID && reading->way == READ_BY_COOKIE;

	if (invalid)
		log_warn("source %s is read whole, because it does not go on from where it was: %s",
			 session->config_source->name, session->result.reason);
	else if (!session->told_refused)
		log_warn("source %s does not say what changed and is read whole at each poll: %s",
			 session->config_source->name, session->result.reason);
	session->told_refused = session->told_refused || !invalid;
	reading->way = invalid ? READ_WITH_COOKIE : READ_PLAINLY;
	session_rest(session);
	return 1;
}

static int read_news(struct reading *reading, struct error *err)
{
	struct session *session = reading->session;
	bool direct = reading->way == READ_WITH_COOKIE;
	int rc;

	session->news.through = direct ? &reading->watched->sink : NULL;
	session->news.full = direct ? NULL : flush;
	session->news.stand = stand;
	session->news.context = &reading->absorption;
	if (direct && store_stage_start(reading->store, err) != 0)
		return -1;
	rc = session->driver->news_read(session->source, &session->news.sink, &session->result, err);
	session->news.through = NULL;
	session->news.full = NULL;
	if (direct && (rc != 0 || session->result.verdict != NEWS_GOOD))
		store_stage_abort(reading->store, "it was given up");
	else if (direct && store_stage_end(reading->store, err) != 0)
		return -1;
	if (rc != 0)
		return -1;
	return session->result.verdict == NEWS_GOOD ? 0 : give_up(reading);
}

static int absorb(struct reading *reading, struct error *err)
{
	struct news *news = &reading->session->news;

	return absorb_items(&reading->absorption, news, err) == 0 ? absorb_rest(&reading->absorption, err) : -1;
}

/* What is absent is gone, when the source has named all there is. */
static int conclude(struct reading *reading, struct error *err)
{
	const struct news_result *said = &reading->session->result;
	struct read_result *read = &reading->result;

	read->entries = said->entries;
	read->unreadable = said->unreadable;
	read->completeness = READ_COMPLETE;
	if (reading->way == READ_BY_COOKIE)
		return 0;
	if (!said->whole) {
		read->completeness = READ_INCOMPLETE;
		snprintf(read->reason, sizeof read->reason, "%s",
			 said->reason[0] != '\0'
			     ? said->reason
			     : "a part of the tree is on another server; make it a source of its own");
	}
	doubt(reading);
	return read->completeness == READ_COMPLETE ? stage_absent(reading, err) : 0;
}

/* What came by cookie is not enough to say what follows from it. */
static int begin_whole(struct reading *reading)
{
	log_info("source %s is read whole: %s", reading->session->config_source->name,
		 reading->absorption.doubt == DOUBT_NAMES ? "the names of places have changed"
		 : reading->hides                         ? "an account looks open, and others may be that only look so"
							  : "somebody in groups is gone or has another name");
	reading->way = READ_WITH_COOKIE;
	session_rest(reading->session);
	return 1;
}

static int read_by_news(struct reading *reading, struct error *err)
{
	int rc = read_news(reading, err);

	if (rc == 0 && reading->way == READ_BY_COOKIE)
		rc = absorb(reading, err) == 0 ? doubt_opened(reading, err) : -1;
	if (rc == 0 && reading->absorption.doubt != DOUBT_NONE)
		return begin_whole(reading);
	if (rc == 0)
		rc = conclude(reading, err);
	reading->has_cookies =
	    rc == 0 && reading->result.completeness == READ_COMPLETE && reading->session->result.cookies.count > 0;
	return rc;
}

/* --- which way ---------------------------------------------------------------------------------------------------------- */

int reading_load_cookies(struct reading *reading, struct source_cookies *ret, struct error *err)
{
	struct arena *arena = reading->absorption.arena;
	struct store_cookies stored = {0};

	*ret = (struct source_cookies){0};
	if (store_cookies_load(reading->store, reading->session->id, arena, &stored, err) != 0)
		return -1;
	ret->items = arena_alloc_array(arena, stored.count + 1, sizeof *ret->items);
	for (; ret->count < stored.count; ret->count++)
		ret->items[ret->count] = (struct source_cookie){.part = stored.items[ret->count].part,
								.settings = stored.items[ret->count].settings,
								.bytes = stored.items[ret->count].bytes,
								.size = stored.items[ret->count].size};
	return 0;
}

/* Who reads everything goes on from nowhere, but is told what was known. */
static int recall(struct reading *reading, struct error *err)
{
	struct session *session = reading->session;
	const struct source_past past = {.kept = &reading->cookies, .any = reading->takes_any};

	if (session->driver->recall == NULL && session->driver->news_start == NULL)
		return 0;
	if (reading_load_cookies(reading, &reading->cookies, err) != 0)
		return -1;
	if (session->driver->recall != NULL)
		session->driver->recall(session->source, &past);
	if (reading->way != READ_BY_COOKIE)
		reading->cookies.count = 0;
	return 0;
}

static int choose(struct reading *reading, struct error *err)
{
	struct session *session = reading->session;
	const struct news_ask ask = {.cookies = &reading->cookies, .persist = reading->persist};
	enum news_offer offer = NEWS_NONE;

	if (recall(reading, err) != 0)
		return -1;
	if (session->driver->news_start == NULL || reading->way == READ_PLAINLY) {
		reading->way = READ_PLAINLY;
		return 0;
	}
	if (session->driver->news_start(session->source, &ask, &offer, err) != 0)
		return -1;
	reading->way = offer == NEWS_GO_ON ? READ_BY_COOKIE : offer == NEWS_ANEW ? READ_WITH_COOKIE : READ_PLAINLY;
	return 0;
}

int reading_start(struct reading *reading, struct error *err)
{
	struct session *session = reading->session;

	reading->absorption = (struct absorption){
	    .store = reading->store, .source = session->id, .intake = session->intake, .sink = &reading->watched->sink};
	absorb_begin(&reading->absorption);
	if (reading->way == READ_PUSHED)
		return 0;
	session_rest(session);
	return choose(reading, err);
}

static int read_pushed(struct reading *reading, struct error *err)
{
	const struct news_result *said = &reading->session->result;

	reading->result = (struct read_result){
	    .completeness = READ_COMPLETE, .entries = said->entries, .unreadable = said->unreadable};
	if (absorb(reading, err) != 0 || doubt_opened(reading, err) != 0)
		return -1;
	/* News whose names are in doubt come to nothing, and neither does what follows them. */
	reading->has_cookies = said->cookies.count > 0 && reading->absorption.doubt != DOUBT_NAMES;
	return 0;
}

int reading_finish(struct reading *reading, int64_t run, struct error *err)
{
	struct session *session = reading->session;

	reading->absorption.run = run;
	if (reading->way == READ_PUSHED)
		return read_pushed(reading, err);
	if (reading->way != READ_BY_COOKIE && intake_load(session->intake, session->id, err) != 0)
		return -1;
	for (enum entry_kind kind = 0; reading->way != READ_BY_COOKIE && kind < ENTRY_KINDS; kind++)
		reading->watched->expected += mirror_count(intake_mirror(session->intake), kind);
	int rc = reading->way == READ_PLAINLY ? read_plainly(reading, err) : read_by_news(reading, err);
	if (rc != 0 || reading->way == READ_BY_COOKIE)
		return rc;
	return find_hidden(reading, reading->result.completeness == READ_COMPLETE, err);
}

static int keep_cookies(struct store *store, const struct session *session, bool any, struct error *err)
{
	const struct source_cookies *cookies = &session->result.cookies;
	struct store_cookie items[COOKIES_MOST];
	struct store_cookies kept = {.items = items};

	for (size_t i = 0; i < cookies->count && i < COOKIES_MOST; i++)
		if (any || cookies->items[i].mark)
			items[kept.count++] = (struct store_cookie){.part = cookies->items[i].part,
								    .settings = cookies->items[i].settings,
								    .bytes = cookies->items[i].bytes,
								    .size = cookies->items[i].size};
	return store_cookies_keep(store, session->id, &kept, err);
}

int reading_keep_cookies(struct store *store, const struct session *session, struct error *err)
{
	if (store_begin_small(store, err) == 0 && keep_cookies(store, session, true, err) == 0 &&
	    store_commit(store, err) == 0)
		return 0;
	store_rollback(store);
	return -1;
}

int reading_doubt(struct store *store, const struct session *session, struct error *err)
{
	if (store_begin_small(store, err) == 0 && store_full_note(store, session->id, false, err) == 0 &&
	    store_commit(store, err) == 0)
		return 0;
	store_rollback(store);
	return -1;
}

static bool is_same_cookie(const struct source_cookie *a, const struct source_cookie *b)
{
	return strcmp(a->part, b->part) == 0 && digest_equal(&a->settings, &b->settings) && a->size == b->size &&
	       memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* All are those that are kept already. */
static bool are_kept(const struct reading *reading)
{
	const struct source_cookies *ours = &reading->session->result.cookies, *kept = &reading->cookies;
	size_t found = 0;

	for (size_t i = 0; i < ours->count; i++)
		for (size_t j = 0; j < kept->count; j++)
			found += is_same_cookie(&ours->items[i], &kept->items[j]);
	return reading->has_cookies && ours->count == kept->count && found == kept->count;
}

/* After everything was read. A source with names nobody would tell of is not followed. */
static int keep_names(struct reading *reading, struct error *err)
{
	struct session *session = reading->session;
	const char *unfollowed = NULL;

	if (!reading->has_cookies)
		return 0;
	if (absorb_places(&reading->absorption, &session->news, &unfollowed, err) != 0)
		return -1;
	if (unfollowed != NULL && !session->told_refused)
		log_warn(
		    "source %s is read whole at each poll: %s is below an entry that is neither a unit nor of another "
		    "class whose changes of name are followed (see changes in rosterd.conf(5))",
		    session->config_source->name, unfollowed);
	session->told_refused = session->told_refused || unfollowed != NULL;
	reading->has_cookies = unfollowed == NULL;
	return 0;
}

int reading_keep(struct reading *reading, struct error *err)
{
	bool whole = reading->way == READ_PLAINLY || reading->way == READ_WITH_COOKIE;
	enum news_doubt doubt = reading->absorption.doubt;

	/* What follows from an incomplete read is what came; from where to go on stays as it was. Nobody says what could not be
	 * seen when it can be: everything is read until that was possible. */
	if (reading->result.completeness != READ_COMPLETE)
		return whole ? store_full_note(reading->store, reading->session->id, false, err) : 0;
	if (whole && keep_names(reading, err) != 0)
		return -1;
	/* What was not taken comes again, if this process dies before everything is read. */
	if (doubt != DOUBT_NAMES && !are_kept(reading) &&
	    keep_cookies(reading->store, reading->session, reading->has_cookies, err) != 0)
		return -1;
	if (whole || doubt != DOUBT_NONE)
		return store_full_note(reading->store, reading->session->id, whole && !reading->hides, err);
	return 0;
}

void reading_end(struct reading *reading)
{
	absorb_free(&reading->absorption);
	news_clear(&reading->session->news);
}
