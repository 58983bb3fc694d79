/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter: the parsed form of a search filter, shared by the parser, the evaluation and the explanation.
 */
#ifndef ROSTER_DIRECTORY_FILTER_H
#define ROSTER_DIRECTORY_FILTER_H

#include "directory/syntax.h"

#include "roster/directory.h"

enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_PRESENT,
	FILTER_EQUAL,
	FILTER_SUBSTRINGS,
	FILTER_AT_LEAST,
	FILTER_AT_MOST,
	FILTER_FOREIGN /* only a server knows */
};

/* One stretch of literal text of a substring filter, prepared. */
struct piece {
	struct value text;
	bool first, last; /* stands at the start, at the end of the value */
	struct piece *next;
};

struct filter {
	enum filter_kind kind;
	struct filter *children, *next; /* AND, OR, NOT; the next sibling */
	const char *attribute;          /* leaves from here on */
	enum syntax syntax;
	const char *written;   /* the assertion as it stands in the filter */
	struct value prepared; /* comparisons */
	struct piece *pieces;  /* substrings */
};

/* RFC 4511 section 4.5.1.7; ordered, so that AND is the least and OR the greatest of its children. */
enum truth { TRUTH_FALSE, TRUTH_UNDEFINED, TRUTH_TRUE };

/* scratch is working memory of the caller, who frees it. */
enum truth filter_evaluate(const struct filter *filter, const struct entry *entry, struct str *scratch);

#endif
