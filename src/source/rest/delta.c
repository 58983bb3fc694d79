/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/delta.h"
#include "source/rest/one.h"

#include "roster/text.h"

#include <stdio.h>
#include <string.h>

/* Of more than these everything is read: that takes fewer requests. */
enum { CHANGES_MOST = 2000, PAGES_MOST = 100000 };

static const struct part {
	const char *name;
	enum entry_kind kind;
	const char *changes; /* what is asked for, behind the address of the API */
} parts[DELTA_PARTS] = {
    {"users", ENTRY_USER, "/users/delta"},
    {"groups", ENTRY_GROUP, "/groups/delta"},
};

/* --- cookies --------------------------------------------------------------------------------------------------------------- */

/* With another question or another account the answer is another. */
static struct digest settings_of(const struct delta *delta, size_t part)
{
	const struct shape *shape = delta->api->shape;
	struct digest_state *digest = digest_start();
	const char *const texts[] = {delta->api->url, delta->config->client.id, parts[part].changes,
				     part == 0 ? shape->users.path : shape->groups.path};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		digest_add(digest, texts[i], strlen(texts[i]));
	struct digest result = digest_finish(digest);
	digest_free(&digest);
	return result;
}

bool delta_start(struct delta *delta, const struct news_ask *ask)
{
	bool all = true;

	delta_stop(delta);
	delta->arena = arena_new();
	for (size_t i = 0; i < DELTA_PARTS; i++) {
		const struct digest settings = settings_of(delta, i);
		for (size_t k = 0; ask->cookies && k < ask->cookies->count; k++) {
			const struct source_cookie *cookie = &ask->cookies->items[k];
			if (strcmp(cookie->part, parts[i].name) == 0 && digest_equal(&cookie->settings, &settings))
				delta->links[i] = arena_strndup(delta->arena, cookie->bytes, cookie->size);
		}
		all = all && delta->links[i];
	}
	return all;
}

void delta_give_cookies(struct delta *delta, struct news_result *result)
{
	result->cookies = (struct source_cookies){.items = delta->given};
	for (size_t i = 0; i < DELTA_PARTS; i++)
		delta->given[result->cookies.count++] = (struct source_cookie){.part = parts[i].name,
									       .settings = settings_of(delta, i),
									       .bytes = delta->links[i],
									       .size = strlen(delta->links[i])};
}

void delta_stop(struct delta *delta)
{
	arena_free(&delta->arena);
	memset(delta->links, 0, sizeof(delta->links));
}

/* --- what has changed ------------------------------------------------------------------------------------------------------ */

struct changes {
	struct delta *delta;
	struct named_ids seen; /* 1: changed, 2: gone; the last word counts */
	const char **ids;
	size_t count;
	bool too_many;
};

enum { CHANGED = 1, GONE = 2 };

static void note(struct changes *changes, const char *id, unsigned long what)
{
	if (ids_put(&changes->seen, id, what) != 0)
		return;
	if (changes->count < CHANGES_MOST)
		changes->ids[changes->count++] = arena_strdup(changes->delta->arena, id);
	else
		changes->too_many = true;
}

static int take_changes(struct changes *changes, const struct json *body, struct error *err)
{
	const struct json *items = pick_json(body, "/value", NULL);

	if (!items || json_kind_of(items) != JSON_KIND_ARRAY)
		return error_set(err, ERR_PROTOCOL, "the answer holds no list at /value");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *item = json_item(items, i);
		const char *id = json_kind_of(item) == JSON_KIND_OBJECT ? json_as_text(json_get(item, "id")) : NULL;
		if (!id)
			return error_set(err, ERR_PROTOCOL, "one of the changes has no id");
		note(changes, id, json_get(item, "@removed") ? GONE : CHANGED);
	}
	return 0;
}

/* Follow a part to its end: 1 when it does not go on from there any more. */
static int follow(struct changes *changes, size_t part, struct error *err)
{
	struct delta *delta = changes->delta;
	const char *url = delta->links[part];
	struct named_ids links = {0};
	unsigned long pages = 0;
	int status = 0;

	while (status == 0 && url && !changes->too_many) {
		struct page page = {0};
		const char *next = NULL, *last = NULL;
		status = api_get(delta->api, url, delta->arena, &page, err);
		if (status && (page.status == 410 || page.status == 400 || page.status == 404))
			status = 1;
		if (status == 0 && (ids_add(&links, url, 1) != 0 || ++pages > PAGES_MOST))
			status = error_set(err, ERR_PROTOCOL, "%s: it names a page as the next that was read already",
					   page.url);
		if (status == 0)
			status = take_changes(changes, page.body, err);
		if (status == 0) {
			next = pick_text(page.body, "/@odata.nextLink", NULL, delta->arena);
			last = pick_text(page.body, "/@odata.deltaLink", NULL, delta->arena);
		}
		if (status == 0 && !next && !last)
			status = error_set(err, ERR_PROTOCOL, "%s: it names neither a next page nor where to go on",
					   page.url);
		if (last)
			delta->links[part] = last;
		url = next;
		page_free(&page);
	}
	ids_free(&links);
	return status;
}

int delta_begin_anew(struct delta *delta, struct error *err)
{
	for (size_t i = 0; i < DELTA_PARTS; i++) {
		struct changes none = {.delta = delta};
		delta->links[i] =
		    arena_printf(delta->arena, "%s%s?$deltatoken=latest", delta->api->url, parts[i].changes);
		none.ids = arena_alloc_array(delta->arena, CHANGES_MOST, sizeof(*none.ids));
		int status = follow(&none, i, err);
		ids_free(&none.seen);
		if (status)
			return -1;
	}
	return 0;
}

/* --- who has changed ------------------------------------------------------------------------------------------------------- */

static int hand_over(struct changes *changes, struct one_reading *again, struct error *err)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < changes->count; i++) {
		const char *id = changes->ids[i];
		again->reading.arena = arena_new();
		status = ids_add(&changes->seen, id, CHANGED) == GONE ? one_is_gone(again, id, err)
								      : one_read(again, id, err);
		arena_free(&again->reading.arena);
	}
	return status;
}

static int refuse(struct news_result *result, const char *why)
{
	result->verdict = NEWS_INVALID;
	snprintf(result->reason, sizeof(result->reason), "%.500s", why);
	text_clean(result->reason);
	return 0;
}

static int read_part(struct delta *delta, size_t part, struct news_sink *sink, struct news_result *result,
		     struct error *err)
{
	struct changes changes = {.delta = delta};
	struct read_result read = {.completeness = READ_COMPLETE};
	struct one_reading again = {
	    .reading = {.api = delta->api, .maker = delta->maker, .sink = &sink->entries, .result = &read},
	    .sink = sink,
	    .kind = parts[part].kind};
	struct error why = {0};

	changes.ids = arena_alloc_array(delta->arena, CHANGES_MOST, sizeof(*changes.ids));
	int status = follow(&changes, part, &why);
	if (status == 0 && !changes.too_many)
		status = hand_over(&changes, &again, &why);
	ids_free(&changes.seen);
	result->entries += read.entries;
	result->unreadable += read.unreadable;
	if (status == 1)
		return refuse(result, why.text);
	if (status == 0 && changes.too_many)
		return refuse(result, "more has changed than is worth reading one by one");
	if (status && err)
		*err = why;
	return status;
}

int delta_read(struct delta *delta, struct news_sink *sink, struct news_result *result, struct error *err)
{
	for (size_t i = 0; i < DELTA_PARTS; i++) {
		if (read_part(delta, i, sink, result, err))
			return -1;
		if (result->verdict != NEWS_GOOD)
			return 0;
	}
	delta_give_cookies(delta, result);
	return 0;
}
