/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: one configuration file in memory, and its lines as they may be shown to people.
 *
 * The text is what the parser gets: without byte order mark and carriage returns. The lines for messages have their
 * secrets masked, because a mistake is often made beside one.
 */
#ifndef ROSTER_CONFIG_DOCUMENT_H
#define ROSTER_CONFIG_DOCUMENT_H

#include "roster/arena.h"
#include "roster/error.h"
#include "roster/str.h"

struct document {
	const char *file;
	char *text; /* NUL-terminated; a NUL in the file would end it early */
	size_t size;
	const char **lines; /* masked */
	int line_count;
	bool has_nul;
};

/* Read a regular file of at most 16 MiB. */
int document_read(const char *file, struct arena *arena, struct document **ret, struct error *err);
struct document *document_make(const char *file, const char *bytes, size_t size, struct arena *arena);
/* From and to lie in the text, which has nothing but its line ends there afterwards. */
void document_blank(struct document *document, const char *from, const char *to);
/* A masked line for a message, or NULL. */
const char *document_line(const struct document *document, int line);

/* Append text with the values of everything that looks like a secret replaced; references to secrets stay. Line breaks
 * are kept. text[size] is NUL. */
void mask_secrets(const char *text, size_t size, struct str *out);

#endif
