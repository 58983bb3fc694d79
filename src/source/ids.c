/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ids.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 256 };

/* Where id stands, or the free place for it. The bytes of a digest are as good as random. */
static struct named_id *find(const struct named_ids *ids, const struct digest *id)
{
	size_t place;

	memcpy(&place, id->bytes, sizeof(place));
	for (;; place++) {
		struct named_id *at = &ids->ids[place & (ids->places - 1)];

		if (at->line == 0 || digest_equal(&at->id, id))
			return at;
	}
}

/* Half of the places stay free, so that a search is short. */
static void make_room(struct named_ids *ids)
{
	struct named_ids old = *ids;

	if (2 * old.count < old.places)
		return;
	ids->places = old.places > 0 ? 2 * old.places : FIRST_PLACES;
	ids->ids = xcalloc(ids->places, sizeof(*ids->ids));
	for (size_t i = 0; i < old.places; i++)
		if (old.ids[i].line != 0)
			*find(ids, &old.ids[i].id) = old.ids[i];
	free(old.ids);
}

static struct named_id *place_of(struct named_ids *ids, const char *id)
{
	struct digest digest = digest_of(id, strlen(id));

	make_room(ids);
	struct named_id *place = find(ids, &digest);
	if (place->line == 0) {
		place->id = digest;
		ids->count++;
	}
	return place;
}

unsigned long ids_add(struct named_ids *ids, const char *id, unsigned long line)
{
	struct named_id *place = place_of(ids, id);
	unsigned long before = place->line;

	if (before == 0)
		place->line = line;
	return before;
}

unsigned long ids_put(struct named_ids *ids, const char *id, unsigned long line)
{
	struct named_id *place = place_of(ids, id);
	unsigned long before = place->line;

	place->line = line;
	return before;
}

void ids_free(struct named_ids *ids)
{
	free(ids->ids);
	*ids = (struct named_ids){0};
}
