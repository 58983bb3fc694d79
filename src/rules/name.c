/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/internal.h"

#include <string.h>

enum { NAME_CHARACTERS = 100, QUOTE_BYTES = 120 };

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t count_characters(const char *text, size_t size)
{
	size_t characters = 0;

	for (size_t i = 0; i < size; i++)
		characters += !is_continuation(text[i]);
	return characters;
}

const char *name_refusal(const char *name, size_t size)
{
	if (size == 0)
		return "is empty";
	if ((size == 1 && name[0] == '.') || (size == 2 && name[0] == '.' && name[1] == '.'))
		return "is \".\" or \"..\"";
	if (memchr(name, '/', size))
		return "holds a \"/\"";
	if (text_has_control(name, size))
		return "holds a control character";
	return count_characters(name, size) > NAME_CHARACTERS ? "is longer than 100 characters" : NULL;
}

static size_t cut_at_character(const char *text, size_t size)
{
	if (size <= QUOTE_BYTES)
		return size;
	for (size = QUOTE_BYTES; size > 0 && is_continuation(text[size]); size--)
		continue;
	return size;
}

void add_printable(const char *text, size_t size, struct str *out)
{
	size_t shown = cut_at_character(text, size);

	if (!text_is_valid(text, size)) {
		str_printf(out, "(not text, %zu bytes)", size);
		return;
	}
	for (size_t i = 0; i < shown;) {
		size_t control = text_control_size(text + i, size - i);
		if (control == 0)
			str_add_char(out, text[i++]);
		for (; control > 0; control--)
			str_printf(out, "\\x%02X", (unsigned char)text[i++]);
	}
	if (shown < size)
		str_add(out, "...");
}

void quote(const char *text, size_t size, struct str *out)
{
	const char *mark = text_is_valid(text, size) ? "\"" : "";

	str_add(out, mark);
	add_printable(text, size, out);
	str_add(out, mark);
}
