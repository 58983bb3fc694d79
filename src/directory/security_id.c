/* SPDX-License-Identifier: Apache-2.0 */
/* Security identifiers of Windows (MS-DTYP section 2.4.2), and DNs that carry one. */
#include "roster/directory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 8, PART = 4, PARTS_MOST = 15 };

static uint32_t little_endian(const unsigned char *octets)
{
	return (uint32_t)octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 | (uint32_t)octets[3] << 24;
}

int security_id_format(const struct value *value, struct str *out)
{
	const unsigned char *octets = (const unsigned char *)value->data;
	uint64_t authority = 0;

	if (value->size < HEAD || octets[0] != 1 || octets[1] > PARTS_MOST ||
	    value->size != (size_t)HEAD + (size_t)PART * octets[1])
		return -1;
	for (size_t i = 2; i < HEAD; i++)
		authority = authority << 8 | octets[i];
	str_printf(out, "S-1-%" PRIu64, authority);
	for (size_t i = 0; i < octets[1]; i++)
		str_printf(out, "-%" PRIu32, little_endian(octets + HEAD + PART * i));
	return 0;
}

const char *security_id_beside(const char *id, const char *relative, struct arena *arena)
{
	const char *last = strrchr(id, '-');

	if (last == NULL || *relative == '\0' || relative[strspn(relative, "0123456789")] != '\0')
		return NULL;
	return arena_printf(arena, "%.*s-%s", (int)(last - id), id, relative);
}

/* The text of "<NAME=text>" at the start, or NULL; *rest: behind it and its semicolon. */
static const char *part_of(const char *text, const char *name, size_t *size, const char **rest)
{
	size_t length = strlen(name);
	const char *end = *text == '<' ? strchr(text, '>') : NULL;

	*rest = text;
	if (end == NULL)
		return NULL;
	*rest = end[1] == ';' ? end + 2 : end + 1;
	if (strncmp(text + 1, name, length) != 0 || text[1 + length] != '=')
		return NULL;
	*size = (size_t)(end - text) - length - 2;
	return text + length + 2;
}

void extended_dn_split(const char *text, struct extended_dn *ret)
{
	const char *rest = text;

	*ret = (struct extended_dn){0};
	while (*rest == '<') {
		const char *before = rest;
		size_t size = 0;
		const char *id = part_of(rest, "SID", &size, &rest);
		if (id != NULL) {
			ret->security_id = id;
			ret->security_id_size = size;
		}
		if (rest == before)
			break;
	}
	ret->dn = rest;
}
