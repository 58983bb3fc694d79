/* SPDX-License-Identifier: Apache-2.0 */
#include "job/drift.h"

#include "roster/log.h"

#include <stdio.h>
#include <stdlib.h>

/* Of whom the source speaks. */
struct told {
	struct news_sink sink;
	struct intake *intake;
	struct arena *arena;
	const char **ids;
	size_t count, room;
	struct store_named *entries, *places;
	size_t entry_count, entry_room, place_count, place_room;
	const char **gone_places;
	size_t gone_count, gone_room;
	bool of_removals; /* also of who is gone */
};

/* --- what it says ------------------------------------------------------------------------------------------------------- */

static void add_id(struct told *told, const char *id)
{
	if (told->count == told->room) {
		told->room = told->room == 0 ? 64 : told->room * 2;
		told->ids = xrealloc(told->ids, told->room, sizeof *told->ids);
	}
	told->ids[told->count++] = arena_strdup(told->arena, id);
}

static void add_named(struct store_named **list, size_t *count, size_t *room, const struct store_named *named)
{
	if (*count == *room) {
		*room = *room == 0 ? 64 : *room * 2;
		*list = xrealloc(*list, *room, sizeof **list);
	}
	(*list)[(*count)++] = *named;
}

static int take_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct told *told = (struct told *)sink;
	struct store_named named = {.kind = entry->kind};

	(void)err;
	add_id(told, entry->id);
	named.id = told->ids[told->count - 1];
	if (intake_reference(told->intake, entry->dn, &named.reference, &named.parent) == 0)
		add_named(&told->entries, &told->entry_count, &told->entry_room, &named);
	return 0;
}

static int take_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	(void)what;
	(void)why;
	(void)err;
	if (id != NULL)
		add_id((struct told *)sink, id);
	return 0;
}

static int take_removed(struct news_sink *sink, int kind, const char *id, struct error *err)
{
	struct told *told = (struct told *)sink;

	(void)err;
	if (kind != ENTRY_KINDS) {
		add_id(told, id);
		return 0;
	}
	if (told->gone_count == told->gone_room) {
		told->gone_room = told->gone_room == 0 ? 64 : told->gone_room * 2;
		told->gone_places = xrealloc(told->gone_places, told->gone_room, sizeof *told->gone_places);
	}
	told->gone_places[told->gone_count++] = arena_strdup(told->arena, id);
	return 0;
}

static int take_place(struct news_sink *sink, const struct place *place, struct error *err)
{
	struct told *told = (struct told *)sink;
	struct store_named named = {.id = arena_strdup(told->arena, place->id)};

	(void)err;
	if (intake_reference(told->intake, place->dn, &named.reference, &named.parent) == 0)
		add_named(&told->places, &told->place_count, &told->place_room, &named);
	return 0;
}

/* The places are asked for too. */
static int names_stand(struct news_sink *sink, bool *ret, struct error *err)
{
	(void)sink;
	(void)err;
	*ret = false;
	return 0;
}

static void begin(struct told *told, struct intake *intake)
{
	*told = (struct told){
	    .sink = {.entries = {take_entry, take_unreadable},
		     .removed = take_removed,
		     .place = take_place,
		     .names_stand = names_stand},
	    .intake = intake,
	    .arena = arena_new(),
	};
}

static void end(struct told *told)
{
	arena_free(&told->arena);
	free(told->ids);
	free(told->entries);
	free(told->places);
	free(told->gone_places);
}

/* --- asking ------------------------------------------------------------------------------------------------------------- */

/* Does the source say what changed since? */
static bool ask_since(const struct source_ops *driver, struct source *source, const struct source_cookies *cookies,
		      struct told *told, struct error *err)
{
	const struct news_ask ask = {.cookies = cookies};
	enum news_offer offer = NEWS_NONE;
	struct news_result result = {0};

	bool good = driver->news_start(source, &ask, &offer, err) == 0 && offer == NEWS_GO_ON &&
		    driver->news_read(source, &told->sink, &result, err) == 0 && result.verdict == NEWS_GOOD;
	if (!good && result.reason[0] != '\0')
		error_set(err, ERR_DATA, "%s", result.reason);
	told->of_removals = !result.tells_no_removals;
	driver->news_stop(source);
	return good;
}

/* Another session, since the one that has read may go on to listen. Who answers it may be another server, which is behind: it
 * has to know the moment up to which everything was read. */
static bool ask(const struct reading *reading, const struct source_cookies *since, struct told *told, struct error *err)
{
	const struct session *session = reading->session;
	const struct source_config *settled;
	struct source *source = NULL;
	struct told later;

	begin(&later, session->intake);
	bool good = session->driver->open(session->config_source, &source, err) == 0 &&
		    (session->driver->settle == NULL || session->driver->settle(source, &settled, err) == 0) &&
		    ask_since(session->driver, source, &session->result.cookies, &later, err) &&
		    ask_since(session->driver, source, since, told, err);
	end(&later);
	session->driver->close(&source);
	return good;
}

/* Where a place has another name, so have all that are below it, and nobody says that. */
static int names_are_in_doubt(const struct reading *reading, const struct told *told, bool *ret, struct error *err)
{
	const struct store_news said = {
	    .places = told->places,
	    .place_count = told->place_count,
	    .entries = told->entries,
	    .entry_count = told->entry_count,
	    .gone_places = told->gone_places,
	    .gone_count = told->gone_count,
	};
	enum news_doubt doubt = DOUBT_NONE;
	int rc = store_news_doubt(reading->store, reading->session->id, &said, &doubt, err);

	*ret = doubt == DOUBT_NAMES;
	return rc;
}

/* --- finding ------------------------------------------------------------------------------------------------------------ */

static int note(const struct reading *reading, int64_t run, const struct told *told, struct sync_report *report,
		struct error *err)
{
	struct store_drift drift = {0};
	const struct store_told said = {told->ids, told->count, told->of_removals};
	int rc = store_drift_note(reading->store, run, &said, reading->absorption.arena, &drift, err);

	if (rc != 0)
		return -1;
	report->drift = drift.count;
	snprintf(report->drifted, sizeof report->drifted, "%s", drift.examples);
	return 0;
}

static int compare(struct reading *reading, int64_t run, const struct source_cookies *since, struct told *told,
		   struct sync_report *report, struct error *err)
{
	struct error why = {0};
	bool any = false, in_doubt = false;

	if (store_drift_possible(reading->store, run, &any, err) != 0)
		return -1;
	if (any && !ask(reading, since, told, &why)) {
		log_info("source %s was read whole, and is not compared with its news: %s",
			 reading->session->config_source->name,
			 why.text[0] != '\0' ? why.text : "it does not go on from where they were");
		return 0;
	}
	if (any && names_are_in_doubt(reading, told, &in_doubt, err) != 0)
		return -1;
	return in_doubt ? 0 : note(reading, run, told, report, err);
}

int drift_find(struct reading *reading, int64_t run, struct sync_report *report, struct error *err)
{
	struct source_cookies since;
	struct told told;

	if (reading_load_cookies(reading, &since, err) != 0)
		return -1;
	if (since.count == 0 || reading->session->result.cookies.count == 0)
		return 0;
	begin(&told, reading->session->intake);
	int rc = compare(reading, run, &since, &told, report, err);
	end(&told);
	return rc;
}
