/* SPDX-License-Identifier: Apache-2.0 */
#include "job/absorb.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 16 };

void absorb_begin(struct absorption *absorption)
{
	absorption->arena = arena_new();
	absorption->scratch = arena_new();
}

void absorb_free(struct absorption *absorption)
{
	arena_free(&absorption->arena);
	arena_free(&absorption->scratch);
	free(absorption->removed);
	*absorption = (struct absorption){0};
}

bool absorb_is_empty(const struct absorption *absorption)
{
	return intake_staged(absorption->intake) == 0 && absorption->removed_count == 0 &&
	       intake_matches(absorption->intake)->problem_count == 0;
}

/* --- the mirror ------------------------------------------------------------------------------------------------------- */

/* What the items were called as far as the mirror was asked now; all zero of the others. */
static int look_up(struct absorption *absorption, const struct news *news, struct mirror_called *called,
		   struct error *err)
{
	const char **ids = arena_alloc_array(absorption->scratch, news->count + 1, sizeof(const char *));
	size_t *items = arena_alloc_array(absorption->scratch, news->count + 1, sizeof *items);
	struct mirror *mirror = intake_mirror(absorption->intake);
	struct mirror_look look = {.ids = ids,
				   .called = arena_alloc_array(absorption->scratch, news->count + 1, sizeof *called)};

	/* Each search speaks of what it does not find any more, so the same ids come again. */
	for (size_t i = 0; i < news->count; i++) {
		if (mirror_kind(mirror, news->items[i].id) >= 0)
			continue;
		items[look.count] = i;
		ids[look.count++] = news->items[i].id;
	}
	if (look.count > 0 && store_mirror_look(absorption->store, absorption->source, &look, mirror, err) != 0)
		return -1;
	for (size_t i = 0; i < look.count; i++)
		called[items[i]] = look.called[i];
	absorption->closes = absorption->closes || look.closes;
	return 0;
}

/* Each search says of what it does not find that it is gone: of another kind it may still be here. */
static bool says_nothing(const struct absorption *absorption, const struct news_item *item)
{
	int kind = mirror_kind(intake_mirror(absorption->intake), item->id);

	return item->removed != 0 && (kind < 0 || (item->removed & 1U << kind) == 0);
}

/* --- doubt ------------------------------------------------------------------------------------------------------------ */

/* A name that is none is said to be by the stager, and doubted by nobody. */
static void add_named(struct absorption *absorption, struct store_named *list, size_t *count, struct store_named named,
		      const char *dn)
{
	if (named.gone || intake_reference(absorption->intake, dn, &named.reference, &named.parent) == 0)
		list[(*count)++] = named;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each search for places says so of every entry that is none: each once. */
static void add_gone(struct absorption *absorption, const struct news *news, struct store_news *said)
{
	const char **ids = arena_alloc_array(absorption->scratch, news->gone_count + 1, sizeof(const char *));

	for (size_t i = 0; i < news->gone_count; i++)
		ids[i] = news->gone_places[i];
	qsort(ids, news->gone_count, sizeof *ids, compare_ids);
	for (size_t i = 0; i < news->gone_count; i++)
		if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0)
			ids[said->gone_count++] = ids[i];
	said->gone_places = ids;
}

static struct store_named *places_of(struct absorption *absorption, const struct news *news, size_t *count)
{
	struct store_named *list = arena_alloc_array(absorption->scratch, news->place_count + 1, sizeof *list);

	*count = 0;
	for (size_t i = 0; i < news->place_count; i++)
		add_named(absorption, list, count, (struct store_named){.id = news->places[i].id}, news->places[i].dn);
	return list;
}

/* A unit is a place by itself. */
static bool is_called_so(const struct store_named *named, const struct mirror_called *called)
{
	return !named->gone && named->kind != ENTRY_UNIT && digest_equal(&named->reference, &called->reference);
}

/* What other searches do not find is said by the one that does; what no search finds may be a place. */
static bool is_elsewhere(const struct absorption *absorption, const struct news_item *item)
{
	return says_nothing(absorption, item) && mirror_kind(intake_mirror(absorption->intake), item->id) >= 0;
}

/* Of who is called as before there is one question: whether somebody would tell if the place he is in had another name. */
static void add_entries(struct absorption *absorption, const struct news *news, const struct mirror_called *called,
			struct store_news *said)
{
	struct store_named *list = arena_alloc_array(absorption->scratch, news->count + 1, sizeof *list);

	for (size_t i = 0; i < news->count; i++) {
		const struct news_item *item = &news->items[i];
		struct store_named named = {.id = item->id, .kind = item->entry.kind, .gone = item->removed != 0};
		size_t before = said->entry_count;
		if (item->what == NULL && !says_nothing(absorption, item))
			add_named(absorption, list, &said->entry_count, named, item->entry.dn);
		bool so = said->entry_count > before && is_called_so(&list[before], &called[i]);
		if (so && called[i].placed)
			said->entry_count--;
		if (so ? mirror_kind(intake_mirror(absorption->intake), item->id) != (int)item->entry.kind
		       : !is_elsewhere(absorption, item))
			absorption->moved = true;
	}
	said->entries = list;
}

/* Where who is in it is read from the people, and they are not said to have changed. */
static bool changes_backlinks(const struct absorption *absorption, const struct news *news)
{
	bool group = false;

	for (size_t i = 0; i < news->count; i++) {
		const struct news_item *item = &news->items[i];
		int kind = item->removed != 0 ? mirror_kind(intake_mirror(absorption->intake), item->id)
					      : (int)item->entry.kind;
		group = group || (kind == ENTRY_GROUP && item->what == NULL && !says_nothing(absorption, item));
	}
	return group && intake_reads_backlinks(absorption->intake);
}

static int doubt(struct absorption *absorption, const struct news *news, const struct mirror_called *called,
		 struct error *err)
{
	struct store_news said = {0};
	enum news_doubt found = DOUBT_NONE;

	if (intake_has_paths(absorption->intake))
		return 0;
	if (news->place_count != absorption->place_count || news->gone_count != absorption->gone_count) {
		said.places = places_of(absorption, news, &said.place_count);
		add_gone(absorption, news, &said);
	}
	absorption->place_count = news->place_count;
	absorption->gone_count = news->gone_count;
	add_entries(absorption, news, called, &said);
	if (said.place_count + said.gone_count + said.entry_count > 0 &&
	    store_news_doubt(absorption->store, absorption->source, &said, &found, err) != 0)
		return -1;
	/* Whoever is called by what never changes is in the same groups under any name. */
	if (found == DOUBT_UNTOLD && intake_names_by_identity(absorption->intake))
		found = DOUBT_NONE;
	if (found == DOUBT_NONE && changes_backlinks(absorption, news))
		found = DOUBT_UNTOLD;
	if (found > absorption->doubt)
		absorption->doubt = found;
	return 0;
}

/* --- items ------------------------------------------------------------------------------------------------------------ */

/* Another word about what was staged already: the first one is taken back. */
static int take_back(struct absorption *absorption, const struct news *news, struct error *err)
{
	const char **ids = arena_alloc_array(absorption->scratch, news->count + 1, sizeof(const char *));
	size_t count = 0;

	for (size_t i = 0; i < news->count && absorption->again; i++) {
		if (says_nothing(absorption, &news->items[i]) ||
		    !mirror_seen(intake_mirror(absorption->intake), news->items[i].id))
			continue;
		intake_forget(absorption->intake, news->items[i].id);
		ids[count++] = news->items[i].id;
	}
	absorption->again = true;
	return count == 0 ? 0 : store_unstage(absorption->store, absorption->run, ids, count, err);
}

static void add_removed(struct absorption *absorption, const char *id)
{
	if (absorption->removed_count == absorption->removed_room) {
		absorption->removed_room = absorption->removed_room == 0 ? ROOM_LEAST : absorption->removed_room * 2;
		absorption->removed =
		    xrealloc(absorption->removed, absorption->removed_room, sizeof *absorption->removed);
	}
	absorption->removed[absorption->removed_count++] = arena_strdup(absorption->arena, id);
}

static int stage_item(struct absorption *absorption, const struct news_item *item, struct error *err)
{
	struct entry_sink *sink = absorption->sink;
	int kind = mirror_kind(intake_mirror(absorption->intake), item->id);

	if (says_nothing(absorption, item))
		return 0;
	if (item->removed != 0) {
		add_removed(absorption, item->id);
		return 0;
	}
	if (item->what != NULL)
		return sink->unreadable(sink, item->id, item->what, item->why, err);
	return kind >= 0 && kind < (int)item->entry.kind ? 0 : sink->entry(sink, &item->entry, err);
}

static bool has_entries(const struct news *news)
{
	for (size_t i = 0; i < news->count; i++)
		if (news->items[i].removed == 0 && news->items[i].what == NULL)
			return true;
	return false;
}

static int stage_items(struct absorption *absorption, const struct news *news, struct error *err)
{
	bool writes = has_entries(news);
	int rc = 0;

	if (writes && store_stage_start(absorption->store, err) != 0)
		return -1;
	for (size_t i = 0; i < news->count && rc == 0; i++)
		rc = stage_item(absorption, &news->items[i], err);
	if (!writes)
		return rc;
	if (rc == 0)
		return store_stage_end(absorption->store, err);
	store_stage_abort(absorption->store, "it was given up");
	return -1;
}

int absorb_items(struct absorption *absorption, struct news *news, struct error *err)
{
	struct mirror_called *called = arena_alloc_array(absorption->scratch, news->count + 1, sizeof *called);

	if (look_up(absorption, news, called, err) != 0 || doubt(absorption, news, called, err) != 0)
		return -1;
	if (absorption->doubt != DOUBT_NAMES && news->count > 0 &&
	    (take_back(absorption, news, err) != 0 || stage_items(absorption, news, err) != 0))
		return -1;
	news_forget_items(news);
	arena_reset(absorption->scratch);
	return 0;
}

int absorb_rest(struct absorption *absorption, struct error *err)
{
	if (absorption->removed_count == 0 || absorption->doubt == DOUBT_NAMES)
		return 0;
	return store_stage_removed(absorption->store, absorption->run, absorption->removed, absorption->removed_count,
				   err);
}

int absorb_places(struct absorption *absorption, const struct news *news, const char **unfollowed, struct error *err)
{
	struct store_news said = {0};

	*unfollowed = NULL;
	if (intake_has_paths(absorption->intake))
		return 0;
	said.places = places_of(absorption, news, &said.place_count);
	return store_places_keep(absorption->store, absorption->source, &said, absorption->arena, unfollowed, err);
}
