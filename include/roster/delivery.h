/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery: the store's half of telling targets: cursors, windows, lanes and parts (schema/0020_targets.sql, 0021_delivery.sql).
 *
 * In order: lead the driver, make its targets known, then again and again: in one transaction open windows and write their
 * parts; send the parts that are due; settle each by what became of it. Every settlement is a transaction of its own. A
 * process that dies loses nothing: what was written and not confirmed is sent again, the same bytes under the same id.
 */
#ifndef ROSTER_DELIVERY_H
#define ROSTER_DELIVERY_H

#include "roster/brief.h"
#include "roster/message.h"
#include "roster/snapshot.h"
#include "roster/store.h"

/* Lead all targets of that type: 1, or 0 when another process does. */
int store_driver_lead(struct store *store, const char *type, struct error *err);
int store_targets_register(struct store *store, const struct config *config, const char *type, struct error *err);

/* What messages say beside their rows; all from arena. */
struct delivery_facts {
	const char *history;
	struct message_names names;
};
int store_delivery_facts(struct store *store, struct arena *arena, struct delivery_facts *ret, struct error *err);
/* The latest revisions behind `after`, up to `revision`, newest first: at most ten. */
int store_causes(struct store *store, struct arena *arena, struct message_window *window, struct error *err);

/* Bring all targets of that type up to date with names, patterns and history. *ret are the cursors at which those stand
 * that are behind the head, from arena; head says nothing when there are none. expectant: sources are configured, and
 * nothing is told before the first of them was applied. */
struct cursors {
	int64_t head, *items;
	size_t count;
};
int store_targets_open(struct store *store, const char *type, bool expectant, struct arena *arena, struct cursors *ret,
		       struct error *err);

/* Rows to tell, one by one; a row is borrowed until the next. Other statements may be made meanwhile. */
struct told_sink {
	int (*row)(struct told_sink *sink, const struct told *row, struct error *err);
};
/* From that cursor to the head, for all targets that stand there: ordered by target, removals first. */
int store_told_main(struct store *store, const char *type, const struct cursors *cursors, size_t index,
		    struct told_sink *sink, struct error *err);

enum window_kind { WINDOW_DIFFERENCE, WINDOW_SNAPSHOT, WINDOW_WITHDRAWAL };

struct window {
	int target;
	const char *target_name;
	int64_t number, after, revision;
	enum window_kind kind;
	bool main;
	int parts;       /* written so far */
	int64_t reached; /* of a snapshot: the last resource that is in parts */
};
/* A difference that moves the cursor; number is filled in. */
int store_window_open(struct store *store, struct window *window, struct error *err);
struct windows {
	struct window *items;
	size_t count;
};
/* Targets at those cursors that have no window now had nothing to be told: they are at the head. Then open windows for the
 * lanes that are due. *ret are all that need (more) parts then, from arena. */
int store_lanes_open(struct store *store, const char *type, const struct cursors *told, struct arena *arena,
		     struct windows *ret, struct error *err);
/* Rows of a window of lanes that is no snapshot. */
int store_told_lanes(struct store *store, const struct window *window, struct told_sink *sink, struct error *err);

/* Its resources: id and name only. */
int store_lane_resources(struct store *store, const struct window *window, struct told_sink *sink, struct error *err);

/* The next resources of a snapshot, at most `most`, and all that decides about access to them, into a new one. */
int store_snapshot_read(struct store *store, const struct window *window, size_t most, struct snapshot *snapshot,
			struct error *err);
/* What the sets of roles permit that the last look at a resource has met (snapshot_sets). */
int store_snapshot_sets(struct store *store, const struct window *window, struct snapshot *snapshot, struct error *err);
/* Resources a complete snapshot does not tell and that are not gone for it: id and name only. */
int store_snapshot_spared(struct store *store, const struct window *window, struct told_sink *sink, struct error *err);
/* All up to that resource is in parts; 0: everything is. */
int store_snapshot_reached(struct store *store, const struct window *window, int64_t resource, struct error *err);

/* Texts of people for the parts of this window from now on, as a brief has them; first: the number of the first of them.
 * With 0 they take the place of those that were there. */
int store_people_keep(struct store *store, const struct window *window, size_t first, const struct str *texts,
		      struct error *err);
/* body: the message, or a brief of it with these people. */
int store_part_add(struct store *store, const struct window *window, const struct str *resources,
		   const struct str *body, struct error *err);
/* A window without parts is told. */
int store_window_close(struct store *store, const struct window *window, struct error *err);

/* One part to send; texts are from arena. */
struct part {
	int target;
	const char *target_name;
	int64_t window;
	int number;
	const char *id;
};
struct parts {
	struct part *items;
	size_t count;
};
/* The next parts of every target of that type that is due and not among the busy ones: together, of one window, in order. */
int store_parts_due(struct store *store, const char *type, const struct str *busy, struct arena *arena,
		    struct parts *ret, struct error *err);
/* Append what was added as its body. */
int store_part_body(struct store *store, const struct part *part, struct str *out, struct error *err);
/* Add all texts of people that belong to the parts of its window. */
int store_part_people(struct store *store, const struct part *part, struct brief_people *people, struct error *err);
/* Milliseconds until something is due that is not yet, but of the busy ones; -1 when nothing waits. */
int store_next_due(struct store *store, const char *type, const struct str *busy, int64_t *ret, struct error *err);

/* What became of a part. */
/* The first `count` of parts of one window; 0: nothing is done. */
int store_parts_confirmed(struct store *store, const struct parts *parts, size_t count, struct error *err);
int store_part_refused(struct store *store, const struct part *part, const char *reason, struct error *err);
/* The target is not to be had; *wait_ms is what it asked for (-1: nothing), and then how long it is left alone. */
int store_target_later(struct store *store, const struct part *part, const char *reason, int64_t *wait_ms,
		       struct error *err);
int store_target_disabled(struct store *store, const struct part *part, const char *reason, struct error *err);

/* How many targets of that type are not up to date. */
int store_targets_owing(struct store *store, const char *type, int64_t *ret, struct error *err);
/* Let everything that waits be due now; name NULL: of all targets of that type. */
int store_hurry(struct store *store, const char *type, const char *name, struct error *err);

/* Wake-ups. */
int store_listen(struct store *store, const char *channel, struct error *err);
/* Take a notification that has come; 1, 0 when there is none, -1 when the connection is lost. */
int store_notified(struct store *store, struct error *err);
/* The same, but wait for one so long; a signal ends the wait. */
int store_notified_within(struct store *store, int64_t wait_ms, struct error *err);

#endif
