/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct str *out, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;

	str_append(out, "", 0);
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)from[i] << 16;
		if (left > 1)
			group |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			group |= from[i + 2];
		char quad[4] = {alphabet[group >> 18], alphabet[group >> 12 & 63], alphabet[group >> 6 & 63],
				alphabet[group & 63]};
		if (left < 3)
			quad[3] = '=';
		if (left < 2)
			quad[2] = '=';
		str_append(out, quad, sizeof(quad));
	}
}

/* 0 to 63, or -1 for a character outside the alphabet. */
static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Decode four characters, of which the last `padding` are "="; false when they are none or bits would be lost. */
static bool decode_quad(const char *quad, size_t padding, struct str *out)
{
	uint32_t group = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - padding ? value_of(quad[i]) : 0;
		if (value < 0)
			return false;
		group = group << 6 | (uint32_t)value;
	}
	const unsigned char bytes[3] = {(unsigned char)(group >> 16), (unsigned char)(group >> 8),
					(unsigned char)group};
	for (size_t i = 3 - padding; i < 3; i++) {
		if (bytes[i] != 0)
			return false;
	}
	str_append(out, bytes, 3 - padding);
	return true;
}

static size_t padding_of(const char *text, size_t size)
{
	if (size < 4 || text[size - 1] != '=')
		return 0;
	return text[size - 2] == '=' ? 2 : 1;
}

int64_t base64_decode(const char *text, size_t size, struct str *out)
{
	size_t before = out->size;
	size_t padding = padding_of(text, size);

	if (size % 4 != 0)
		return -1;
	str_append(out, "", 0);
	for (size_t i = 0; i < size; i += 4) {
		if (!decode_quad(text + i, i + 4 == size ? padding : 0, out)) {
			out->size = before;
			out->data[before] = '\0';
			return -1;
		}
	}
	return (int64_t)(out->size - before);
}
