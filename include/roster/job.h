/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job: the pipelines that join sources, rules, guard and store.
 *
 * sync_source() is the road from a directory to a revision, on one screen. rosterctl may take it in its own process; the
 * daemon does in a child, serve_source(), which reads at each poll, applies what the source says of itself in between, and
 * does what rosterctl asks for through the database.
 * A plan, a sync and an approval are the same call with other options, so what `plan` prints is what `sync` does.
 */
#ifndef ROSTER_JOB_H
#define ROSTER_JOB_H

#include "roster/arena.h"
#include "roster/config.h"
#include "roster/cookies.h"
#include "roster/error.h"
#include "roster/pg.h"
#include "roster/store.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stdint.h>

/* config_load(), and what needs the rules as well: every rule is checked, and each source learns which attributes to
 * keep. Everything wrong is in findings, whatever module found it. */
int setup_load(const char *file, struct arena *arena, struct config **ret, struct findings *findings,
	       struct error *err);

/* The same of texts that were accepted before; see config_load_texts(). */
int setup_load_texts(const struct config_text *texts, size_t count, struct arena *arena, struct config **ret,
		     struct error *err);

/* Look at the secrets, files and programs the configuration names before they are needed, and add a finding for each that
 * cannot be used.
 * SECRETS_READABLE says nothing of credentials that are not there and of files this user may not read. */
enum secrets_looked_at { SECRETS_ALL, SECRETS_READABLE };
void secrets_check(const struct config *config, enum secrets_looked_at which, struct arena *arena,
		   struct findings *findings);

/* Hears how far a run is: about once a second while it reads, and at each step after that. */
struct sync_watch {
	/* what: "reading, 1200 entries so far". Until everything is read, false ends the run as failed. */
	bool (*step)(struct sync_watch *watch, const char *what);
};

struct session; /* a source that stays open, see job/session.h */

struct sync_options {
	bool dry_run;       /* take the same road, then undo it */
	bool full;          /* read everything and compare everybody, whether anything of them changed or not */
	bool spare;         /* do not read everything only to see whether those who are missed are there again */
	bool from_mirror;   /* do not ask the source: its last word is in the mirror */
	const char *expect; /* digest of a plan somebody agreed to: apply that plan or nothing; NULL to judge anew */
	struct change_sink *sink; /* sees every planned change in order, after the guard; NULL for none */
	struct sync_watch *watch; /* NULL for none */
	struct session *session;  /* NULL: one of its own */
	bool follow;              /* leave the session open for news, where the source has such */
	bool pushed;              /* do not ask the source: its news are in the session */
};

struct sync_report {
	int64_t run;
	const char *state;        /* "nothing", "applied", "held", "rejected" */
	const char *completeness; /* "failed", "incomplete", "complete", "changes", "mirror" */
	char reason[1024];        /* why the read is not complete; of "mirror", why the source was not asked */
	enum error_class unasked; /* of that */
	char held_reason[1024];   /* why something is held that was not held before */
	int64_t newly_held;       /* rows; the whole run when state is "held" */
	int64_t postponed;        /* removals that wait for a read that is complete */
	char digest[FINGERPRINT_TEXT];
	struct plan_totals totals;
	unsigned long entries[ENTRY_KINDS], unreadable;
	int64_t first_revision, last_revision; /* 0 when none was written */
	double seconds;                        /* the reading */
	enum news_doubt doubt;  /* something may have happened that was not said: read everything, soon or at once */
	bool ask_again;         /* what was pushed does not fit together yet, and was not taken */
	bool observed;          /* safety.mode is "observe": nothing was written, though it was no plan */
	int64_t waiting;        /* changes that still wait for a decision, of this run and of earlier ones */
	char waiting_runs[256]; /* which found them: "corp/2, corp/5" */
	int64_t drift;          /* entries that had changed without a word of a source that is followed */
	char drifted[1024];     /* some of them: "uid=a,dc=example is gone; ..." */
	char would_notify[NOTIFY_TEXT]; /* of a plan: see store_plan_notifies() */
};

/* One run of one source. -1 when it failed: then nothing of it happened, but for the row of the failed run. */
int sync_source(const struct config *config, const struct source_config *source, const struct sync_options *options,
		struct sync_report *report, struct error *err);
/* The same on a store of the daemon's right whose schema was checked; where its session leads the source, it still does
 * afterwards. */
int sync_source_on(struct store *store, const struct config *config, const struct source_config *source,
		   const struct sync_options *options, struct sync_report *report, struct error *err);

/* The session of a run that is made in a moment, connecting meanwhile; for sync_options. NULL when there is nothing to do
 * ahead, or it went wrong: then the run does it itself, and says what. sync_prepared() ends it; accepts NULL, sets NULL. */
struct session *sync_prepare(const struct config *config, const struct source_config *source);
void sync_prepared(struct session **session);

/* A report as JSON text, and back; texts are copied into arena. */
void report_write(const struct sync_report *report, struct str *out);
int report_read(const char *text, struct arena *arena, struct sync_report *ret, struct error *err);
/* Append what a run did, in one sentence: "run corp/12 applied 3 changes (revision 7)". */
void report_tell(const struct sync_report *report, const char *source, struct str *out);

/* --- import ----------------------------------------------------------------------------------------------------------- */

struct import_options {
	const struct safety_config *safety;
	const char *name; /* whose it is: what it gives carries this name as its source */
	bool complete;    /* take away what it made before and does not name any more */
	bool dry_run;
	bool agreed; /* somebody has seen that it is above the limits */
};

struct import_problem {
	int line;
	const char *why;
};

struct import_report {
	size_t statements;
	struct import_problem *problems; /* when there is one, nothing was written */
	size_t problem_count;
	struct pg_rows *changes; /* of store_import_changes(); NULL when there are problems; the caller frees them */
	const char *limits;      /* which limits it is above; "" for none */
	bool held;               /* so nothing was written */
	int64_t revision;        /* 0 when none was written */
	int64_t again;           /* of a revert: how many of these changes the source would do again, */
	const char *held_by;     /* and the run that holds them */
};

/* Bring the model to what the text says, JSON lines or CSV, as one revision; texts are from arena. The store is an operator's. -1
 * when it could not be tried. */
int import_text(struct store *store, const struct import_options *options, const struct str *text, struct arena *arena,
		struct import_report *report, struct error *err);

/* Take away what a source gave, as one revision; not without agreed. The limits are told, not kept. */
int import_retire(struct store *store, const struct import_options *options, struct arena *arena,
		  struct import_report *report, struct error *err);

/* Take back what the revision or run named in options did, as one revision, as far as it still is as that left it. */
int import_revert(struct store *store, const struct import_options *options, struct arena *arena,
		  struct import_report *report, struct error *err);

/* What a child is to its supervisor: see child_must_stop() and the like. */
struct serve_hooks {
	bool (*must_stop)(void);
	void (*ready)(void);
	void (*alive)(void);
};
/* The life of the process that leads a source: wait until nobody else does, then read at every poll and carry out what is
 * asked for. A run that fails is logged and tried again later. 0 when told to stop, -1 when it cannot go on: the database
 * is lost, or it is not the one this program knows. */
int serve_source(const struct config *config, const struct source_config *source, const struct serve_hooks *hooks,
		 struct error *err);

/* --- delivery --------------------------------------------------------------------------------------------------------- */

/* Tell all targets of a driver what has changed, whenever something has, until told to stop. Waits while another process
 * leads them. -1 when it cannot go on: the database is gone. */
int deliver_serve(const struct config *config, const char *type, const struct serve_hooks *hooks, struct error *err);
/* Tell them what is owed now and return when nothing can be done at once any more; only: that one does not wait for its
 * next attempt, NULL: none does. 1 when something is still owed to one of them: it stays owed, and `rosterctl status`
 * shows it. */
int deliver_once(const struct config *config, const char *type, const char *only, struct error *err);

/* --- the clock -------------------------------------------------------------------------------------------------------- */

/* Turn what becomes due (the end of a grant, the end of a person's time of grace, an admin who was awaited) into revisions,
 * until told to stop. Waits while another process does. -1 when it cannot go on: the database is gone. */
int clock_serve(const struct config *config, const struct serve_hooks *hooks, struct error *err);
/* Do what is due by now, unless another process is the clock. */
int clock_once(const struct config *config, struct error *err);

/* --- notices ---------------------------------------------------------------------------------------------------------- */

/* Runs a program to its end, argv[0] by its path, with input to read. 0 when it ended with success. */
typedef int notice_runner(const char *const argv[], const struct str *input, struct error *err);
/* Tell whom the configuration names, once each, when a state begins that needs a person and when it is over, until told to
 * stop. Waits while another process does. -1 when it cannot go on: the database is gone. */
int notices_serve(const struct config *config, notice_runner *run, const struct serve_hooks *hooks, struct error *err);
/* Tell what is due now, unless another process tells. What could not be told is logged, and stays due. */
int notices_once(const struct config *config, notice_runner *run, struct error *err);

#endif
