/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker: targets whose driver is ordinary blocking code, which reads from top to bottom: a thread for each of them, so that
 * one that hangs delays none. A driver on top of it says only what is done with one delivery.
 *
 * A thread is started with the first delivery for its target and ends with the workers. Everything a driver keeps for a target
 * belongs to that thread.
 */
#ifndef ROSTER_TARGET_WORKER_H
#define ROSTER_TARGET_WORKER_H

#include "roster/target.h"

/* One target, as its thread sees it. */
struct work {
	const struct target_config *target;
	int stop;    /* becomes readable when whatever takes time has to be given up */
	void *state; /* what the driver keeps from delivery to delivery; NULL at first */
};

struct worker_ops {
	/* Do what the delivery says, and say what became of it; context and seconds are filled in for it. */
	void (*apply)(struct work *work, const struct delivery *delivery, struct verdict *ret);
	/* Free the state. */
	void (*forget)(struct work *work);
};

/* As in target_ops, for all targets of that driver. What was under way when they are closed and was not confirmed is delivered again
 * by whoever comes next. */
int workers_open(const struct worker_ops *ops, struct target **ret, struct error *err);
int workers_send(struct target *workers, const struct delivery *delivery, struct error *err);
int workers_wait(struct target *workers, int fd, int64_t wait_ms, struct verdict *ret, struct error *err);
void workers_close(struct target **workers);

/* For apply: what kept it from being done, as a verdict. wait_ms: -1 for the usual pauses. */
void verdict_set(struct verdict *ret, enum verdict_kind kind, int64_t wait_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
