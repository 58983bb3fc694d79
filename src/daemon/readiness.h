/* SPDX-License-Identifier: Apache-2.0 */
/* readiness: is everything configured at work? */
#ifndef DAEMON_READINESS_H
#define DAEMON_READINESS_H

#include "roster/config.h"
#include "roster/metrics.h"
#include "roster/str.h"

#include <stdbool.h>

/* A source may miss two polls: one may coincide with a restart of its server, and a run takes its time. */
enum { READINESS_POLLS = 3 };

/* Append a line for each source that was never read completely, or not within READINESS_POLLS of its polls, by the clock of
 * the database; true when there is none. A source whose changes are held is read all the same, and is ready. */
bool readiness_judge(const struct config *config, const struct samples *samples, struct str *out);

#endif
