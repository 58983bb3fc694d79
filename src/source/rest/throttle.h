/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle: what an answer that is none says of when to come back, and whether that may help.
 */
#ifndef ROSTER_SOURCE_REST_THROTTLE_H
#define ROSTER_SOURCE_REST_THROTTLE_H

#include "roster/http.h"
#include "source/rest/shape.h"

/* Milliseconds to wait before the same is asked again, as the API says; -1 when it does not say that it was asked too often. */
int64_t throttle_wait(enum throttle throttle, const struct http_reply *reply);
/* What a status means for a read. */
enum error_class throttle_class(int status);
/* Add what the body says of the reason, in the forms that are usual, as far as it can be shown; and a hint. */
void throttle_explain(const struct http_reply *reply, struct error *err);

#endif
