/* SPDX-License-Identifier: Apache-2.0 */
/* names: texts numbered from 0 in the order in which they come, each once. Starts as {0}. */
#ifndef MESSAGE_NAMES_H
#define MESSAGE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names {
	struct arena *arena;
	const char **texts;
	size_t count, room;
	uint32_t *slots; /* a hash table of number + 1 */
	size_t slot_count;
};

uint32_t names_number(struct names *names, const char *text, size_t size);
void names_free(struct names *names);

#endif
