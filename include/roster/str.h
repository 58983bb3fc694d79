/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str: a growing byte string, and the few text helpers everybody needs.
 *
 * A `struct str` starts as {0}, is always NUL-terminated after the first append (use str_text()), may hold NUL bytes
 * (use .size), and is given back with str_free().
 */
#ifndef ROSTER_STR_H
#define ROSTER_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *data;
	size_t size;
	size_t room;
};

void str_append(struct str *str, const void *bytes, size_t size);
void str_add(struct str *str, const char *text);
void str_add_char(struct str *str, char c);
void str_printf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Append text as one word of a shell, in quotes where it needs them, and before it `before` as it is. */
void str_add_word(struct str *str, const char *before, const char *text);
void str_clear(struct str *str); /* keeps the memory */
void str_free(struct str *str);
const char *str_text(const struct str *str); /* "" when nothing was appended */
/* Hand the memory over to the caller, who frees it; str is {0} again. Never NULL. */
char *str_take(struct str *str);

/* A to Z only, whatever the locale. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
bool text_equal_fold(const char *a, const char *b); /* ASCII case-insensitive, for attribute names and keywords */
bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);
/* The candidate nearest to word (at most 1 + length/4 edits, a swap of neighbours is one, case is none), or NULL: "did you
 * mean". */
const char *text_nearest(const char *word, const char *const candidates[], size_t count);

/* RFC 4648 base64. Decoding refuses white space, wrong padding and trailing bits: -1 and out as it was, else the
 * size. */
void base64_encode(struct str *out, const void *bytes, size_t size);
int64_t base64_decode(const char *text, size_t size, struct str *out);

/* "90s", "15m", "24h", "30d", "250ms" to milliseconds; -1 when it is none. Plain numbers are refused: say the unit. */
int64_t duration_parse(const char *text);
/* The shortest exact form: 90000 gives "90s". buffer holds at least 32 bytes. */
const char *duration_format(int64_t milliseconds, char *buffer, size_t size);
/* The same for a message, as it would be written in the configuration; valid to the end of the block. */
#define duration_text(milliseconds) duration_format(milliseconds, (char[32]){0}, 32)

#endif
