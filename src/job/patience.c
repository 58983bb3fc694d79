/* SPDX-License-Identifier: Apache-2.0 */
#include "job/patience.h"

enum { ABSENT_MOST_MS = 60000 };

int64_t patience_limit(int64_t pause, enum error_class class, int64_t poll)
{
	if ((class == ERR_UNREACHABLE || class == ERR_PROTOCOL) && pause > ABSENT_MOST_MS)
		pause = ABSENT_MOST_MS;
	return pause < poll ? pause : poll;
}
