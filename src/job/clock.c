/* SPDX-License-Identifier: Apache-2.0 */
/* From an instant to a revision. */
#include "roster/clock.h"
#include "roster/delivery.h"
#include "roster/elapsed.h"
#include "roster/job.h"
#include "roster/log.h"

#include <inttypes.h>

enum {
	LEAD_WAIT_MS = 500,   /* between two attempts to become the leader */
	IDLE_WAIT_MS = 60000, /* a wake-up may get lost, and what a run leaves in the mirror alone wakes nobody */
	BUSY_WAIT_MS = 1000,  /* what is due but in the hands of a run is tried again */
	GATHER_MS = 50,       /* who waits for a revision comes first, and several are looked at together */
	FORGET_MS = 30000,    /* between two looks at what is older than history is kept */
	RUNS_MS = 3600000,    /* between two looks at runs that did nothing */
	SCHEMA_MS = 10000,    /* between two looks at its version by one that does not lead */
};

struct clock {
	const struct serve_hooks *hooks;
	struct store *store;
	int64_t grace_ms;
	int64_t keep_ms;   /* of history; 0: for ever */
	int64_t forget_at; /* when to look next for what is older, by clock_ms() */
	int64_t runs_at;   /* the same for runs that did nothing */
	int64_t schema_at; /* when its version was last looked at, by clock_ms() */
};

/* Somebody may bring up the schema while older programs work with it: the clock looks for all children of its rosterd. */
static int look_at_schema(struct clock *clock, struct error *err)
{
	int64_t now = clock_ms();

	if (now - clock->schema_at < SCHEMA_MS)
		return 0;
	clock->schema_at = now;
	return store_schema_check(clock->store, err);
}

static int lead(struct clock *clock, struct error *err)
{
	int rc = 0;

	while (!clock->hooks->must_stop() && (rc = store_clock_lead(clock->store, err)) == 0) {
		clock->hooks->alive();
		if (look_at_schema(clock, err) != 0)
			return -1;
		if (store_notified_within(clock->store, LEAD_WAIT_MS, err) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

/* Sleep until the time is over or something has changed; how many revisions there were meanwhile does not matter. */
static int pause_until(struct clock *clock, int64_t wait_ms, struct error *err)
{
	int64_t until, left;
	int rc;

	if (wait_ms < 0 || wait_ms > IDLE_WAIT_MS)
		wait_ms = IDLE_WAIT_MS;
	rc = store_notified_within(clock->store, wait_ms, err);
	until = clock_ms() + GATHER_MS;
	while (rc == 1 && !clock->hooks->must_stop()) {
		left = until - clock_ms();
		rc = store_notified_within(clock->store, left > 0 ? left : 0, err);
	}
	return rc;
}

static int tick(struct clock *clock, int64_t *wait_ms, struct error *err)
{
	int64_t done;

	if (store_clock_tick(clock->store, clock->grace_ms, &done, err) != 0)
		return -1;
	if (done > 0)
		log_info("%" PRId64 " thing%s that had become due %s done", done, done == 1 ? "" : "s",
			 done == 1 ? "is" : "are");
	*wait_ms = done > 0 ? 0 : BUSY_WAIT_MS;
	return 0;
}

/* A part of what is too old; the rest at once, between what else is due. */
static int forget(struct clock *clock, int64_t *wait_ms, struct error *err)
{
	int64_t now = clock_ms(), forgotten;

	if (clock->keep_ms == 0 || now < clock->forget_at)
		return 0;
	if (store_clock_forget(clock->store, clock->keep_ms, &forgotten, err) != 0)
		return -1;
	clock->forget_at = now + FORGET_MS;
	if (forgotten == 0)
		return 0;
	log_info("%" PRId64 " row%s of history older than is kept %s gone", forgotten, forgotten == 1 ? "" : "s",
		 forgotten == 1 ? "is" : "are");
	clock->forget_at = now;
	*wait_ms = 0;
	return 0;
}

/* The same for runs that did nothing, which nobody misses: nothing is said of it. */
static int forget_runs(struct clock *clock, int64_t *wait_ms, struct error *err)
{
	int64_t now = clock_ms(), forgotten;

	if (now < clock->runs_at)
		return 0;
	if (store_clock_forget_runs(clock->store, &forgotten, err) != 0)
		return -1;
	clock->runs_at = forgotten == 0 ? now + RUNS_MS : now;
	if (forgotten > 0)
		*wait_ms = 0;
	return 0;
}

static int round_trip(struct clock *clock, struct error *err)
{
	int64_t wait_ms;

	clock->hooks->alive();
	if (store_schema_check(clock->store, err) != 0 ||
	    store_clock_due(clock->store, clock->grace_ms, &wait_ms, err) != 0 ||
	    (wait_ms == 0 && tick(clock, &wait_ms, err) != 0) || forget(clock, &wait_ms, err) != 0 ||
	    forget_runs(clock, &wait_ms, err) != 0)
		return -1;
	return pause_until(clock, wait_ms, err);
}

static int run(struct clock *clock, struct error *err)
{
	if (store_schema_check(clock->store, err) != 0 || lead(clock, err) != 0)
		return -1;
	if (clock->hooks->must_stop())
		return 0;
	if (store_listen(clock->store, "roster_revision", err) != 0)
		return -1;
	clock->hooks->ready();
	while (!clock->hooks->must_stop())
		if (round_trip(clock, err) != 0)
			return -1;
	return 0;
}

/* Where another process is the clock it does what is due. */
static int tick_all(struct clock *clock, struct error *err)
{
	int64_t wait_ms = 0;
	int rc = store_schema_check(clock->store, err);

	if (rc == 0)
		rc = store_clock_lead(clock->store, err);
	while (rc == 1 && wait_ms == 0)
		if (tick(clock, &wait_ms, err) != 0 || forget(clock, &wait_ms, err) != 0 ||
		    forget_runs(clock, &wait_ms, err) != 0)
			rc = -1;
	return rc < 0 ? -1 : 0;
}

int clock_once(const struct config *config, struct error *err)
{
	struct clock clock = {.grace_ms = config->safety.grace_ms, .keep_ms = config->history_keep_ms};
	int rc = store_open(&config->database, STORE_DAEMON, &clock.store, err);

	if (rc == 0)
		rc = tick_all(&clock, err);
	store_close(&clock.store);
	return rc == 0 ? 0 : error_prefix(err, "clock");
}

int clock_serve(const struct config *config, const struct serve_hooks *hooks, struct error *err)
{
	struct clock clock = {.hooks = hooks, .grace_ms = config->safety.grace_ms, .keep_ms = config->history_keep_ms};
	int rc = store_open(&config->database, STORE_DAEMON, &clock.store, err);

	if (rc == 0)
		rc = run(&clock, err);
	store_close(&clock.store);
	return rc == 0 ? 0 : error_prefix(err, "clock");
}
