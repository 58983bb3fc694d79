/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patience: how long a source that failed is left alone.
 */
#ifndef JOB_PATIENCE_H
#define JOB_PATIENCE_H

#include "roster/error.h"

#include <stdint.h>

/* The pause, or as much of it as this failure allows: never longer than the source is polled anyway, and a server that is
 * not there or answers nonsense is asked again within a minute, however rarely it is polled. One that refuses is not:
 * tries may lock the account. Milliseconds. */
int64_t patience_limit(int64_t pause, enum error_class class, int64_t poll);

#endif
