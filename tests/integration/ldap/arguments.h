/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of this folder have in common: settings as arguments KEY=VALUE, and results as lines of JSON.
 */
#ifndef TEST_ARGUMENTS_H
#define TEST_ARGUMENTS_H

#include "roster/json.h"

#include <stdbool.h>
#include <stdint.h>

enum { LIST_MAX = 16 };

/* One of text, flag, number and list says where the value goes. A list grows by each argument of its key. */
struct setting {
	const char *key;
	const char **text;
	bool *flag;
	int64_t *number;
	const char **list;
	size_t *list_count; /* at most LIST_MAX */
};

/* The arguments of main() into the settings, the last of which has no key. False, and said on stderr, for one that is
 * none. */
bool take_arguments(int argc, char **argv, const struct setting *settings);

/* On stdout, at once; line is freed. */
void print_line(struct json *line);

#endif
