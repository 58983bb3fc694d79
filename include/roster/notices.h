/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notices: the store's half of what administrators are told about (schema/0028_notices.sql).
 *
 * In order: lead, then again and again look, tell what is due, and write down what became of that. A look compares what is
 * so with what was told; only kinds the configuration names are looked at. A notice that was told is never given out again;
 * one whose telling was not written down is. Times are the database's own.
 */
#ifndef ROSTER_NOTICES_H
#define ROSTER_NOTICES_H

#include "roster/arena.h"
#include "roster/store.h"

/* Texts are from an arena, valid UTF-8 without control characters. */
struct due_notice {
	enum notice kind;
	const char *state;    /* "begins", "ends" */
	const char *subject;  /* "corp/12" */
	const char *text;     /* one sentence for people */
	const char *since;    /* when the state began, "2026-11-21T16:00:00Z" */
	const char *subjects; /* the rows it stands for, as the database writes an array */
};

/* "run_held" and the like: as in the configuration. */
const char *notice_name(enum notice kind);

/* Lead: 1, or 0 when another process does. */
int store_notices_lead(struct store *store, struct error *err);
int store_notices_look(struct store *store, const struct config *config, struct error *err);
/* The next to be told: 1, 0 or -1. */
int store_notice_due(struct store *store, const struct config *config, struct arena *arena, struct due_notice *ret,
		     struct error *err);
/* Milliseconds until one is due; -1 when none is waiting. */
int store_notices_wait(struct store *store, const struct config *config, int64_t *ret, struct error *err);
int store_notice_told(struct store *store, const struct due_notice *notice, struct error *err);
/* It could not be told, for that reason: it is due again in *wait_ms. */
int store_notice_later(struct store *store, const struct due_notice *notice, const char *reason, int64_t *wait_ms,
		       struct error *err);

#endif
