/* SPDX-License-Identifier: Apache-2.0 */
#include "target/nats/numbers.h"

#include "roster/arena.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct subject_number {
	char *subject;
	uint64_t number;
};

static int compare(const void *a, const void *b)
{
	const struct subject_number *one = a, *other = b;

	return strcmp(one->subject, other->subject);
}

static void free_entry(void *entry)
{
	free(((struct subject_number *)entry)->subject);
	free(entry);
}

bool numbers_find(const struct numbers *numbers, const char *subject, uint64_t *ret)
{
	const struct subject_number wanted = {.subject = (char *)(uintptr_t)subject};
	struct subject_number **found = tfind(&wanted, &numbers->tree, compare);

	if (found)
		*ret = (*found)->number;
	return found != NULL;
}

void numbers_put(struct numbers *numbers, const char *subject, uint64_t number)
{
	const struct subject_number wanted = {.subject = (char *)(uintptr_t)subject};
	struct subject_number **found = tfind(&wanted, &numbers->tree, compare);

	if (found) {
		(*found)->number = number;
		return;
	}
	struct subject_number *entry = xcalloc(1, sizeof(*entry));
	*entry = (struct subject_number){xstrdup(subject), number};
	tsearch(entry, &numbers->tree, compare);
}

void numbers_forget(struct numbers *numbers, const char *subject)
{
	const struct subject_number wanted = {.subject = (char *)(uintptr_t)subject};
	struct subject_number **found = tfind(&wanted, &numbers->tree, compare);

	if (!found)
		return;
	struct subject_number *entry = *found;
	tdelete(&wanted, &numbers->tree, compare);
	free_entry(entry);
}

void numbers_free(struct numbers *numbers)
{
	tdestroy(numbers->tree, free_entry);
	numbers->tree = NULL;
}
