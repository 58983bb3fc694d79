/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics: figures about the database for monitoring, asked for without waiting (schema/0027_metrics.sql).
 *
 * One session of the daemon's role that cannot write, opened when it is first needed, kept, and opened anew when it is
 * lost. A question is begun and then stepped until it is answered or has failed; it never takes longer than
 * METRICS_ANSWER_MS. Texts are from the arena of the step that answers.
 */
#ifndef ROSTER_METRICS_H
#define ROSTER_METRICS_H

#include "roster/arena.h"
#include "roster/config.h"
#include "roster/error.h"

#include <stddef.h>
#include <stdint.h>

enum { METRICS_ANSWER_MS = 5000, SAMPLE_LABELS = 2 };

/* One number. Its labels are in the order in which the metric defines them; NULL where it has fewer. */
struct sample {
	const char *metric; /* "roster_runs_total" */
	const char *labels[SAMPLE_LABELS];
	const char *value; /* in decimal */
};

struct samples {
	struct sample *items;
	size_t count;
	double now; /* the database's clock, seconds since 1970 */
};

/* The sample of a metric with this first label; NULL when there is none. */
const struct sample *samples_find(const struct samples *samples, const char *metric, const char *label);

struct metrics;

/* config must live as long. */
struct metrics *metrics_new(const struct config *config);
void metrics_free(struct metrics **metrics);

/* Begin to ask; what was being asked is given up. */
void metrics_ask(struct metrics *metrics);
/* 1 and *ret: answered; 0: not yet, step again in a moment; -1 when the database does not answer, or not in time
 * (ERR_UNREACHABLE), or its schema is not the one this program knows (ERR_CONFIG). Before an answer and after a failure
 * there is nothing to step. */
int metrics_step(struct metrics *metrics, struct arena *arena, struct samples *ret, struct error *err);

#endif
