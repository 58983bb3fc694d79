/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target: where differences in access go; one driver per folder below src/target/.
 *
 * A target receives batches, each the text of one message (roster/message.h makes it), and confirms them or not. It knows
 * neither the database nor what came before: order, retries and what is still owed are the job's (job/deliver.c), which
 * asks a driver to send one batch to one target at a time and gets its verdict back. A driver keeps many sends under way
 * at once, so that hundreds of targets, some of them dead, do not wait for each other.
 */
#ifndef ROSTER_TARGET_H
#define ROSTER_TARGET_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/str.h"

#include <stdint.h>

/* One message. The id is the same on each attempt; so are the bytes. */
struct delivery {
	const struct target_config *target;
	const char *id;
	const char *body;
	size_t size;
	void *context; /* comes back with the verdict */
};

enum verdict_kind {
	VERDICT_CONFIRMED,
	VERDICT_LATER,    /* not now: unreachable, overloaded, a fault of its own */
	VERDICT_REFUSED,  /* this message is not acceptable to it, and would not be the next time */
	VERDICT_DISABLED, /* it wants nothing any more */
};

struct verdict {
	void *context;
	enum verdict_kind kind;
	int64_t wait_ms; /* VERDICT_LATER: what the target asked for, -1 when it asked for nothing */
	double seconds;
	char reason[512]; /* for people; "" when confirmed */
};

struct target; /* a driver at work: serves all targets of its type */

struct target_ops {
	const char *name; /* the value of `type` in the configuration */
	int (*open)(const struct config *config, struct target **ret, struct error *err);
	/* Can messages be signed with what this secret holds? NULL where they are not signed. */
	int (*check_key)(const struct secret_reference *key, struct error *err);
	/* Start to send. delivery and its bytes must stay until the verdict. -1 when it cannot even be tried: what is wrong
	 * then is on our side (a key that cannot be read). */
	int (*send)(struct target *target, const struct delivery *delivery, struct error *err);
	/* The next verdict: 1; or 0 when wait_ms has passed or fd (-1 for none) has become readable. */
	int (*wait)(struct target *target, int fd, int64_t wait_ms, struct verdict *ret, struct error *err);
	void (*close)(struct target **target); /* accepts NULL, sets NULL */
};

/* The driver for `type`, or NULL; all of them by number, NULL behind the last. From one table, src/target/registry.c. */
const struct target_ops *target_driver(const char *type);
const struct target_ops *target_driver_at(size_t index);

#endif
