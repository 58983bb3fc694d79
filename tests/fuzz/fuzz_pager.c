/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of each kind of listing: the first byte says which, the rest are answers, one a line. A walk ends, hands nobody over
 * twice, and what it asks for next is never a page it was told to go back to.
 */
#include "roster/arena.h"
#include "source/rest/entry.h"
#include "source/rest/pager.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const struct listing listings[] = {
    {.items = "", .pager = {.kind = PAGER_NONE}},
    {.items = "/r", .pager = {.kind = PAGER_OFFSET, .at = "o", .size = "n", .total = "/t"}},
    {.items = "/r", .pager = {.kind = PAGER_OFFSET, .at = "o", .size = "n", .strides = true}},
    {.items = "/r", .items_optional = true, .pager = {.kind = PAGER_INDEX, .at = "s", .size = "c", .total = "/t"}},
    {.items = "/r", .pager = {.kind = PAGER_PAGE, .at = "p", .first = 1, .next = "/n", .total = "/t"}},
    {.items = "/r", .pager = {.kind = PAGER_CURSOR, .at = "c", .next = "/n"}},
    {.items = "/r", .pager = {.kind = PAGER_NEXT, .next = "/n"}},
    {.items = "/r", .pager = {.kind = PAGER_LINK}},
};

struct checker {
	struct pager_sink sink;
	struct named_ids ids;
	struct arena *arena;
};

static int check(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct checker *checker = (struct checker *)sink;
	const struct shape *shape = shape_preset(DIALECT_SCIM);
	struct source_config config = {.users = {.login = "userName", .filter = "", .enabled = "?active"},
				       .groups = {.filter = "", .member = "", .place = "id"}};
	const struct entry_maker maker = {.config = &config, .shape = shape, .place = "id", .prefix = "/"};
	struct entry entry;

	must(!id || ids_add(&checker->ids, id, 1) == 0);
	if (id && json_kind_of(object) == JSON_KIND_OBJECT &&
	    entry_make(&maker, &(struct found){ENTRY_USER, object, id, NULL}, checker->arena, &entry, err) > 0)
		must(entry.id && entry.dn);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checker checker = {.sink = {check}, .arena = arena_new()};
	struct pager_walk walk = {.start = "https://x/u?a=b", .id = "id", .size = 2, .count = -1};
	struct error err = {0};
	int step = PAGER_MORE;

	walk.listing = &listings[size > 0 ? data[0] % (sizeof(listings) / sizeof(listings[0])) : 0];
	pager_begin(&walk);
	for (size_t at = 1; at < size && (step == PAGER_MORE || step == PAGER_MOVED) && walk.pass < 5;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t length = end ? (size_t)(end - data) - at : size - at;
		struct json *body = NULL;
		if (json_parse((const char *)data + at, length, 1 << 20, &body, NULL) == 0)
			step = pager_take(&walk, body, at % 3 ? "https://x/next" : NULL, checker.arena, &checker.sink,
					  &err);
		json_free(&body);
		must(step >= 0 && (step != PAGER_BAD || *err.text));
		if (step == PAGER_MOVED)
			pager_begin(&walk);
		at += length + 1;
	}
	pager_free(&walk);
	ids_free(&checker.ids);
	arena_free(&checker.arena);
	return 0;
}
