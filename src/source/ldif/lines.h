/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines: the logical lines of an LDIF file (RFC 2849 notes 2 to 5): folded lines put together, comments left out, LF and
 * CR LF and a byte order mark taken away. Memory is one block and one logical line, whatever the file holds.
 */
#ifndef ROSTER_SOURCE_LDIF_LINES_H
#define ROSTER_SOURCE_LDIF_LINES_H

#include "roster/error.h"
#include "roster/sha256.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ldif_line {
	const char *text; /* without its end; valid until the next call; NUL-terminated, may hold NUL */
	size_t size;
	unsigned long number; /* of its first physical line, from 1 */
	bool cut;             /* the file ended before the line did: its value may be shorter than it was */
	bool too_long;        /* longer than the limit, the rest was dropped */
};

struct ldif_lines;

/* Borrows file, which must be open for reading; limit is the size of the longest logical line. */
struct ldif_lines *ldif_lines_new(FILE *file, size_t limit);
void ldif_lines_free(struct ldif_lines **lines);

/* 1 with the next line (an empty one ends a record), 0 at the end of the file, -1 when it cannot be read. */
int ldif_lines_next(struct ldif_lines *lines, struct ldif_line *ret, struct error *err);

/* ldapsearch wrote the file (its first comment says "extended LDIF"): it then ends with a result. */
bool ldif_lines_announce_result(const struct ldif_lines *lines);

/* SHA-256 of all bytes, once the end was reached. */
void ldif_lines_sha256(struct ldif_lines *lines, char text[SHA256_TEXT]);

#endif
