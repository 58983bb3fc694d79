/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare: the string preparation of RFC 4518 that makes two spellings of one value the same bytes.
 *
 * NFKC and case folding (its steps Map and Normalize), then insignificant space handling (section 2.6.1): white space
 * at the ends goes, runs of it become one space. One deliberate difference: control characters stay as they are, so that
 * two names never become one by them.
 */
#ifndef ROSTER_DIRECTORY_PREPARE_H
#define ROSTER_DIRECTORY_PREPARE_H

#include "roster/str.h"

#include <stddef.h>

/* A piece of a substring filter keeps one space at an end where the value goes on. */
enum { PREPARE_KEEP_LEADING = 1, PREPARE_KEEP_TRAILING = 2 };

/* Append; -1 when bytes are not UTF-8. */
int prepare_text(const char *bytes, size_t size, unsigned keep, struct str *out);

#endif
