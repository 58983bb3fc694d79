/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict: what an answer, or that there was none, means for the message.
 *
 * Pure: no I/O, no clock. The reason is valid text on one line, whatever the answer held.
 */
#ifndef TARGET_WEBHOOK_VERDICT_H
#define TARGET_WEBHOOK_VERDICT_H

#include "roster/http.h"
#include "roster/target.h"

void verdict_of(const struct http_reply *reply, struct verdict *ret);

#endif
