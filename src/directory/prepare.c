/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/prepare.h"

#include "roster/text.h"

#include <stdbool.h>

/* The combining marks that NFKC itself puts behind a space when it takes a spacing accent apart: U+0300 to U+036F,
 * U+064B to U+0652, U+3099 and U+309A. Such a space carries the mark and is not white space (RFC 4518 section 2.6.1). */
static bool starts_with_mark(const char *at, const char *end)
{
	const unsigned char *byte = (const unsigned char *)at;

	if (end - at < 2)
		return false;
	if (byte[0] == 0xCC || (byte[0] == 0xCD && byte[1] <= 0xAF))
		return true;
	if (byte[0] == 0xD9)
		return byte[1] >= 0x8B && byte[1] <= 0x92;
	return end - at >= 3 && byte[0] == 0xE3 && byte[1] == 0x82 && (byte[2] == 0x99 || byte[2] == 0x9A);
}

static bool is_white(const char *at, const char *end)
{
	return at < end && *at == ' ' && !starts_with_mark(at + 1, end);
}

/* Squeeze what stands behind start in place. */
static void squeeze(struct str *str, size_t start, unsigned keep)
{
	const char *at = str->data + start, *end = str->data + str->size;
	char *to = str->data + start;

	while (at < end) {
		const char *white = at;

		while (is_white(at, end))
			at++;
		bool inside = (white > str->data + start || keep & PREPARE_KEEP_LEADING) &&
			      (at < end || keep & PREPARE_KEEP_TRAILING);
		if (at > white && inside)
			*to++ = ' ';
		if (at < end)
			*to++ = *at++;
	}
	*to = '\0';
	str->size = (size_t)(to - str->data);
}

int prepare_text(const char *bytes, size_t size, unsigned keep, struct str *out)
{
	size_t start = out->size;

	if (text_fold(bytes, size, out) < 0)
		return -1;
	if (out->data)
		squeeze(out, start, keep);
	return 0;
}
