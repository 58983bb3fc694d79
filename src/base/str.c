/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include "roster/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Make room for size more bytes and the NUL. */
static void reserve(struct str *str, size_t size)
{
	size_t needed;

	if (__builtin_add_overflow(str->size, size, &needed) || __builtin_add_overflow(needed, 1, &needed))
		die("a text grew beyond what memory can hold");
	if (needed <= str->room)
		return;
	size_t doubled = str->room < SIZE_MAX / 2 ? str->room * 2 : needed;
	size_t room = doubled > needed ? doubled : needed;
	str->room = room > 64 ? room : 64;
	str->data = xrealloc(str->data, str->room, 1);
}

void str_append(struct str *str, const void *bytes, size_t size)
{
	reserve(str, size);
	if (size > 0)
		memcpy(str->data + str->size, bytes, size);
	str->size += size;
	str->data[str->size] = '\0';
}

void str_add(struct str *str, const char *text)
{
	str_append(str, text, strlen(text));
}

void str_add_char(struct str *str, char c)
{
	str_append(str, &c, 1);
}

void str_printf(struct str *str, const char *format, ...)
{
	va_list args;
	int size;

	reserve(str, 63);
	for (;;) {
		size_t room = str->room - str->size;
		va_start(args, format);
		size = vsnprintf(str->data + str->size, room, format, args);
		va_end(args);
		if (size < 0)
			die("a text could not be formatted");
		if ((size_t)size < room)
			break;
		reserve(str, (size_t)size);
	}
	str->size += (size_t)size;
}

void str_add_word(struct str *str, const char *before, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_%+=:,./-";

	str_add(str, before);
	if (*text && !text[strspn(text, plain)]) {
		str_add(str, text);
		return;
	}
	str_add_char(str, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_add(str, "'\\''");
		else
			str_add_char(str, *text);
	}
	str_add_char(str, '\'');
}

void str_clear(struct str *str)
{
	str->size = 0;
	if (str->data)
		str->data[0] = '\0';
}

void str_free(struct str *str)
{
	free(str->data);
	*str = (struct str){0};
}

const char *str_text(const struct str *str)
{
	return str->data ? str->data : "";
}

char *str_take(struct str *str)
{
	reserve(str, 0);
	char *text = str->data;
	text[str->size] = '\0';
	*str = (struct str){0};
	return text;
}

bool text_equal_fold(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && ascii_lower(a[i]) == ascii_lower(b[i]))
		i++;
	return ascii_lower(a[i]) == ascii_lower(b[i]);
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *text, const char *suffix)
{
	size_t size = strlen(text), tail = strlen(suffix);
	return tail <= size && memcmp(text + size - tail, suffix, tail) == 0;
}
