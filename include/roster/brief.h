/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brief: the text of a message, written down in less room.
 *
 * A snapshot says the same about a person on each resource. A brief has that text not at all, but the person's number
 * among texts that are kept once for many messages; together they give the message's bytes again, the very same. A message
 * that stands as it is, is a brief too: it begins with '{', as no other does. Pure.
 *
 * The others are a sequence of
 *
 *     t SIZE:TEXT  text of the message, as it is
 *     b SIZE:TEXT  what stands before each person from here on
 *     a SIZE:TEXT  what stands behind
 *     r NUMBER,    what stands behind is what an a of this brief said, counted from 0; of more than 64 the first 63 and
 *                  the last are remembered
 *     NUMBER,      a person, with both; a comma before all but the first
 *
 * SIZE in bytes, written without the space. Texts of people are a sequence of SIZE:TEXT.
 */
#ifndef ROSTER_BRIEF_H
#define ROSTER_BRIEF_H

#include "roster/error.h"
#include "roster/message.h"

enum { BRIEF_BEHINDS = 64 };

/* What is being written. Starts as {0}; str_free(&text) at the end. */
struct brief {
	struct str text;
	struct brief_place {
		size_t at, size;
	} before, behinds[BRIEF_BEHINDS]; /* where in text they stand */
	size_t count, behind;             /* of behinds; the one that goes for the next person */
};
void brief_add_text(struct brief *brief, const char *text, size_t size);
void brief_add_change(struct brief *brief, const struct told_change *change);
void brief_clear(struct brief *brief);
/* One more text of a sequence. */
void brief_add_person(struct str *texts, const struct piece *person);

struct brief_people;
struct brief_people *brief_people_new(void);
void brief_people_free(struct brief_people **people); /* accepts NULL, sets NULL */
/* The next of their texts; ERR_INTERNAL when it is no such sequence. */
int brief_people_add(struct brief_people *people, const char *texts, size_t size, struct error *err);

/* Does it need texts of people? */
bool brief_refers(const struct str *brief);
/* Append the message to out. ERR_INTERNAL when it is no brief, or one with other people. */
int brief_expand(const struct str *brief, const struct brief_people *people, struct str *out, struct error *err);

#endif
