/* SPDX-License-Identifier: Apache-2.0 */
#include "message/names.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64, SLOTS_EACH = 4 };

/* FNV-1a, folded. */
static size_t slot_of(const struct names *names, const char *text, size_t size)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32) % names->slot_count;
}

static void enter(struct names *names, uint32_t number)
{
	size_t slot = slot_of(names, names->texts[number], strlen(names->texts[number]));

	while (names->slots[slot] != 0)
		slot = (slot + 1) % names->slot_count;
	names->slots[slot] = number + 1;
}

static void grow(struct names *names)
{
	names->room = names->room == 0 ? FIRST_ROOM : names->room * 2;
	names->texts = xrealloc(names->texts, names->room, sizeof *names->texts);
	free(names->slots);
	names->slot_count = names->room * SLOTS_EACH;
	names->slots = xcalloc(names->slot_count, sizeof *names->slots);
	for (uint32_t i = 0; i < names->count; i++)
		enter(names, i);
}

uint32_t names_number(struct names *names, const char *text, size_t size)
{
	if (names->arena == NULL)
		names->arena = arena_new();
	if (names->count == names->room)
		grow(names);
	for (size_t slot = slot_of(names, text, size); names->slots[slot] != 0; slot = (slot + 1) % names->slot_count) {
		const char *known = names->texts[names->slots[slot] - 1];
		if (strncmp(known, text, size) == 0 && known[size] == '\0')
			return names->slots[slot] - 1;
	}
	names->texts[names->count] = arena_strndup(names->arena, text, size);
	enter(names, (uint32_t)names->count);
	return (uint32_t)names->count++;
}

void names_free(struct names *names)
{
	free(names->texts);
	free(names->slots);
	arena_free(&names->arena);
	*names = (struct names){0};
}
