/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex: the facade over PCRE2, for rules' regular expressions.
 *
 * No JIT; match and depth limits keep a hostile value or a careless pattern from taking seconds: hitting a limit is an
 * error, never a "no match". Patterns are UTF-8, anchored at both ends, and run against the normalised value.
 */
#ifndef ROSTER_REGEX_H
#define ROSTER_REGEX_H

#include "roster/arena.h"
#include "roster/error.h"

#include <stdbool.h>
#include <stddef.h>

struct regex;

int regex_compile(const char *pattern, struct regex **ret, struct error *err); /* ERR_CONFIG with the column */
void regex_free(struct regex **regex);
size_t regex_capture_count(const struct regex *regex);
/* Name of the n-th named capture (0-based, in order of their number). */
const char *regex_capture_name(const struct regex *regex, size_t n);
/* 1 match, 0 none, -1 limit hit (ERR_DATA). captures[n] belongs to regex_capture_name(n), NULL when it took no part. */
int regex_match(const struct regex *regex, const char *text, size_t size, struct arena *arena, const char **captures,
		struct error *err);

#endif
