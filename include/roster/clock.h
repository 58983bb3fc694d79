/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: the store's half of what becomes due by time alone (schema/0026_clock.sql).
 *
 * In order: lead, then again and again ask when the next thing is due, wait until then, tick. A tick is one transaction;
 * one that is not made is made up for by the next. Times are the database's own.
 */
#ifndef ROSTER_CLOCK_H
#define ROSTER_CLOCK_H

#include "roster/store.h"

/* Lead the clock: 1, or 0 when another process does. */
int store_clock_lead(struct store *store, struct error *err);
/* Milliseconds until the next thing is due, 0 when it is already; -1 when nothing is going to be. */
int store_clock_due(struct store *store, int64_t grace_ms, int64_t *ret, struct error *err);
/* Do what is due by now, as one revision; *done is 0 when there was nothing. */
int store_clock_tick(struct store *store, int64_t grace_ms, int64_t *done, struct error *err);
/* Forget some of the facts that ended before that, as far as nothing needs them; *forgotten is how many, 0 when that was all. */
int store_clock_forget(struct store *store, int64_t keep_ms, int64_t *forgotten, struct error *err);
/* The same for runs that did nothing a month ago. */
int store_clock_forget_runs(struct store *store, int64_t *forgotten, struct error *err);

#endif
