/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/pick.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 256 };

/* --- pointers -------------------------------------------------------------------------------------------------------------- */

/* ~1 is a slash and ~0 a tilde (RFC 6901 section 3). */
static bool unescape(const char *text, size_t size, char name[NAME_MOST])
{
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (c == '~' && i + 1 < size && (text[i + 1] == '0' || text[i + 1] == '1'))
			c = text[++i] == '1' ? '/' : '~';
		if (length + 1 == NAME_MOST)
			return false;
		name[length++] = c;
	}
	name[length] = '\0';
	return true;
}

static const struct json *step(const struct json *value, const char *name)
{
	if (json_kind_of(value) != JSON_KIND_ARRAY)
		return json_get(value, name);
	if (*name == '\0' || name[strspn(name, "0123456789")] != '\0' || strlen(name) > 9)
		return NULL;
	return json_item(value, strtoul(name, NULL, 10));
}

bool pick_is_true(const struct json *value)
{
	bool truth = false;

	return value && json_as_boolean(value, &truth) && truth;
}

static bool is_text(const struct json *value, const char *text)
{
	int64_t number;
	char digits[32];

	if (!value)
		return false;
	switch (json_kind_of(value)) {
	case JSON_KIND_TEXT:
		return strcmp(json_as_text(value), text) == 0;
	case JSON_KIND_BOOLEAN:
		return strcmp(pick_is_true(value) ? "true" : "false", text) == 0;
	case JSON_KIND_INTEGER:
		json_as_integer(value, &number);
		snprintf(digits, sizeof(digits), "%" PRId64, number);
		return strcmp(digits, text) == 0;
	default:
		return false;
	}
}

/* "?primary=true" of a list. */
static const struct json *select_item(const struct json *list, const char *test, size_t size)
{
	char name[NAME_MOST];
	char *equals;

	if (size < 2 || *test != '?' || size >= sizeof(name))
		return NULL;
	memcpy(name, test + 1, size - 1);
	name[size - 1] = '\0';
	equals = strchr(name, '=');
	if (!equals)
		return NULL;
	*equals = '\0';
	for (size_t i = 0; i < json_count(list); i++)
		if (json_item(list, i) && is_text(json_get(json_item(list, i), name), equals + 1))
			return json_item(list, i);
	return NULL;
}

static const struct json *follow(const struct json *value, const char *pointer, const char *end)
{
	char name[NAME_MOST];

	while (value && pointer < end && *pointer == '/') {
		size_t size = 0;
		pointer++;
		while (pointer + size < end && pointer[size] != '/' && pointer[size] != '[')
			size++;
		if (!unescape(pointer, size, name))
			return NULL;
		if (size > 0 || (pointer < end && *pointer != '['))
			value = step(value, name);
		pointer += size;
		if (value && pointer < end && *pointer == '[') {
			const char *close = memchr(pointer, ']', (size_t)(end - pointer));
			if (!close || json_kind_of(value) != JSON_KIND_ARRAY)
				return NULL;
			value = select_item(value, pointer + 1, (size_t)(close - pointer) - 1);
			pointer = close + 1;
		}
	}
	return pointer == end ? value : NULL;
}

static const struct json *present(const struct json *value)
{
	return value && json_kind_of(value) != JSON_KIND_NULL ? value : NULL;
}

const struct json *pick_json(const struct json *object, const char *word, const struct pick_homes *homes)
{
	if (*word == '/' || *word == '\0')
		return present(follow(object, word, word + strlen(word)));
	const struct json *value = present(json_get(object, word));
	for (const char *const *home = homes ? homes->pointers : NULL; !value && home && *home; home++) {
		const struct json *in = follow(object, *home, *home + strlen(*home));
		value = in ? present(json_get(in, word)) : NULL;
	}
	return value;
}

/* --- values ---------------------------------------------------------------------------------------------------------------- */

static bool add_value(const struct json *value, struct arena *arena, struct attribute *ret)
{
	const char *text = NULL;
	int64_t number;

	if (json_kind_of(value) == JSON_KIND_OBJECT)
		value = json_get(value, "value");
	if (!value)
		return false;
	if (json_kind_of(value) == JSON_KIND_TEXT)
		text = arena_strdup(arena, json_as_text(value));
	else if (json_kind_of(value) == JSON_KIND_BOOLEAN)
		text = pick_is_true(value) ? "true" : "false";
	else if (json_as_integer(value, &number))
		text = arena_printf(arena, "%" PRId64, number);
	if (text && *text)
		ret->values[ret->count++] = (struct value){.data = text, .size = strlen(text)};
	return text != NULL;
}

static bool values_of(const struct json *object, const char *word, const struct pick_homes *homes, struct arena *arena,
		      struct attribute *ret)
{
	const struct json *value = pick_json(object, word, homes);

	if (!value)
		return false;
	bool list = json_kind_of(value) == JSON_KIND_ARRAY;
	ret->values = arena_alloc_array(arena, list ? json_count(value) + 1 : 1, sizeof(*ret->values));
	if (!list)
		add_value(value, arena, ret);
	for (size_t i = 0; list && i < json_count(value); i++)
		add_value(json_item(value, i), arena, ret);
	return ret->count > 0;
}

/* Several words: what there is of them, with a space between. */
static bool join(const struct json *object, const char *expression, const struct pick_homes *homes, struct arena *arena,
		 struct attribute *ret)
{
	const char *joined = NULL;

	for (const char *at = expression + strspn(expression, " "); *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		const char *text = pick_text(object, arena_strndup(arena, at, size), homes, arena);
		if (text)
			joined = joined ? arena_printf(arena, "%s %s", joined, text) : text;
		at += size;
	}
	if (!joined)
		return false;
	ret->values = arena_alloc(arena, sizeof(*ret->values));
	ret->values[ret->count++] = (struct value){.data = joined, .size = strlen(joined)};
	return true;
}

bool pick_values(const struct json *object, const char *expression, const struct pick_homes *homes, struct arena *arena,
		 struct attribute *ret)
{
	*ret = (struct attribute){.name = expression};
	if (strchr(expression, ' ') && !strchr(expression, '['))
		return join(object, expression, homes, arena, ret);
	return values_of(object, expression, homes, arena, ret);
}

const char *pick_text(const struct json *object, const char *expression, const struct pick_homes *homes,
		      struct arena *arena)
{
	struct attribute attribute;

	return pick_values(object, expression, homes, arena, &attribute) ? attribute.values[0].data : NULL;
}

/* --- conditions ------------------------------------------------------------------------------------------------------------ */

static bool is_one_of(const char *text, const char *list)
{
	size_t length = strlen(text);

	for (;;) {
		size_t size = strcspn(list, ",");
		if (size == length && memcmp(list, text, size) == 0)
			return true;
		if (list[size] == '\0')
			return false;
		list += size + 1;
	}
}

/* One condition; NULL when it holds. */
static const char *flaw_of(const struct json *object, char *condition, const struct pick_homes *homes,
			   struct arena *arena, bool *unknown)
{
	bool optional = *condition == '?', negated = condition[optional] == '!';
	char *name = condition + optional + negated, *equals = strchr(name, '=');
	const char *text;

	if (equals)
		*equals = '\0';
	text = pick_text(object, name, homes, arena);
	if (!text) {
		*unknown = *unknown || !(optional || negated);
		return NULL;
	}
	bool holds = equals ? is_one_of(text, equals + 1) : text_equal_fold(text, "true");
	return holds != negated ? NULL : arena_printf(arena, "%s is %s", name, text);
}

const char *pick_flaw(const struct json *object, const char *conditions, const struct pick_homes *homes,
		      struct arena *arena, bool *unknown)
{
	const char *flaw = NULL;

	*unknown = false;
	for (const char *at = conditions + strspn(conditions, " "); !flaw && *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		flaw = flaw_of(object, arena_strndup(arena, at, size), homes, arena, unknown);
		at += size;
	}
	return flaw;
}
