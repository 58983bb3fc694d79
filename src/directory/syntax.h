/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax: how the values of an attribute are compared. Sources have no schema we could ask, so the few attributes that
 * do not compare as case-insensitive text are named here (RFC 2307, RFC 4519, RFC 4524, MS-ADTS).
 */
#ifndef ROSTER_DIRECTORY_SYNTAX_H
#define ROSTER_DIRECTORY_SYNTAX_H

#include "roster/directory.h"

enum syntax { SYNTAX_FOLDED, SYNTAX_EXACT, SYNTAX_INTEGER, SYNTAX_DN };

/* Options in the name do not count. */
enum syntax syntax_of(const char *attribute);

/* Append the form of a value in which equal values are equal bytes. -1 when it is no value of this syntax. */
int syntax_prepare(enum syntax syntax, const char *bytes, size_t size, struct str *out);

/* Order of two prepared values: negative, 0, positive. */
int syntax_compare(enum syntax syntax, const struct value *a, const struct value *b);

#endif
