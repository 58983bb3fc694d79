/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/walk.h"

#include "roster/text.h"

#include <string.h>

enum { PASSES_MOST = 5 };

static void add_replaced(struct str *out, const char **at, const char *mark, const char *text)
{
	if (!text || !text_starts_with(*at, mark))
		return;
	http_escape(text, out);
	*at += strlen(mark);
}

const char *walk_path(const char *path, const char *id, const char *name, struct arena *arena)
{
	struct str out = {0};

	for (const char *at = path; *at;) {
		const char *before = at;
		add_replaced(&out, &at, "{id}", id);
		add_replaced(&out, &at, "{name}", name);
		if (at == before)
			str_add_char(&out, *at++);
	}
	const char *copy = arena_strdup(arena, str_text(&out));
	str_free(&out);
	return copy;
}

static int64_t size_of(const struct api *api, const struct pager *pager)
{
	int64_t size = api->config->server.page_size;

	return pager->most > 0 && (size == 0 || size > pager->most) ? pager->most : size;
}

/* How many there are, where that is a question of its own. */
static int ask_count(struct api *api, const struct listing *listing, int64_t *ret, struct arena *arena,
		     struct error *err)
{
	struct page page = {0};

	*ret = -1;
	if (!listing->count)
		return 0;
	if (api_get(api, arena_printf(arena, "%s%s", api->url, listing->count), arena, &page, err))
		return -1;
	if (!json_as_integer(page.body, ret))
		error_set(err, ERR_PROTOCOL, "%s: the answer is no number", page.url);
	page_free(&page);
	return *ret >= 0 ? 0 : -1;
}

/* One page: a step, or -1 when the sink has failed. */
static int turn_page(struct api *api, struct walk *walk, struct pager_walk *pages, struct pager_sink *sink,
		     struct error *err)
{
	struct arena *arena = arena_new();
	struct page page = {0};
	int step = PAGER_BAD;

	if (api_get(api, str_text(&pages->url), arena, &page, err) == 0) {
		step = pager_take(pages, page.body, page.link, arena, sink, err);
		if (step == PAGER_BAD)
			error_prefix(err, "%s, page %lu", page.url, pages->pages);
	}
	/* A cursor may be forgotten by the one who gave it (RFC 9865 section 2.3). */
	if (step == PAGER_BAD && page.status == 400 && pages->pages > 0 && walk->listing->pager.kind == PAGER_CURSOR)
		step = PAGER_MOVED;
	walk->status = page.status;
	page_free(&page);
	arena_free(&arena);
	return step;
}

static int read_pass(struct api *api, struct walk *walk, struct pager_walk *pages, struct pager_sink *sink,
		     struct error *err)
{
	int step;

	pager_begin(pages);
	do
		step = turn_page(api, walk, pages, sink, err);
	while (step == PAGER_MORE && !walk->one_page);
	return step;
}

static enum walk_end read_passes(struct api *api, struct walk *walk, struct pager_walk *pages, struct pager_sink *sink,
				 struct error *err)
{
	int step;

	do {
		step = read_pass(api, walk, pages, sink, err);
		if (step < 0)
			return WALK_STOPPED;
		if (step == PAGER_BAD)
			return WALK_BROKEN;
		if (walk->one_page || (step == PAGER_END && !pager_wants_another_pass(pages)))
			return WALK_WHOLE;
	} while (pages->pass < PASSES_MOST);
	error_set(err, ERR_UNREACHABLE,
		  "%s: the objects moved from page to page while they were read, %d times; either it changes all the "
		  "time, or it does not heed where a page should begin",
		  walk->path, PASSES_MOST);
	return WALK_BROKEN;
}

enum walk_end walk_listing(struct api *api, struct walk *walk, struct pager_sink *sink, struct error *err)
{
	struct arena *arena = arena_new();
	struct pager_walk pages = {.listing = walk->listing,
				   .start = arena_printf(arena, "%s%s", api->url, walk->path),
				   .id = walk->id,
				   .homes = walk->homes,
				   .size = size_of(api, &walk->listing->pager)};
	enum walk_end ended = WALK_BROKEN;

	if (ask_count(api, walk->listing, &pages.count, arena, err) == 0)
		ended = read_passes(api, walk, &pages, sink, err);
	walk->had = pages.had;
	pager_free(&pages);
	arena_free(&arena);
	return ended;
}
