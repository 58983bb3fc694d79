/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: the words of a configuration file, with their lines.
 *
 * Cuts the text as libconfig's scanner does, but names what is cut off (a string without end, a comment without end) and
 * what libconfig would not know. The text must hold no NUL.
 */
#ifndef ROSTER_CONFIG_SCAN_H
#define ROSTER_CONFIG_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_TRUTH, /* true or false */
	TOKEN_INTEGER,
	TOKEN_REAL,
	TOKEN_WORD, /* letters and digits that are none of the above */
	TOKEN_STRING,
	TOKEN_SEPARATOR,  /* : = */
	TOKEN_TERMINATOR, /* ; , */
	TOKEN_OPEN,       /* { [ ( */
	TOKEN_CLOSE,      /* } ] ) */
	TOKEN_INCLUDE,    /* @include */
	TOKEN_STRANGE,
	TOKEN_CUT_STRING, /* no closing quote on its line */
	TOKEN_CUT_COMMENT /* no end before the end of the file */
};

struct token {
	enum token_kind kind;
	const char *start;
	size_t size;
	int line;
	int indent; /* of its line, a tab counting to the next multiple of 8 */
	bool first; /* nothing but space stands before it on its line */
};

struct scanner {
	const char *at;
	const char *line_start;
	int line;
};

struct scanner scan_start(const char *text);
struct token scan_next(struct scanner *scanner);

#endif
