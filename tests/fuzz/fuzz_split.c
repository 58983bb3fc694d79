/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message that is split by resources, and as what a stream has under a subject of ours. */
#include "target/nats/split.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Each piece is a message itself, about one resource at most, and the next is about a later one. */
static void check(const struct piece *piece, int64_t before, struct arena *arena)
{
	struct error err = {0};
	struct pieces again;

	must(split_message(piece->body, piece->size, arena, &again, &err) == 0);
	must(again.count == (piece->name ? 1 : 0) || !piece->name);
	must(!piece->name || (again.items[0].resource == piece->resource && piece->resource > before));
	must(!split_is_later(piece->body, piece->size, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	struct pieces pieces;
	int64_t before = INT64_MIN;

	if (split_message((const char *)data, size, arena, &pieces, &err) == 0) {
		for (size_t i = 0; i < pieces.count; i++) {
			check(&pieces.items[i], before, arena);
			before = pieces.items[i].resource;
		}
	} else {
		must(err.text[0] != '\0');
	}
	arena_free(&arena);
	return 0;
}
