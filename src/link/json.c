/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/json.h"

#include "roster/arena.h"
#include "roster/text.h"

#include <jansson.h>
#include <string.h>

/* struct json is never defined: it is jansson's json_t under a name of ours. Jansson's readers take pointers that are
 * not const, though they change nothing. */
static json_t *theirs(const struct json *value)
{
	return (json_t *)value;
}

/* Jansson's makers fail for want of memory only, once the arguments are known to be good. */
static struct json *ours(json_t *value)
{
	if (!value)
		die("out of memory");
	return (struct json *)value;
}

enum json_kind json_kind_of(const struct json *value)
{
	switch (json_typeof(theirs(value))) {
	case JSON_OBJECT:
		return JSON_KIND_OBJECT;
	case JSON_ARRAY:
		return JSON_KIND_ARRAY;
	case JSON_STRING:
		return JSON_KIND_TEXT;
	case JSON_INTEGER:
		return JSON_KIND_INTEGER;
	case JSON_REAL:
		return JSON_KIND_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_KIND_BOOLEAN;
	case JSON_NULL:
		break;
	}
	return JSON_KIND_NULL;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
	    [JSON_KIND_OBJECT] = "object",   [JSON_KIND_ARRAY] = "array", [JSON_KIND_TEXT] = "text",
	    [JSON_KIND_INTEGER] = "integer", [JSON_KIND_REAL] = "real",   [JSON_KIND_BOOLEAN] = "boolean",
	    [JSON_KIND_NULL] = "null",
	};
	return names[kind];
}

int json_parse(const char *bytes, size_t size, size_t most, struct json **ret, struct error *err)
{
	json_error_t fault;

	*ret = NULL;
	if (size > most)
		return error_set(err, ERR_DATA, "JSON of %zu bytes is larger than the %zu allowed", size, most);
	json_t *value = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
	if (!value)
		return error_set(err, ERR_DATA, "invalid JSON at line %d, column %d: %s", fault.line, fault.column,
				 fault.text);
	*ret = ours(value);
	return 0;
}

void json_free(struct json **value)
{
	json_decref(theirs(*value));
	*value = NULL;
}

struct json *json_new_object(void)
{
	return ours(json_object());
}

struct json *json_new_array(void)
{
	return ours(json_array());
}

struct json *json_new_integer(int64_t number)
{
	return ours(json_integer(number));
}

struct json *json_new_boolean(bool truth)
{
	return ours(json_boolean(truth));
}

struct json *json_new_null(void)
{
	return ours(json_null());
}

struct json *json_new_text(const char *bytes, size_t size, struct error *err)
{
	if (!text_is_valid(bytes, size)) {
		error_set(err, ERR_DATA, "text for JSON holds a NUL or bytes that are not UTF-8");
		return NULL;
	}
	return ours(json_stringn_nocheck(bytes, size));
}

/* Give value up because container is not of this kind. */
static int refuse_container(const struct json *container, enum json_kind wanted, json_t *value, struct error *err)
{
	json_decref(value);
	return error_set(err, ERR_INTERNAL, "JSON value put into %s instead of %s",
			 json_kind_name(json_kind_of(container)), json_kind_name(wanted));
}

int json_put(struct json *object, const char *key, struct json *value, struct error *err)
{
	if (!value)
		return -1;
	if (json_kind_of(object) != JSON_KIND_OBJECT)
		return refuse_container(object, JSON_KIND_OBJECT, theirs(value), err);
	if (!text_is_valid(key, strlen(key))) {
		json_decref(theirs(value));
		return error_set(err, ERR_DATA, "key for JSON is not UTF-8");
	}
	/* Only an object put into itself is refused; jansson has freed it then. */
	if (json_object_set_new_nocheck(theirs(object), key, theirs(value)) < 0)
		return error_set(err, ERR_INTERNAL, "JSON object \"%s\" cannot be put", key);
	return 0;
}

int json_append(struct json *array, struct json *value, struct error *err)
{
	if (!value)
		return -1;
	if (json_kind_of(array) != JSON_KIND_ARRAY)
		return refuse_container(array, JSON_KIND_ARRAY, theirs(value), err);
	if (json_array_append_new(theirs(array), theirs(value)) < 0)
		return error_set(err, ERR_INTERNAL, "JSON array cannot be appended to itself");
	return 0;
}

int json_put_text(struct json *object, const char *key, const char *text, struct error *err)
{
	struct json *value = json_new_text(text, strlen(text), err);
	return value ? json_put(object, key, value, err) : error_prefix(err, "\"%s\"", key);
}

const struct json *json_get(const struct json *object, const char *key)
{
	return (const struct json *)json_object_get(theirs(object), key);
}

/* The member under key if it is of this kind: 1, 0, -1 as the getters say. */
static int get_kind(const struct json *object, const char *key, enum json_kind wanted, const struct json **ret,
		    struct error *err)
{
	if (json_kind_of(object) != JSON_KIND_OBJECT)
		return error_set(err, ERR_DATA, "expected an object with \"%s\", found %s", key,
				 json_kind_name(json_kind_of(object)));
	const struct json *value = json_get(object, key);
	if (!value || json_kind_of(value) == JSON_KIND_NULL)
		return 0;
	if (json_kind_of(value) != wanted)
		return error_set(err, ERR_DATA, "\"%s\" is of kind %s, expected %s", key,
				 json_kind_name(json_kind_of(value)), json_kind_name(wanted));
	*ret = value;
	return 1;
}

int json_get_text(const struct json *object, const char *key, const char **ret, struct error *err)
{
	const struct json *value = NULL;
	int found = get_kind(object, key, JSON_KIND_TEXT, &value, err);
	if (found == 1)
		*ret = json_as_text(value);
	return found;
}

int json_get_integer(const struct json *object, const char *key, int64_t *ret, struct error *err)
{
	const struct json *value = NULL;
	int found = get_kind(object, key, JSON_KIND_INTEGER, &value, err);
	if (found == 1)
		json_as_integer(value, ret);
	return found;
}

int json_get_boolean(const struct json *object, const char *key, bool *ret, struct error *err)
{
	const struct json *value = NULL;
	int found = get_kind(object, key, JSON_KIND_BOOLEAN, &value, err);
	if (found == 1)
		json_as_boolean(value, ret);
	return found;
}

const char *json_as_text(const struct json *value)
{
	return json_string_value(theirs(value));
}

bool json_as_integer(const struct json *value, int64_t *ret)
{
	if (value == NULL || json_kind_of(value) != JSON_KIND_INTEGER)
		return false;
	*ret = json_integer_value(theirs(value));
	return true;
}

bool json_as_boolean(const struct json *value, bool *ret)
{
	if (value == NULL || json_kind_of(value) != JSON_KIND_BOOLEAN)
		return false;
	*ret = json_is_true(theirs(value));
	return true;
}

size_t json_count(const struct json *container)
{
	return json_array_size(theirs(container)) + json_object_size(theirs(container));
}

const struct json *json_item(const struct json *array, size_t index)
{
	return (const struct json *)json_array_get(theirs(array), index);
}

bool json_each(const struct json *object, struct json_member *member)
{
	json_t *members = theirs(object);

	member->place = member->place ? json_object_iter_next(members, member->place) : json_object_iter(members);
	if (!member->place)
		return false;
	member->key = json_object_iter_key(member->place);
	member->value = (const struct json *)json_object_iter_value(member->place);
	return true;
}

static int append_chunk(const char *bytes, size_t size, void *out)
{
	str_append(out, bytes, size);
	return 0;
}

void json_print(const struct json *value, bool indented, struct str *out)
{
	/* As many digits as any number of ours has, or 0.1 would read 0.10000000000000001. */
	enum { DIGITS = 15 };
	size_t layout = (indented ? JSON_INDENT(2) : JSON_COMPACT) | JSON_REAL_PRECISION(DIGITS);

	if (json_dump_callback(theirs(value), append_chunk, out, JSON_SORT_KEYS | JSON_ENCODE_ANY | layout) < 0)
		die("out of memory");
}

void json_add_text(struct str *out, const char *text)
{
	str_add_char(out, '"');
	while (*text != '\0') {
		size_t plain = 0;
		while ((unsigned char)text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
			plain++;
		str_append(out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		if (*text == '"' || *text == '\\')
			str_printf(out, "\\%c", *text);
		else
			str_printf(out, "\\u%04x", (unsigned int)*text);
		text++;
	}
	str_add_char(out, '"');
}
