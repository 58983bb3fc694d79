/* SPDX-License-Identifier: Apache-2.0 */
/* numbers: the number of the last message of each subject, as far as it is known. */
#ifndef ROSTER_TARGET_NATS_NUMBERS_H
#define ROSTER_TARGET_NATS_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct numbers {
	void *tree; /* starts as NULL */
};

/* False when nothing is known of it. */
bool numbers_find(const struct numbers *numbers, const char *subject, uint64_t *ret);
void numbers_put(struct numbers *numbers, const char *subject, uint64_t number);
void numbers_forget(struct numbers *numbers, const char *subject);
void numbers_free(struct numbers *numbers);

#endif
