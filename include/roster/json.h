/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: values of RFC 8259 to build, read and print, the facade over jansson.
 *
 * Ownership, once: a value belongs to who made or parsed it until it is put into an object or array, which then owns it,
 * also when the put fails (the value is freed with it). json_free() is for roots. What getters return is borrowed and
 * lives as long as the container. Text is well-formed UTF-8 without NUL, both ways; integers are 64 bits wide.
 */
#ifndef ROSTER_JSON_H
#define ROSTER_JSON_H

#include "roster/error.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

/* JSON_KIND_REAL is a number with a fraction or an exponent: it can be told and printed, not read. */
enum json_kind {
	JSON_KIND_OBJECT,
	JSON_KIND_ARRAY,
	JSON_KIND_TEXT,
	JSON_KIND_INTEGER,
	JSON_KIND_REAL,
	JSON_KIND_BOOLEAN,
	JSON_KIND_NULL
};
enum json_kind json_kind_of(const struct json *value);
const char *json_kind_name(enum json_kind kind); /* "object", ... : for messages */

/* Parse bytes, any kind at the top. ERR_DATA with line and column: no JSON, a key given twice, nested too deeply, a
 * number too large, text with NUL, or more than most bytes. */
int json_parse(const char *bytes, size_t size, size_t most, struct json **ret, struct error *err);
/* Accepts NULL and sets *value to NULL. */
void json_free(struct json **value);

/* --- building ----------------------------------------------------------------------------------------------------- */

struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_integer(int64_t number);
struct json *json_new_boolean(bool truth);
struct json *json_new_null(void);
/* NULL with ERR_DATA when bytes are not text. */
struct json *json_new_text(const char *bytes, size_t size, struct error *err);

/* Put value under key in place of what was there, or at the end. A value that is NULL is one whose maker has failed and
 * filled err: -1, so that json_put(o, "name", json_new_text(...), err) reads in one line. */
int json_put(struct json *object, const char *key, struct json *value, struct error *err);
int json_append(struct json *array, struct json *value, struct error *err);
/* json_put() for a C string. */
int json_put_text(struct json *object, const char *key, const char *text, struct error *err);

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* By key: 1 found, 0 absent or null, -1 of another kind than asked for (ERR_DATA, naming key and kinds). At 0 and -1
 * *ret stays as it was, so that it may hold the default. */
int json_get_text(const struct json *object, const char *key, const char **ret, struct error *err);
int json_get_integer(const struct json *object, const char *key, int64_t *ret, struct error *err);
int json_get_boolean(const struct json *object, const char *key, bool *ret, struct error *err);
/* Of any kind, or NULL when the key is absent or object is none. */
const struct json *json_get(const struct json *object, const char *key);

/* A value by itself, an item of an array say: NULL or false when it is of another kind, or NULL. */
const char *json_as_text(const struct json *value);
bool json_as_integer(const struct json *value, int64_t *ret);
bool json_as_boolean(const struct json *value, bool *ret);

/* Items of an array or members of an object; 0 for every other kind. */
size_t json_count(const struct json *container);
/* NULL when there is no such item. */
const struct json *json_item(const struct json *array, size_t index);

/* Starts as {0}; json_each() fills in the next member, in no promised order, until it returns false. */
struct json_member {
	const char *key;
	const struct json *value;
	void *place; /* of the iteration */
};
bool json_each(const struct json *object, struct json_member *member);

/* --- printing ----------------------------------------------------------------------------------------------------- */

/* Append value, keys sorted, so that equal values print alike: on one line without spaces, or indented by two. */
void json_print(const struct json *value, bool indented, struct str *out);
/* Append a text as it stands in JSON, in its quotes: for what is too much to be built as a tree first. */
void json_add_text(struct str *out, const char *text);

#endif
