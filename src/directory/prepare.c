/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/prepare.h"

#include "roster/text.h"

#include <stdbool.h>
#include <stdint.h>

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

/* RFC 4518 section 2.2, in the order of the code points. */
static const struct {
	uint32_t first, last;
	bool space; /* else nothing */
} mapped[] = {
    {0x0000, 0x0008, false},   {0x0009, 0x000D, true},  {0x000E, 0x001F, false},   {0x007F, 0x0084, false},
    {0x0085, 0x0085, true},    {0x0086, 0x009F, false}, {0x00A0, 0x00A0, true},    {0x00AD, 0x00AD, false},
    {0x034F, 0x034F, false},   {0x06DD, 0x06DD, false}, {0x070F, 0x070F, false},   {0x1680, 0x1680, true},
    {0x1806, 0x1806, false},   {0x180B, 0x180E, false}, {0x2000, 0x200A, true},    {0x200B, 0x200F, false},
    {0x2028, 0x2029, true},    {0x202A, 0x202E, false}, {0x202F, 0x202F, true},    {0x205F, 0x205F, true},
    {0x2060, 0x2063, false},   {0x206A, 0x206F, false}, {0x3000, 0x3000, true},    {0xFE00, 0xFE0F, false},
    {0xFEFF, 0xFEFF, false},   {0xFFF9, 0xFFFC, false}, {0x1D173, 0x1D17A, false}, {0xE0001, 0xE0001, false},
    {0xE0020, 0xE007F, false},
};

static bool is_plain(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)bytes[i] < 0x20 || (unsigned char)bytes[i] > 0x7E)
			return false;
	return true;
}

/* -1 when the bytes are no text: what stands between some of them and is left out could make one of them. */
static int map(const char *bytes, size_t size, struct str *out)
{
	uint32_t code = 0;

	for (size_t at = 0, length; at < size; at += length) {
		size_t i = 0;
		length = text_decode(bytes + at, size - at, &code);
		if (length == 0)
			return -1;
		while (i < sizeof(mapped) / sizeof(*mapped) && mapped[i].last < code)
			i++;
		if (i == sizeof(mapped) / sizeof(*mapped) || mapped[i].first > code)
			str_append(out, bytes + at, length);
		else if (mapped[i].space)
			str_add_char(out, ' ');
	}
	return 0;
}

static int fold(const char *bytes, size_t size, struct str *out)
{
	struct str text = {0};

	if (is_plain(bytes, size))
		return text_fold(bytes, size, out);
	int result = map(bytes, size, &text);
	if (result == 0)
		result = text_fold(str_text(&text), text.size, out);
	str_free(&text);
	return result;
}

int prepare_text(const char *bytes, size_t size, unsigned keep, struct str *out)
{
	size_t start = out->size;

	if (fold(bytes, size, out) < 0)
		return -1;
	if (out->data)
		squeeze(out, start, keep);
	return 0;
}
