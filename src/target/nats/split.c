/* SPDX-License-Identifier: Apache-2.0 */
#include "target/nats/split.h"

#include "roster/json.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MOST = 64 << 20 };

/* One mention of a resource: in "resources" of a snapshot, or in a change. */
struct mention {
	int64_t resource;
	const char *name;
	size_t order;             /* of all mentions */
	const struct json *named; /* what "resources" says of it; NULL in a change */
	const struct json *change;
};

struct split {
	struct arena *arena;
	const struct json *message;
	struct str head; /* what all pieces begin with */
	struct mention *mentions;
	size_t count;
};

static int read_stamp(const struct json *message, struct pieces *ret, struct arena *arena, struct error *err)
{
	const char *history = NULL;

	if (json_kind_of(message) != JSON_KIND_OBJECT || json_get_text(message, "history", &history, err) <= 0 ||
	    json_get_integer(message, "revision", &ret->revision, err) <= 0 ||
	    json_get_integer(message, "window", &ret->window, err) <= 0)
		return error_set(err, ERR_DATA, "it is no message of changed access");
	ret->history = arena_strdup(arena, history);
	return 0;
}

bool split_is_later(const char *bytes, size_t size, const struct pieces *pieces)
{
	struct arena *arena = arena_new();
	struct json *message = NULL;
	struct pieces other = {.history = ""};

	bool later = json_parse(bytes, size, MESSAGE_MOST, &message, NULL) == 0 &&
		     read_stamp(message, &other, arena, NULL) == 0 && strcmp(other.history, pieces->history) == 0 &&
		     (other.revision > pieces->revision ||
		      (other.revision == pieces->revision && other.window > pieces->window));
	json_free(&message);
	arena_free(&arena);
	return later;
}

/* --- what it is about ------------------------------------------------------------------------------------------------------ */

static int mention(struct split *split, const struct json *resource, struct mention *ret, struct error *err)
{
	ret->order = split->count++;
	if (!resource || json_get_integer(resource, "id", &ret->resource, err) <= 0 ||
	    json_get_text(resource, "name", &ret->name, err) <= 0)
		return error_set(err, ERR_DATA, "a resource in it has no id or no name");
	return 0;
}

static int by_resource(const void *a, const void *b)
{
	const struct mention *one = a, *other = b;

	if (one->resource != other->resource)
		return one->resource < other->resource ? -1 : 1;
	return one->order < other->order ? -1 : one->order > other->order;
}

/* All mentions, those of one resource together. */
static int list_mentions(struct split *split, struct error *err)
{
	const struct json *named = json_get(split->message, "resources"),
			  *changes = json_get(split->message, "changes");
	size_t names = json_count(named), count = json_count(changes);

	split->mentions = arena_alloc_array(split->arena, names + count + 1, sizeof(*split->mentions));
	for (size_t i = 0; i < names; i++) {
		struct mention *at = &split->mentions[split->count];
		*at = (struct mention){.named = json_item(named, i)};
		if (mention(split, at->named, at, err))
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		struct mention *at = &split->mentions[split->count];
		*at = (struct mention){.change = json_item(changes, i)};
		if (mention(split, json_get(at->change, "resource"), at, err))
			return -1;
	}
	qsort(split->mentions, split->count, sizeof(*split->mentions), by_resource);
	return 0;
}

/* --- pieces ---------------------------------------------------------------------------------------------------------------- */

/* Everything but what is about one resource or another; that it is complete is said of none of them. */
static void write_head(struct split *split)
{
	struct json_member member = {0};

	str_add_char(&split->head, '{');
	while (json_each(split->message, &member)) {
		if (strcmp(member.key, "changes") == 0 || strcmp(member.key, "resources") == 0 ||
		    strcmp(member.key, "complete") == 0)
			continue;
		json_add_text(&split->head, member.key);
		str_add_char(&split->head, ':');
		json_print(member.value, false, &split->head);
		str_add_char(&split->head, ',');
	}
}

static void add_list(struct str *out, const char *key, const struct mention *mentions, size_t count, bool named)
{
	bool first = true;

	str_printf(out, "\"%s\":[", key);
	for (size_t i = 0; i < count; i++) {
		const struct json *value = named ? mentions[i].named : mentions[i].change;
		if (!value)
			continue;
		str_add(out, first ? "" : ",");
		json_print(value, false, out);
		first = false;
	}
	str_add_char(out, ']');
}

static void write_piece(const struct split *split, const struct mention *mentions, size_t count, struct piece *ret)
{
	bool snapshot = json_get(split->message, "resources") != NULL;
	struct str out = {0};

	str_append(&out, split->head.data, split->head.size);
	if (snapshot) {
		add_list(&out, "resources", mentions, count, true);
		str_add_char(&out, ',');
	}
	add_list(&out, "changes", mentions, count, false);
	str_add(&out, count == 0 ? ",\"complete\":true}" : "}");
	*ret = (struct piece){.body = arena_strndup(split->arena, out.data, out.size), .size = out.size};
	if (count > 0) {
		ret->resource = mentions->resource;
		ret->name = arena_strdup(split->arena, mentions->name);
	}
	str_free(&out);
}

static bool says(const struct json *message, const char *key)
{
	bool truth = false;

	return json_get_boolean(message, key, &truth, NULL) > 0 && truth;
}

static void write_pieces(struct split *split, struct pieces *ret)
{
	ret->items = arena_alloc_array(split->arena, split->count + 1, sizeof(*ret->items));
	write_head(split);
	for (size_t i = 0, next; i < split->count; i = next) {
		for (next = i + 1;
		     next < split->count && split->mentions[next].resource == split->mentions[i].resource;)
			next++;
		write_piece(split, &split->mentions[i], next - i, &ret->items[ret->count++]);
	}
	if (says(split->message, "complete") && says(split->message, "last"))
		write_piece(split, NULL, 0, &ret->items[ret->count++]);
	str_free(&split->head);
}

int split_message(const char *bytes, size_t size, struct arena *arena, struct pieces *ret, struct error *err)
{
	struct json *message = NULL;
	struct split split = {.arena = arena};

	*ret = (struct pieces){0};
	int status = json_parse(bytes, size, MESSAGE_MOST, &message, err);
	split.message = message;
	if (status == 0)
		status = read_stamp(message, ret, arena, err);
	if (status == 0)
		status = list_mentions(&split, err);
	if (status == 0)
		write_pieces(&split, ret);
	json_free(&message);
	return status;
}
