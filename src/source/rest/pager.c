/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/pager.h"

#include "roster/http.h"
#include "roster/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* So many pages in a row without anything in them are no listing. */
enum { EMPTY_MOST = 100 };

static bool is_numbered(const struct pager *pager)
{
	return pager->kind == PAGER_OFFSET || pager->kind == PAGER_INDEX;
}

/* --- addresses ------------------------------------------------------------------------------------------------------------- */

static void add_parameter(struct str *url, const char *name, const char *value)
{
	str_printf(url, "%c%s=", strchr(str_text(url), '?') ? '&' : '?', name);
	http_escape(value, url);
}

static void add_number(struct str *url, const char *name, int64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	add_parameter(url, name, text);
}

/* at: the number of an object from 0, or of a page; cursor: NULL when there is none yet. */
static void write_url(struct pager_walk *walk, const char *cursor)
{
	const struct pager *pager = &walk->listing->pager;

	str_clear(&walk->url);
	str_add(&walk->url, walk->start);
	if (pager->size && walk->size > 0)
		add_number(&walk->url, pager->size, walk->size);
	if (pager->kind == PAGER_CURSOR && cursor)
		add_parameter(&walk->url, pager->at, cursor);
	else if (is_numbered(pager))
		add_number(&walk->url, pager->at, walk->at - walk->overlaps + (pager->kind == PAGER_INDEX));
	else if (pager->kind == PAGER_PAGE)
		add_number(&walk->url, pager->at, walk->at);
}

/* An address in an answer may leave out where the API is. */
static void take_url(struct pager_walk *walk, const char *url)
{
	const char *host = strstr(walk->start, "://");
	size_t origin = host ? (size_t)(host - walk->start) + 3 + strcspn(host + 3, "/?") : 0;

	str_clear(&walk->url);
	if (*url == '/' && url[1] != '/')
		str_append(&walk->url, walk->start, origin);
	else if (*url == '?')
		str_append(&walk->url, walk->start, strcspn(walk->start, "?"));
	str_add(&walk->url, url);
}

void pager_begin(struct pager_walk *walk)
{
	const struct pager *pager = &walk->listing->pager;

	walk->had_before = walk->pass == 0 ? -1 : walk->had;
	walk->pass++;
	walk->pages = walk->empty = 0;
	walk->had = 0;
	walk->new_this_pass = false;
	walk->at = pager->kind == PAGER_PAGE ? pager->first : 0;
	walk->total = walk->count;
	walk->overlaps = false;
	str_clear(&walk->last);
	ids_free(&walk->cursors);
	/* A cursor that stands for the beginning is an empty one, where that is said (RFC 9865 section 2.1). */
	write_url(walk, pager->kind == PAGER_CURSOR && pager->first == 0 ? "" : NULL);
}

void pager_free(struct pager_walk *walk)
{
	str_free(&walk->url);
	str_free(&walk->last);
	ids_free(&walk->seen);
	ids_free(&walk->cursors);
}

/* --- what came ------------------------------------------------------------------------------------------------------------- */

static int bad(struct error *err, const char *what)
{
	error_set(err, ERR_PROTOCOL, "%s", what);
	return PAGER_BAD;
}

static int find_items(const struct pager_walk *walk, const struct json *body, const struct json **ret,
		      struct error *err)
{
	const struct listing *listing = walk->listing;

	*ret = pick_json(body, listing->items, NULL);
	if (*ret && json_kind_of(*ret) == JSON_KIND_ARRAY)
		return PAGER_MORE;
	if (!*ret && listing->items_optional && json_kind_of(body) == JSON_KIND_OBJECT)
		return PAGER_MORE;
	error_set(err, ERR_PROTOCOL, "the answer holds no list%s%s", *listing->items ? " at " : "", listing->items);
	return PAGER_BAD;
}

/* A number that changes while pages are read says that something moved. */
static int take_total(struct pager_walk *walk, const struct json *body, struct error *err)
{
	const char *pointer = walk->listing->pager.total;
	const struct json *value = pointer ? pick_json(body, pointer, NULL) : NULL;
	int64_t total = -1;

	if (!value)
		return PAGER_MORE;
	if (!json_as_integer(value, &total) || total < 0)
		return bad(err, "the number of all objects in it is no number");
	if (walk->total >= 0 && walk->total != total)
		return PAGER_MOVED;
	walk->total = total;
	return PAGER_MORE;
}

static int take_object(struct pager_walk *walk, const struct json *object, struct arena *arena, struct pager_sink *sink,
		       struct error *err)
{
	const char *id = pick_text(object, walk->id, walk->homes, arena);
	unsigned long before = id ? ids_put(&walk->seen, id, walk->pass) : 0;

	if (id && before == walk->pass)
		return PAGER_MOVED;
	walk->had++;
	walk->new_this_pass = walk->new_this_pass || before == 0;
	str_clear(&walk->last);
	str_add(&walk->last, id ? id : "");
	if (before != 0)
		return PAGER_MORE;
	return sink->object(sink, object, id, err) ? -1 : PAGER_MORE;
}

/* The object that was asked for once more has to be where it was. */
static bool stands(const struct pager_walk *walk, const struct json *items, struct arena *arena)
{
	const struct json *first = items ? json_item(items, 0) : NULL;
	const char *id = first ? pick_text(first, walk->id, walk->homes, arena) : NULL;

	return first && strcmp(id ? id : "", str_text(&walk->last)) == 0;
}

static int take_items(struct pager_walk *walk, const struct json *items, struct arena *arena, struct pager_sink *sink,
		      struct error *err)
{
	size_t count = items ? json_count(items) : 0, from = walk->overlaps ? 1 : 0;

	if (walk->overlaps && !stands(walk, items, arena))
		return PAGER_MOVED;
	for (size_t i = from; i < count; i++) {
		int step = take_object(walk, json_item(items, i), arena, sink, err);
		if (step != PAGER_MORE)
			return step;
	}
	return PAGER_MORE;
}

/* --- and on ---------------------------------------------------------------------------------------------------------------- */

/* All was handed out: is that what it says there is? */
static int end(const struct pager_walk *walk, struct error *err)
{
	if (walk->total < 0 || walk->had == walk->total || walk->listing->pager.strides)
		return PAGER_END;
	error_set(err, ERR_PROTOCOL, "it says that there are %" PRId64 " and shows %" PRId64, walk->total, walk->had);
	return PAGER_BAD;
}

/* fresh: objects of this page that were not had. */
static int go_on_by_number(struct pager_walk *walk, int64_t fresh, struct error *err)
{
	bool full = walk->size > 0 && fresh + walk->overlaps >= walk->size;
	bool strides = walk->listing->pager.strides;

	if (strides && walk->size > 0)
		walk->at += walk->size - walk->overlaps;
	else
		walk->at += fresh;
	if (fresh == 0 && (!strides || walk->total < 0 || walk->at >= walk->total))
		return end(walk, err);
	/* Two signs that agree: fewer than asked for, and as many as there are. */
	if (!strides && !full && walk->size > 0 && walk->total >= 0 && walk->had == walk->total)
		return PAGER_END;
	/* Where a page holds no more than one object, there is no room for one that was had. */
	walk->overlaps =
	    walk->last.size > 0 && fresh > 0 && fresh + walk->overlaps > 1 && (!strides || full) && walk->size != 1;
	write_url(walk, NULL);
	return PAGER_MORE;
}

static int go_on_by_page(struct pager_walk *walk, const struct json *body, int64_t fresh, struct error *err)
{
	const char *pointer = walk->listing->pager.next;
	const struct json *next = pointer ? pick_json(body, pointer, NULL) : NULL;
	int64_t number = 0;

	if (pointer && next && !json_as_integer(next, &number))
		return bad(err, "the number of the next page is no number");
	if (pointer ? number <= 0 : fresh == 0)
		return end(walk, err);
	if (pointer && number != walk->at + 1)
		return bad(err, "the page it names as the next does not follow");
	walk->at++;
	write_url(walk, NULL);
	return PAGER_MORE;
}

/* Where the next page is, as text; NULL when this is the last. */
static const char *next_of(const struct pager_walk *walk, const struct json *body, const char *link,
			   struct arena *arena)
{
	const struct pager *pager = &walk->listing->pager;
	const char *next = pager->kind == PAGER_LINK ? link : pick_text(body, pager->next, NULL, arena);

	return next && *next ? next : NULL;
}

static int go_on_by_name(struct pager_walk *walk, const char *next, struct error *err)
{
	if (!next)
		return end(walk, err);
	if (text_has_control(next, strlen(next)))
		return bad(err, "the next page has an impossible name");
	if (ids_add(&walk->cursors, next, walk->pages) != 0)
		return bad(err, "it names a page as the next that was read already");
	if (walk->listing->pager.kind == PAGER_CURSOR)
		write_url(walk, next);
	else
		take_url(walk, next);
	return PAGER_MORE;
}

static int go_on(struct pager_walk *walk, const struct json *body, const char *link, struct arena *arena, int64_t fresh,
		 struct error *err)
{
	switch (walk->listing->pager.kind) {
	case PAGER_OFFSET:
	case PAGER_INDEX:
		return go_on_by_number(walk, fresh, err);
	case PAGER_PAGE:
		return go_on_by_page(walk, body, fresh, err);
	case PAGER_CURSOR:
	case PAGER_NEXT:
	case PAGER_LINK:
		return go_on_by_name(walk, next_of(walk, body, link, arena), err);
	case PAGER_NONE:
		break;
	}
	return end(walk, err);
}

int pager_take(struct pager_walk *walk, const struct json *body, const char *link, struct arena *arena,
	       struct pager_sink *sink, struct error *err)
{
	const struct json *items = NULL;
	int64_t had = walk->had;

	walk->pages++;
	int step = find_items(walk, body, &items, err);
	if (step == PAGER_MORE)
		step = take_total(walk, body, err);
	if (step == PAGER_MORE)
		step = take_items(walk, items, arena, sink, err);
	if (step != PAGER_MORE)
		return step;
	int64_t fresh = walk->had - had;
	walk->empty = fresh == 0 ? walk->empty + 1 : 0;
	if (walk->empty > EMPTY_MOST)
		return bad(err, "it goes on and on with pages that hold nothing");
	return go_on(walk, body, link, arena, fresh, err);
}

bool pager_wants_another_pass(const struct pager_walk *walk)
{
	if (walk->listing->pager.kind != PAGER_PAGE || walk->pages < 2)
		return false;
	return walk->new_this_pass || walk->had != walk->had_before;
}
