/* SPDX-License-Identifier: Apache-2.0 */
/* backoff: how long to wait before something that ended is started again. */
#ifndef DAEMON_BACKOFF_H
#define DAEMON_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MOST_MS = 60000, BACKOFF_FORGOTTEN_MS = 60000 };

/* Starts as {0}. */
struct backoff {
	int64_t pause_ms; /* the last one, before jitter */
};

/* The next pause after something that worked for healthy_ms: twice the last one, the first one again after good health.
 * random takes up to a quarter off it. */
int64_t backoff_next(struct backoff *backoff, int64_t healthy_ms, uint32_t random);

#endif
