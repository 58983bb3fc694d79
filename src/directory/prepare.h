/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare: the string preparation of RFC 4518 that makes two spellings of one value the same bytes.
 *
 * Its step Map (section 2.2), by which control characters and such as show nothing go and separators become spaces, NFKC and
 * case folding (steps Map and Normalize), then insignificant space handling (section 2.6.1): white space at the ends goes,
 * runs of it become one space. Nothing is prohibited: what a server has is compared.
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
