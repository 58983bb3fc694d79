/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/ids.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 256 };

/* Where id stands, or the free place for it. The bytes of a digest are as good as random. */
static struct ldif_id *find(const struct ldif_ids *ids, const struct digest *id)
{
	size_t place;

	memcpy(&place, id->bytes, sizeof(place));
	for (;; place++) {
		struct ldif_id *at = &ids->ids[place & (ids->places - 1)];

		if (at->line == 0 || digest_equal(&at->id, id))
			return at;
	}
}

/* Half of the places stay free, so that a search is short. */
static void make_room(struct ldif_ids *ids)
{
	struct ldif_ids old = *ids;

	if (2 * old.count < old.places)
		return;
	ids->places = old.places > 0 ? 2 * old.places : FIRST_PLACES;
	ids->ids = xcalloc(ids->places, sizeof(*ids->ids));
	for (size_t i = 0; i < old.places; i++)
		if (old.ids[i].line != 0)
			*find(ids, &old.ids[i].id) = old.ids[i];
	free(old.ids);
}

unsigned long ldif_ids_add(struct ldif_ids *ids, const char *id, unsigned long line)
{
	struct digest digest = digest_of(id, strlen(id));

	make_room(ids);
	struct ldif_id *place = find(ids, &digest);
	if (place->line != 0)
		return place->line;
	*place = (struct ldif_id){.id = digest, .line = line};
	ids->count++;
	return 0;
}

void ldif_ids_free(struct ldif_ids *ids)
{
	free(ids->ids);
	*ids = (struct ldif_ids){0};
}
