/* SPDX-License-Identifier: Apache-2.0 */
/* notice_post: one POST of JSON, and its answer waited for. */
#ifndef JOB_NOTICE_POST_H
#define JOB_NOTICE_POST_H

#include "roster/error.h"
#include "roster/str.h"

#include <stdbool.h>

/* 0 when the answer is 2xx. The wait ends early, as a failure, once must_stop() says so. */
int notice_post(const char *url, const struct str *json, bool (*must_stop)(void), struct error *err);

#endif
