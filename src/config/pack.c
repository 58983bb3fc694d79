/* SPDX-License-Identifier: Apache-2.0 */
/* Each text is the name of its file, its size in decimal, and its bytes, with a NUL behind each of the three. */
#include "roster/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void config_pack(const struct config *config, struct str *out)
{
	for (size_t i = 0; i < config->text_count; i++) {
		const struct config_text *text = &config->texts[i];
		str_append(out, text->file, strlen(text->file) + 1);
		str_printf(out, "%zu", text->size);
		str_add_char(out, '\0');
		str_append(out, text->bytes, text->size);
		str_add_char(out, '\0');
	}
}

/* The text at *bytes, and what is behind it. */
static bool unpack(const char **bytes, const char *end, struct config_text *ret)
{
	const char *number = memchr(*bytes, '\0', (size_t)(end - *bytes));
	const char *text = number == NULL ? NULL : memchr(number + 1, '\0', (size_t)(end - number - 1));
	char *behind;

	if (text == NULL)
		return false;
	errno = 0;
	unsigned long size = strtoul(number + 1, &behind, 10);
	text++;
	if (errno != 0 || behind == number + 1 || *behind != '\0' || size >= (size_t)(end - text) || text[size] != '\0')
		return false;
	*ret = (struct config_text){*bytes, text, size};
	*bytes = text + size + 1;
	return true;
}

int config_unpack(const char *bytes, size_t size, struct arena *arena, struct config_text **ret, size_t *count,
		  struct error *err)
{
	const char *end = bytes + size;
	size_t room = 1;

	/* No text takes fewer than three NUL. */
	for (const char *at = bytes; at < end; at++)
		room += *at == '\0';
	*ret = arena_alloc_array(arena, room, sizeof(**ret));
	*count = 0;
	while (bytes < end)
		if (!unpack(&bytes, end, &(*ret)[(*count)++]))
			return error_set(err, ERR_INTERNAL, "the configuration that was handed over is damaged");
	return *count > 0 ? 0 : error_set(err, ERR_INTERNAL, "no configuration was handed over");
}
