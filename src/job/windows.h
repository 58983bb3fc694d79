/* SPDX-License-Identifier: Apache-2.0 */
/* windows: what is owed to targets, written down as the bytes of messages before the first of them is sent. */
#ifndef JOB_WINDOWS_H
#define JOB_WINDOWS_H

#include "roster/config.h"
#include "roster/store.h"

/* Open the windows of all targets of that type and write their parts; of a large snapshot as many as one page of resources
 * gives. Each window that is written apart is a transaction of its own, and after half a second what is written goes out
 * first: then *more is set, and this is to be called again soon. */
int windows_open(struct store *store, const struct config *config, const char *type, bool *more, struct error *err);

#endif
