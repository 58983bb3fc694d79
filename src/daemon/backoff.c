/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/backoff.h"

int64_t backoff_next(struct backoff *backoff, int64_t healthy_ms, uint32_t random)
{
	if (healthy_ms >= BACKOFF_FORGOTTEN_MS || backoff->pause_ms == 0)
		backoff->pause_ms = BACKOFF_FIRST_MS;
	else if (backoff->pause_ms < BACKOFF_MOST_MS / 2)
		backoff->pause_ms *= 2;
	else
		backoff->pause_ms = BACKOFF_MOST_MS;
	return backoff->pause_ms - (int64_t)random % (backoff->pause_ms / 4 + 1);
}
