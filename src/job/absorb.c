/* SPDX-License-Identifier: Apache-2.0 */
#include "job/absorb.h"

#include "job/recall.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = 16 };

void absorb_begin(struct absorption *absorption)
{
	absorption->arena = arena_new();
}

void absorb_free(struct absorption *absorption)
{
	arena_free(&absorption->arena);
	free(absorption->renames);
	free(absorption->removed);
	free(absorption->moves);
	free(absorption->places);
	*absorption = (struct absorption){0};
}

bool absorb_is_empty(const struct absorption *absorption)
{
	return intake_staged(absorption->intake) == 0 && absorption->removed_count == 0 &&
	       absorption->move_count == 0 && intake_matches(absorption->intake)->problem_count == 0;
}

/* Room for one more at the end of a list. */
static void *extend(void *list, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room == 0 ? ROOM_LEAST : *room * 2;
	return xrealloc(list, *room, size);
}

static const char *canonical(struct arena *arena, const char *dn)
{
	struct str text = {0};
	const char *copy = dn_canonical(dn, strlen(dn), &text, NULL) == 0 ? arena_strdup(arena, str_text(&text)) : NULL;

	str_free(&text);
	return copy;
}

/* --- names ------------------------------------------------------------------------------------------------------------ */

static void note_rename(struct absorption *absorption, const char *id, const char *was, const char *is)
{
	const char *from = canonical(absorption->arena, was), *to = canonical(absorption->arena, is);

	if (from == NULL || to == NULL || strcmp(from, to) == 0)
		return;
	for (size_t i = 0; i < absorption->rename_count; i++)
		if (strcmp(absorption->renames[i].from, from) == 0 && strcmp(absorption->renames[i].id, id) == 0) {
			absorption->renames[i].to = arena_strdup(absorption->arena, is);
			return;
		}
	absorption->renames =
	    extend(absorption->renames, absorption->rename_count, &absorption->rename_room, sizeof(struct rename));
	absorption->renames[absorption->rename_count++] = (struct rename){
	    .id = arena_strdup(absorption->arena, id), .from = from, .to = arena_strdup(absorption->arena, is)};
}

/* The name it had, compared with the one it has; false when it is not known as a place yet: the same entry as a unit may
 * have been told of a moment before. */
static bool compare_name(struct absorption *absorption, const struct store_names *names, const char *id, const char *dn)
{
	bool known = false;

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i].id, id) != 0)
			continue;
		known = known || names->items[i].place;
		note_rename(absorption, id, names->items[i].dn, dn);
	}
	return known;
}

static bool is_unit(const struct news_item *item)
{
	return item->removed == 0 && item->what == NULL && item->entry.kind == ENTRY_UNIT;
}

/* Which of the places and units at hand have another name now? */
static int compare_names(struct absorption *absorption, const struct news *news, struct error *err)
{
	struct store_names names;
	size_t count = 0;
	const char **ids =
	    arena_alloc_array(absorption->arena, news->place_count + news->count + 1, sizeof(const char *));

	for (size_t i = 0; i < news->place_count; i++)
		ids[count++] = news->places[i].id;
	for (size_t i = 0; i < news->count; i++)
		if (is_unit(&news->items[i]))
			ids[count++] = news->items[i].id;
	if (count == 0)
		return 0;
	if (store_names_look(absorption->store, absorption->source, &(struct store_ids){ids, count}, absorption->arena,
			     &names, err) != 0)
		return -1;
	for (size_t i = 0; i < news->place_count; i++)
		if (!compare_name(absorption, &names, news->places[i].id, news->places[i].dn) &&
		    news->places[i].has_past)
			absorption->lost_track = true;
	for (size_t i = 0; i < news->count; i++)
		if (is_unit(&news->items[i]))
			compare_name(absorption, &names, news->items[i].id, news->items[i].entry.dn);
	/* One may stand in the way of the other. */
	absorption->lost_track = absorption->lost_track || absorption->rename_count > 1;
	return 0;
}

/* Who was told of before the place above him was renamed has a name by now that nobody will say. */
static size_t position_of(const struct news *news, const struct rename *rename)
{
	size_t position = 0;

	for (size_t i = 0; i < news->place_count; i++)
		if (strcmp(news->places[i].id, rename->id) == 0)
			position = i + 1;
	return position;
}

static void rename_items(struct absorption *absorption, struct news *news)
{
	struct str dn = {0};

	for (size_t r = 0; r < absorption->rename_count; r++) {
		const struct rename *rename = &absorption->renames[r];
		size_t position = position_of(news, rename);
		for (size_t i = 0; i < news->count; i++) {
			struct news_item *item = &news->items[i];
			str_clear(&dn);
			if (item->removed == 0 && item->what == NULL && item->places < position &&
			    dn_rebase(item->entry.dn, rename->from, rename->to, &dn))
				item->entry.dn = arena_strdup(news->arena, str_text(&dn));
		}
	}
	str_free(&dn);
}

/* --- items ------------------------------------------------------------------------------------------------------------ */

/* Another word about what was staged already: the first one is taken back. */
static int take_back(struct absorption *absorption, const struct news *news, struct error *err)
{
	const char **ids = arena_alloc_array(absorption->arena, news->count + 1, sizeof(const char *));
	size_t count = 0;

	for (size_t i = 0; i < news->count && absorption->again; i++) {
		if (!mirror_seen(intake_mirror(absorption->intake), news->items[i].id))
			continue;
		intake_forget(absorption->intake, news->items[i].id);
		ids[count++] = news->items[i].id;
	}
	absorption->again = true;
	return count == 0 ? 0 : store_unstage(absorption->store, absorption->run, ids, count, err);
}

static int look_up(struct absorption *absorption, const struct news *news, struct error *err)
{
	const char **ids = arena_alloc_array(absorption->arena, news->count + 1, sizeof(const char *));

	for (size_t i = 0; i < news->count; i++)
		ids[i] = news->items[i].id;
	return store_mirror_look(absorption->store, absorption->source, ids, news->count,
				 intake_mirror(absorption->intake), err);
}

static int stage_item(struct absorption *absorption, const struct news_item *item, struct error *err)
{
	struct entry_sink *sink = absorption->sink;
	int kind = mirror_kind(intake_mirror(absorption->intake), item->id);

	if (item->removed != 0) {
		/* As another kind it may still be here. */
		if (kind < 0 || (item->removed & 1U << kind) == 0)
			return 0;
		absorption->removed = extend(absorption->removed, absorption->removed_count, &absorption->removed_room,
					     sizeof *absorption->removed);
		absorption->removed[absorption->removed_count++] = arena_strdup(absorption->arena, item->id);
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
	if (!absorption->whole && compare_names(absorption, news, err) != 0)
		return -1;
	if (news->count == 0)
		return 0;
	if (absorption->in_time)
		rename_items(absorption, news);
	if (take_back(absorption, news, err) != 0 || look_up(absorption, news, err) != 0 ||
	    stage_items(absorption, news, err) != 0)
		return -1;
	news_forget_items(news);
	return 0;
}

/* --- what lies below ---------------------------------------------------------------------------------------------------- */

/* The name of what lay under a place that was renamed; of several the nearest counts. NULL when there is none. */
static const char *new_name(struct absorption *absorption, const char *dn)
{
	const struct rename *nearest = NULL;
	struct str text = {0};
	const char *name = NULL;

	for (size_t i = 0; i < absorption->rename_count; i++) {
		const struct rename *rename = &absorption->renames[i];
		str_clear(&text);
		if ((nearest == NULL || strlen(rename->from) > strlen(nearest->from)) &&
		    dn_rebase(dn, rename->from, rename->to, &text)) {
			nearest = rename;
			name = arena_strdup(absorption->arena, str_text(&text));
		}
	}
	str_free(&text);
	return name;
}

static void add_move(struct absorption *absorption, const char *id, const char *dn)
{
	struct store_move move = {.id = arena_strdup(absorption->arena, id), .dn = dn};

	if (intake_reference(absorption->intake, dn, &move.reference, &move.parent) != 0)
		return;
	absorption->moves =
	    extend(absorption->moves, absorption->move_count, &absorption->move_room, sizeof(struct store_move));
	absorption->moves[absorption->move_count++] = move;
}

struct following {
	struct absorption *absorption;
	struct arena *arena;
};

/* The rules may look at the name. */
static int follow_row(const struct mirror_row *row, void *context, struct error *err)
{
	struct following *following = context;
	const char *dn = new_name(following->absorption, row->dn);
	struct entry entry;

	if (dn == NULL)
		return 0;
	arena_reset(following->arena);
	if (recall_entry(row, following->arena, &entry, err) != 0)
		return -1;
	entry.dn = dn;
	add_move(following->absorption, row->id, dn);
	return intake_match(following->absorption->intake, &entry, err);
}

static void add_place(struct absorption *absorption, const char *id, const char *dn)
{
	struct store_move place = {.id = arena_strdup(absorption->arena, id),
				   .dn = arena_strdup(absorption->arena, dn)};

	for (size_t i = 0; i < absorption->place_count; i++)
		if (strcmp(absorption->places[i].id, id) == 0)
			return;
	if (intake_reference(absorption->intake, dn, &place.reference, &place.parent) != 0)
		return;
	absorption->places =
	    extend(absorption->places, absorption->place_count, &absorption->place_room, sizeof(struct store_move));
	absorption->places[absorption->place_count++] = place;
}

static int follow_renames(struct absorption *absorption, struct error *err)
{
	struct following following = {absorption, arena_new()};
	struct store_names places;
	int rc = store_mirror_walk(absorption->store, absorption->run, follow_row, &following, err);

	arena_free(&following.arena);
	if (rc != 0 || store_places_load(absorption->store, absorption->source, absorption->arena, &places, err) != 0)
		return -1;
	for (size_t i = 0; i < places.count; i++) {
		const char *dn = new_name(absorption, places.items[i].dn);
		if (dn != NULL)
			add_place(absorption, places.items[i].id, dn);
	}
	return absorption->move_count == 0 ? 0
					   : store_stage_moves(absorption->store, absorption->run, absorption->moves,
							       absorption->move_count, err);
}

int absorb_rest(struct absorption *absorption, struct news *news, struct error *err)
{
	/* The last word of each counts. */
	for (size_t i = news->place_count; i > 0; i--)
		add_place(absorption, news->places[i - 1].id, news->places[i - 1].dn);
	if (absorption->rename_count > 0 && follow_renames(absorption, err) != 0)
		return -1;
	if (absorption->removed_count == 0)
		return 0;
	return store_stage_removed(absorption->store, absorption->run, absorption->removed, absorption->removed_count,
				   err);
}

int absorb_places(struct absorption *absorption, const struct news *news, bool whole, struct error *err)
{
	size_t count = 0;
	const char **gone = arena_alloc_array(absorption->arena, news->gone_count + absorption->removed_count + 1,
					      sizeof(const char *));
	bool orphans = false;

	for (size_t i = 0; i < news->gone_count; i++)
		gone[count++] = news->gone_places[i];
	for (size_t i = 0; i < absorption->removed_count; i++)
		gone[count++] = absorption->removed[i];
	const struct store_places places = {.places = absorption->places,
					    .count = absorption->place_count,
					    .gone = gone,
					    .gone_count = count,
					    .whole = whole};
	if (!whole && count == 0 && absorption->place_count == 0)
		return 0;
	if (store_places_keep(absorption->store, absorption->run, &places, &orphans, err) != 0)
		return -1;
	absorption->lost_track = absorption->lost_track || orphans;
	return 0;
}
