/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include <string.h>

/* Longer words are no slips of the pen: they get no suggestion. */
enum { WORD_MOST = 64 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (insert, drop, replace, swap two neighbours; case is no difference) from a to b; both at most WORD_MOST long. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][WORD_MOST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_size; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			char x = ascii_lower(a[i - 1]), y = ascii_lower(b[j - 1]);
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
			bool swapped = i > 1 && j > 1 && x == ascii_lower(b[j - 2]) && y == ascii_lower(a[i - 2]);
			if (swapped)
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[b_size];
}

const char *text_nearest(const char *word, const char *const candidates[], size_t count)
{
	const char *nearest = NULL;
	size_t size = strlen(word);
	size_t beat = 1 + size / 4 + 1;

	if (size > WORD_MOST)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t candidate_size = strlen(candidates[i]);
		if (candidate_size > WORD_MOST)
			continue;
		size_t edits = distance(word, size, candidates[i], candidate_size);
		if (edits < beat) {
			beat = edits;
			nearest = candidates[i];
		}
	}
	return nearest;
}
