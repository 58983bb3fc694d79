/* SPDX-License-Identifier: Apache-2.0 */
#include "job/lists.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* VALUES_LEAST: fewer are read anew as fast. VALUES_MOST: of all lists together. */
enum { LISTS_MOST = 256, VALUES_LEAST = 201, VALUES_MOST = 200000, LEFT_MOST = 100, ROOM_LEAST = 1024 };

struct slot {
	uint64_t high;
	uint32_t low;
	uint32_t mark; /* 0: free; else twice the turn in which it was last seen, and 1 when it is odd */
	struct digest reference;
};

struct list {
	char *id;
	struct digest content;
	struct slot *slots;
	size_t room, count, seen;
	size_t most; /* with more, another one has to make room */
	uint32_t turn;
	uint64_t used_at; /* by the clock of all lists */
};

struct lists {
	uint64_t key[2];
	uint64_t now;
	struct list items[LISTS_MOST];
};

/* --- keys ------------------------------------------------------------------------------------------------------------- */

static uint64_t rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void sip_add(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

static uint64_t sip_finish(uint64_t v[4], uint64_t mark)
{
	if (mark == 0xee)
		v[2] ^= mark;
	else
		v[1] ^= mark;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SipHash-2-4 with 128 bits of result (Aumasson and Bernstein), of the way and the bytes behind it. */
struct list_key lists_key(const struct lists *lists, unsigned way, const void *bytes, size_t size)
{
	uint64_t v[4] = {lists->key[0] ^ 0x736f6d6570736575, lists->key[1] ^ 0x646f72616e646f6d ^ 0xee,
			 lists->key[0] ^ 0x6c7967656e657261, lists->key[1] ^ 0x7465646279746573};
	const unsigned char *at = bytes;
	uint64_t word;
	size_t left = size;

	sip_add(v, way);
	for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
		memcpy(&word, at, sizeof word);
		sip_add(v, word);
	}
	word = 0;
	memcpy(&word, at, left);
	sip_add(v, word | (uint64_t)size << 56);
	uint64_t high = sip_finish(v, 0xee);
	return (struct list_key){high, (uint32_t)sip_finish(v, 0xdd)};
}

/* --- one list ----------------------------------------------------------------------------------------------------------- */

/* The slot that holds it, or the free one where it belongs; there is always a free one. */
static struct slot *slot_of(const struct slot *slots, size_t room, struct list_key key)
{
	size_t at = (size_t)key.high & (room - 1);

	while (slots[at].mark != 0 && (slots[at].high != key.high || slots[at].low != key.low))
		at = (at + 1) & (room - 1);
	return (struct slot *)&slots[at];
}

/* Into a table of that room; only what was seen in this turn, unless everything is kept. */
static void rebuild(struct list *list, size_t room, bool everything)
{
	struct slot *slots = xcalloc(room, sizeof *slots);
	size_t count = 0;

	for (size_t i = 0; i < list->room; i++) {
		const struct slot *slot = &list->slots[i];
		if (slot->mark == 0 || (!everything && slot->mark >> 1 != list->turn))
			continue;
		*slot_of(slots, room, (struct list_key){slot->high, slot->low}) = *slot;
		count++;
	}
	free(list->slots);
	list->slots = slots;
	list->room = room;
	list->count = count;
}

const struct digest *list_content(const struct list *list)
{
	return &list->content;
}

void list_begin(struct list *list, const struct digest *content)
{
	list->content = *content;
	list->turn++;
	list->seen = 0;
}

static void see(struct list *list, struct slot *slot, bool odd)
{
	list->seen += slot->mark >> 1 != list->turn;
	slot->mark = list->turn << 1 | odd;
}

bool list_see(struct list *list, struct list_key key, struct list_value *ret)
{
	struct slot *slot = slot_of(list->slots, list->room, key);

	if (slot->mark == 0)
		return false;
	*ret = (struct list_value){slot->reference, slot->mark & 1};
	see(list, slot, ret->odd);
	return true;
}

void list_put(struct list *list, struct list_key key, const struct list_value *value)
{
	if ((list->count + 1) * 4 > list->room * 3)
		rebuild(list, list->room * 2, true);
	struct slot *slot = slot_of(list->slots, list->room, key);
	*slot = (struct slot){.high = key.high, .low = key.low, .reference = value->reference};
	see(list, slot, value->odd);
	list->count++;
}

/* Somebody may be listed twice, in two ways to write his name. */
static bool is_meant(const struct list *list, const struct digest *reference)
{
	for (size_t i = 0; i < list->room; i++)
		if (list->slots[i].mark >> 1 == list->turn && digest_equal(&list->slots[i].reference, reference))
			return true;
	return false;
}

int list_end(struct list *list, struct arena *arena, const struct digest **ret, size_t *count)
{
	size_t left = list->count - list->seen;
	struct digest *gone = arena_alloc_array(arena, left + 1, sizeof *gone);

	*ret = gone;
	*count = 0;
	if (left > LEFT_MOST || list->count > list->most)
		return -1;
	for (size_t i = 0; i < list->room && left > 0; i++) {
		const struct slot *slot = &list->slots[i];
		if (slot->mark != 0 && slot->mark >> 1 != list->turn && !is_meant(list, &slot->reference))
			gone[(*count)++] = slot->reference;
	}
	if (left > 0)
		rebuild(list, list->room, false);
	return 0;
}

/* --- all of them ---------------------------------------------------------------------------------------------------------- */

struct lists *lists_new(void)
{
	struct lists *lists = xcalloc(1, sizeof *lists);

	if (getrandom(lists->key, sizeof lists->key, 0) != (ssize_t)sizeof lists->key)
		die("the system gives no random bytes");
	return lists;
}

static void forget(struct list *list)
{
	free(list->id);
	free(list->slots);
	*list = (struct list){0};
}

void lists_free(struct lists **lists)
{
	if (*lists == NULL)
		return;
	for (size_t i = 0; i < LISTS_MOST; i++)
		forget(&(*lists)->items[i]);
	free(*lists);
	*lists = NULL;
}

struct list *lists_find(struct lists *lists, const char *id)
{
	for (size_t i = 0; i < LISTS_MOST; i++)
		if (lists->items[i].id != NULL && strcmp(lists->items[i].id, id) == 0) {
			lists->items[i].used_at = ++lists->now;
			return &lists->items[i];
		}
	return NULL;
}

void lists_forget(struct lists *lists, const char *id)
{
	struct list *list = lists_find(lists, id);

	if (list != NULL)
		forget(list);
}

static size_t count_values(const struct lists *lists)
{
	size_t count = 0;

	for (size_t i = 0; i < LISTS_MOST; i++)
		count += lists->items[i].count;
	return count;
}

/* A free place, or that of the list that was used longest ago. */
static struct list *oldest(struct lists *lists, bool free_too)
{
	struct list *found = NULL;

	for (size_t i = 0; i < LISTS_MOST; i++) {
		struct list *list = &lists->items[i];
		if ((free_too || list->id != NULL) && (found == NULL || list->used_at < found->used_at))
			found = list;
	}
	return found;
}

struct list *lists_add(struct lists *lists, const char *id, size_t count)
{
	lists_forget(lists, id);
	if (count < VALUES_LEAST || count > VALUES_MOST)
		return NULL;
	while (count_values(lists) + count > VALUES_MOST)
		forget(oldest(lists, false));
	struct list *list = oldest(lists, true);
	forget(list);
	size_t room = ROOM_LEAST;
	while (room * 3 < (count + 1) * 4)
		room *= 2;
	*list = (struct list){.id = xstrdup(id), .room = room, .most = 2 * count, .used_at = ++lists->now};
	list->slots = xcalloc(room, sizeof *list->slots);
	return list;
}
