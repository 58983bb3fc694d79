/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* Length announced by the first byte, and the bits of the code it carries itself; 0 when it cannot begin a character. */
static size_t announced_length(unsigned char first, uint32_t *code)
{
	if (first < 0x80) {
		*code = first;
		return 1;
	}
	if (first >= 0xC2 && first <= 0xDF) {
		*code = first & 0x1F;
		return 2;
	}
	if (first >= 0xE0 && first <= 0xEF) {
		*code = first & 0x0F;
		return 3;
	}
	if (first >= 0xF0 && first <= 0xF4) {
		*code = first & 0x07;
		return 4;
	}
	return 0;
}

size_t utf8_decode(const char *bytes, size_t size, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (size == 0)
		return 0;
	size_t length = announced_length((unsigned char)bytes[0], code);
	if (length == 0 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (!is_continuation(bytes[i]))
			return 0;
		*code = *code << 6 | ((unsigned char)bytes[i] & 0x3F);
	}
	bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
	return *code < least[length] || *code > 0x10FFFF || surrogate ? 0 : length;
}

size_t utf8_floor(const char *text, size_t size)
{
	size_t floor = size;

	/* No character has more than three continuation bytes: what has is no UTF-8 and may be cut anywhere. */
	for (int steps = 0; steps < 4 && floor > 0 && is_continuation(text[floor]); steps++)
		floor--;
	return is_continuation(text[floor]) ? size : floor;
}
