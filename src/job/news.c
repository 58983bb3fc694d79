/* SPDX-License-Identifier: Apache-2.0 */
#include "job/news.h"

#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MOST = 1000, ITEMS_MOST = 32 * ENTRIES_MOST, SLOTS_LEAST = 64 };

/* --- items ------------------------------------------------------------------------------------------------------------ */

static size_t *slot_of(const struct news *news, const char *id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *c = id; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	size_t at = (hash ^ hash >> 32) & (news->slot_count - 1);
	for (; news->slots[at] != 0; at = (at + 1) & (news->slot_count - 1))
		if (strcmp(news->items[news->slots[at] - 1].id, id) == 0)
			break;
	return &news->slots[at];
}

static void grow(struct news *news)
{
	news->room = news->room == 0 ? SLOTS_LEAST / 2 : news->room * 2;
	news->items = xrealloc(news->items, news->room, sizeof *news->items);
	free(news->slots);
	news->slot_count = news->room * 2;
	news->slots = xcalloc(news->slot_count, sizeof *news->slots);
	for (size_t i = 0; i < news->count; i++)
		*slot_of(news, news->items[i].id) = i + 1;
}

static struct news_item *item_of(struct news *news, const char *id)
{
	if (news->count == news->room)
		grow(news);
	size_t *slot = slot_of(news, id);
	if (*slot == 0) {
		news->items[news->count] = (struct news_item){.id = arena_strdup(news->arena, id)};
		*slot = ++news->count;
	}
	return &news->items[*slot - 1];
}

static const struct news_item *find_item(const struct news *news, const char *id)
{
	size_t *slot = news->count == 0 ? NULL : slot_of(news, id);

	return slot == NULL || *slot == 0 ? NULL : &news->items[*slot - 1];
}

static void copy_attribute(struct arena *arena, const struct attribute *from, struct attribute *to)
{
	to->name = arena_strdup(arena, from->name);
	to->count = from->count;
	to->values = arena_alloc_array(arena, from->count + 1, sizeof *to->values);
	for (size_t i = 0; i < from->count; i++) {
		to->values[i].data = arena_strndup(arena, from->values[i].data, from->values[i].size);
		to->values[i].size = from->values[i].size;
	}
}

static void copy_entry(struct arena *arena, const struct entry *from, const char *id, struct entry *to)
{
	*to = (struct entry){.kind = from->kind,
			     .id = id,
			     .dn = arena_strdup(arena, from->dn),
			     .account = from->account,
			     .security_id = arena_strdup(arena, from->security_id),
			     .primary_group = arena_strdup(arena, from->primary_group)};
	to->account.closed = arena_strdup(arena, from->account.closed);
	to->account.ends_by = arena_strdup(arena, from->account.ends_by);
	to->attribute_count = from->attribute_count;
	to->attributes = arena_alloc_array(arena, from->attribute_count + 1, sizeof *to->attributes);
	for (size_t i = 0; i < from->attribute_count; i++)
		copy_attribute(arena, &from->attributes[i], &to->attributes[i]);
}

/* --- the sink --------------------------------------------------------------------------------------------------------- */

/* Before something is taken: so many entries are handed on together, not those and what comes after them. */
static int make_room(struct news *news, struct error *err)
{
	bool full = news->entries >= ENTRIES_MOST || news->count >= ITEMS_MOST;

	return full && news->full != NULL ? news->full(news, news->context, err) : 0;
}

static int take_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct news *news = (struct news *)sink;

	if (make_room(news, err) != 0)
		return -1;
	const struct news_item *known = find_item(news, entry->id);
	/* What two searches find is of the kind that comes first. */
	if (known != NULL && known->removed == 0 && known->what == NULL && known->entry.kind < entry->kind)
		return 0;
	if (news->through != NULL)
		return news->through->entry(news->through, entry, err);
	struct news_item *item = item_of(news, entry->id);
	*item = (struct news_item){.id = item->id};
	copy_entry(news->arena, entry, item->id, &item->entry);
	news->entries++;
	return 0;
}

static int take_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	struct news *news = (struct news *)sink;

	if (news->through != NULL)
		return news->through->unreadable(news->through, id, what, why, err);
	if (make_room(news, err) != 0)
		return -1;
	struct news_item *item = item_of(news, id);
	*item = (struct news_item){
	    .id = item->id, .what = arena_strdup(news->arena, what), .why = arena_strdup(news->arena, why)};
	return 0;
}

static void add_text(struct news *news, const char ***list, size_t *count, size_t *room, const char *text)
{
	if (*count == *room) {
		*room = *room == 0 ? SLOTS_LEAST : *room * 2;
		*list = xrealloc(*list, *room, sizeof **list);
	}
	(*list)[(*count)++] = arena_strdup(news->listed, text);
}

static int take_removed(struct news_sink *sink, int kind, const char *id, struct error *err)
{
	struct news *news = (struct news *)sink;

	if (kind == ENTRY_KINDS) {
		add_text(news, &news->gone_places, &news->gone_count, &news->gone_room, id);
		return 0;
	}
	if (make_room(news, err) != 0)
		return -1;
	const struct news_item *known = find_item(news, id);
	/* It is gone as one kind, and here as another. */
	if (known != NULL && known->removed == 0 && known->what == NULL && known->entry.kind != (enum entry_kind)kind)
		return 0;
	struct news_item *item = item_of(news, id);
	*item = (struct news_item){.id = item->id, .removed = item->removed | 1U << kind};
	return 0;
}

static int take_place(struct news_sink *sink, const struct place *place, struct error *err)
{
	struct news *news = (struct news *)sink;

	(void)err;
	for (size_t i = 0; i < news->gone_count; i++)
		if (strcmp(news->gone_places[i], place->id) == 0)
			news->gone_places[i--] = news->gone_places[--news->gone_count];
	if (news->place_count == news->place_room) {
		news->place_room = news->place_room == 0 ? SLOTS_LEAST : news->place_room * 2;
		news->places = xrealloc(news->places, news->place_room, sizeof *news->places);
	}
	news->places[news->place_count++] =
	    (struct place){.id = arena_strdup(news->listed, place->id), .dn = arena_strdup(news->listed, place->dn)};
	return 0;
}

/* What has been handed on to nobody, nobody has compared. */
static int names_stand(struct news_sink *sink, bool *ret, struct error *err)
{
	struct news *news = (struct news *)sink;

	*ret = false;
	if (news->full == NULL)
		return 0;
	if (news->count > 0 && news->full(news, news->context, err) != 0)
		return -1;
	*ret = news->stand(news->context);
	return 0;
}

/* --- its life --------------------------------------------------------------------------------------------------------- */

void news_init(struct news *news)
{
	*news = (struct news){
	    .sink = {.entries = {take_entry, take_unreadable},
		     .removed = take_removed,
		     .place = take_place,
		     .names_stand = names_stand},
	    .arena = arena_new(),
	    .listed = arena_new(),
	};
}

void news_free(struct news *news)
{
	arena_free(&news->arena);
	arena_free(&news->listed);
	free(news->items);
	free(news->slots);
	free(news->places);
	free(news->gone_places);
	*news = (struct news){0};
}

void news_forget_items(struct news *news)
{
	news->count = news->entries = 0;
	arena_reset(news->arena);
	if (news->slot_count > 0)
		memset(news->slots, 0, news->slot_count * sizeof *news->slots);
}

void news_clear(struct news *news)
{
	news_forget_items(news);
	news->place_count = news->gone_count = 0;
	arena_reset(news->listed);
}

bool news_is_empty(const struct news *news)
{
	return news->count == 0 && news->place_count == 0 && news->gone_count == 0;
}
