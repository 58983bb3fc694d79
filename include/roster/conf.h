/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: the facade over libconfig, which turns the text of a configuration file into a tree of plain nodes.
 *
 * It knows the grammar and nothing of what the names mean. The text must have passed the checks in src/config, because
 * libconfig stops at the first mistake, wraps integers above INT_MAX and joins strings that stand side by side.
 * Every node and every string is from the arena.
 */
#ifndef ROSTER_CONF_H
#define ROSTER_CONF_H

#include "roster/arena.h"
#include "roster/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type { CONF_GROUP, CONF_LIST, CONF_STRING, CONF_INTEGER, CONF_REAL, CONF_TRUTH };
const char *conf_type_name(enum conf_type type); /* "a group", "a list", "a string", "a number", ... for messages */

struct conf_node {
	enum conf_type type;
	const char *name; /* NULL in a list and for the root */
	const char *file; /* the pointer given to conf_parse() */
	int line;         /* of the name; 0 for the root */
	const char *text; /* CONF_STRING */
	int64_t integer;  /* CONF_INTEGER */
	bool truth;       /* CONF_TRUTH */
	struct conf_node **children;
	size_t count;
};

/* 0, or -1 with ERR_CONFIG and *line. Nesting deeper than 32 is refused. */
int conf_parse(const char *text, const char *file, struct arena *arena, struct conf_node **ret, int *line,
	       struct error *err);

/* The child of a group by name, or NULL; node may be NULL. */
const struct conf_node *conf_child(const struct conf_node *node, const char *name);

#endif
