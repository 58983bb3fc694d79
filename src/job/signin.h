/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signin: what an ID token says of a second factor.
 */
#ifndef ROSTER_JOB_SIGNIN_H
#define ROSTER_JOB_SIGNIN_H

#include "roster/arena.h"
#include "roster/config.h"
#include "roster/json.h"

/* How long ago, in seconds, a second factor was shown: *age, and ""; or -1 and why there is none, for people. now is the
 * provider's. */
const char *signin_factor(const struct signin_config *config, const struct json *claims, int64_t now,
			  struct arena *arena, int64_t *age);

#endif
