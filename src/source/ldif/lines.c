/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/lines.h"

#include "roster/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 65536 };

struct ldif_lines {
	FILE *file;
	size_t limit;
	struct sha256 *sha256;
	struct str logical;
	unsigned long number; /* physical lines begun so far */
	bool started, announced;
	size_t at, filled;
	char block[BLOCK_SIZE];
};

struct ldif_lines *ldif_lines_new(FILE *file, size_t limit)
{
	struct ldif_lines *lines = xcalloc(1, sizeof(*lines));

	lines->file = file;
	lines->limit = limit;
	lines->sha256 = sha256_new();
	return lines;
}

void ldif_lines_free(struct ldif_lines **lines)
{
	if (!*lines)
		return;
	sha256_free(&(*lines)->sha256);
	str_free(&(*lines)->logical);
	free(*lines);
	*lines = NULL;
}

bool ldif_lines_announce_result(const struct ldif_lines *lines)
{
	return lines->announced;
}

void ldif_lines_sha256(struct ldif_lines *lines, char text[SHA256_TEXT])
{
	sha256_finish(lines->sha256, text);
}

/* 1 when there are bytes to read at lines->at, 0 at the end, -1 on error. */
static int fill(struct ldif_lines *lines, struct error *err)
{
	if (lines->at < lines->filled)
		return 1;
	lines->at = 0;
	lines->filled = fread(lines->block, 1, sizeof(lines->block), lines->file);
	if (ferror(lines->file))
		return error_set(err, ERR_UNREACHABLE, "cannot read: %s", strerror(errno));
	sha256_add(lines->sha256, lines->block, lines->filled);
	return lines->filled > 0;
}

static int skip_byte_order_mark(struct ldif_lines *lines, struct error *err)
{
	int more = fill(lines, err);

	lines->started = true;
	if (more <= 0)
		return more;
	if (lines->filled >= 2 &&
	    (memcmp(lines->block, "\xFF\xFE", 2) == 0 || memcmp(lines->block, "\xFE\xFF", 2) == 0))
		return error_set(err, ERR_DATA, "is UTF-16, save it as UTF-8");
	if (lines->filled >= 3 && memcmp(lines->block, "\xEF\xBB\xBF", 3) == 0)
		lines->at = 3;
	return 0;
}

static void append(struct ldif_lines *lines, const char *bytes, size_t size, struct ldif_line *line)
{
	size_t room = lines->limit - lines->logical.size;

	if (size > room) {
		line->too_long = true;
		size = room;
	}
	str_append(&lines->logical, bytes, size);
}

static void drop_carriage_return(struct str *str)
{
	if (str->size > 0 && str->data[str->size - 1] == '\r')
		str->data[--str->size] = '\0';
}

/* Append the rest of one physical line. 1 read, 0 when the file ends here without a byte, -1 on error. */
static int read_physical(struct ldif_lines *lines, struct ldif_line *line, struct error *err)
{
	bool begun = false;
	int more;

	for (;;) {
		more = fill(lines, err);
		if (more <= 0)
			break;
		char *start = lines->block + lines->at;
		char *end = memchr(start, '\n', lines->filled - lines->at);
		size_t size = end ? (size_t)(end - start) : lines->filled - lines->at;

		begun = true;
		append(lines, start, size, line);
		lines->at += size + (end ? 1 : 0);
		if (!end)
			continue;
		drop_carriage_return(&lines->logical);
		lines->number++;
		return 1;
	}
	line->cut = begun;
	lines->number += begun ? 1 : 0;
	return more < 0 ? -1 : begun;
}

/* Put the physical lines together that belong to one logical line. */
static int read_logical(struct ldif_lines *lines, struct ldif_line *line, struct error *err)
{
	int more;

	*line = (struct ldif_line){.number = lines->number + 1};
	str_clear(&lines->logical);
	more = read_physical(lines, line, err);
	if (more <= 0)
		return more;
	while (lines->logical.size > 0 && !line->cut) {
		more = fill(lines, err);
		if (more < 0)
			return -1;
		if (more == 0 || lines->block[lines->at] != ' ')
			break;
		lines->at++;
		more = read_physical(lines, line, err);
		if (more < 0)
			return -1;
		/* A file may end right behind the space. */
		line->cut |= more == 0;
	}
	line->text = str_text(&lines->logical);
	line->size = lines->logical.size;
	return 1;
}

int ldif_lines_next(struct ldif_lines *lines, struct ldif_line *ret, struct error *err)
{
	int more;

	if (!lines->started && skip_byte_order_mark(lines, err) < 0)
		return -1;
	do {
		more = read_logical(lines, ret, err);
		if (more <= 0)
			return more;
		if (ret->text[0] == '#' && strcmp(ret->text, "# extended LDIF") == 0)
			lines->announced = true;
	} while (ret->text[0] == '#');
	return 1;
}
