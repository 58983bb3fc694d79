/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: roster's own database, one function per intention; the only place with SQL.
 *
 * A store is one connection with one right: the daemon's (staging tables and the functions of the sync road), an
 * operator's (questions and acts, as the person the server knows him to be), the owner's (the schema), or that of who signs
 * people in (sessions.h), or takes down what providers say by themselves (signals.h). The sync road
 * in order: begin, register the source and lead it, open a run, load what the mirror knows, stage what differs, merge,
 * plan, walk the changes, apply, settle, end the run, commit. A dry run takes the same road and rolls back.
 *
 * What was written is whole or not there: nothing is visible before store_commit(), and a lost connection undoes it.
 */
#ifndef ROSTER_STORE_H
#define ROSTER_STORE_H

#include "roster/config.h"
#include "roster/directory.h"
#include "roster/error.h"
#include "roster/rules.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_right { STORE_DAEMON, STORE_OPERATOR, STORE_OWNER, STORE_SIGNIN, STORE_SIGNALS };

int store_open(const struct database_config *database, enum store_right right, struct store **ret, struct error *err);
void store_close(struct store **store);
int store_begin(struct store *store, struct error *err);
/* The same for a few entries, again and again. */
int store_begin_small(struct store *store, struct error *err);
int store_commit(struct store *store, struct error *err);
/* The same without waiting for the disk: what nobody would miss if the server's machine died just now. */
int store_commit_lightly(struct store *store, struct error *err);
void store_rollback(struct store *store);
/* For who waits for more than what the database says. */
int store_socket(const struct store *store);
/* A fault was that of the connection, which will not recover; open another store. */
bool store_is_lost(const struct store *store);

/* --- schema (the owner's) ------------------------------------------------------------------------------------------ */

/* Make the database "roster" in the private cluster if there is none, as owner_role. */
int store_database_make(const struct database_config *database, struct error *err);

struct schema_state {
	int version; /* 0: not there */
	int latest;  /* what this program brings */
};
int store_schema_state(struct store *store, struct schema_state *ret, struct error *err);
/* Bring the schema to the latest version in one transaction; *from tells where it was. init also makes the database
 * roles and the schema where they are missing, for which the session must be allowed. */
int store_schema_migrate(struct store *store, bool init, int *from, struct error *err);
/* A clear error (ERR_CONFIG, saying what to type) unless the schema is the one this program knows. */
int store_schema_check(struct store *store, struct error *err);

/* --- the sync road (the daemon's) ------------------------------------------------------------------------------------ */

enum { FINGERPRINT_TEXT = 33, SETTINGS_TEXT = 2 * FINGERPRINT_TEXT };

struct source_state {
	int id;
	bool settled;                        /* the model follows from the mirror */
	bool applied_before;                 /* a run of this source was applied */
	bool quarantined;                    /* something of it could not be used, or has become due */
	bool held_before;                    /* a run of this source is held whole, and nobody has answered */
	bool waits;                          /* rows that runs of this source held wait for a decision */
	char rules_digest[FINGERPRINT_TEXT]; /* of the rules last applied, "" for none */
	char settings[SETTINGS_TEXT];        /* what the source was last asked for: "configured:in full" */
	bool misses;                         /* something waits for a decision because entries were not seen any more */
	bool unsure;     /* the last read was not complete: what follows from the mirror takes nothing away */
	int64_t full_ms; /* since everything was last read; INT64_MAX: never */
	int64_t run;     /* the number of the run; 0: it has none yet */
};
/* Make the source known, and lead it: ERR_CONFLICT when another process does. What of earlier runs waits is not looked at. */
int store_source_lead(struct store *store, const struct source_config *source, struct source_state *ret,
		      struct error *err);
/* Fill in the number of the run and what of earlier ones waits, and keep the rules in order, so that a change can name its rule and line; ERR_CONFIG names
 * each role that does not exist. */
int store_source_look(struct store *store, const struct config *config, struct source_state *state, struct error *err);

/* Before anything is kept of the run; it gets a number when it has none. */
int store_run_begin(struct store *store, struct source_state *state, const char *kind, struct error *err);
/* Instead, a run by cookie that heard nothing new, whole: nothing of earlier ones is held, and the source was applied before. */
int store_run_idle(struct store *store, const struct source_state *state, const char *kind, const char *digest,
		   struct error *err);

struct run_report {
	const char *state; /* "nothing", "applied", "held", "rejected", "failed" */
	const char *completeness, *reason, *digest;
	int64_t entries, unreadable, held;
	bool idle; /* nothing was staged */
};
/* What the run staged and planned is thrown away. */
int store_run_end(struct store *store, int64_t run, const struct run_report *report, struct error *err);
/* The same for a run of pushed changes that has ended, in a transaction of its own: nobody waits for it. */
int store_run_sweep(struct store *store, int64_t run, struct error *err);

/* A run by its name, "corp/12" or "12"; texts are copied into arena. */
struct run_row {
	int64_t run;
	const char *source, *state, *digest;
};
int store_run_find(struct store *store, const char *name, struct arena *arena, struct run_row *ret, struct error *err);

/* What the mirror knows of a source: id -> digest of the content, kept small (32 bytes an entry), and which of them were
 * seen in this read. */
struct mirror;
int store_mirror_load(struct store *store, int source, struct mirror **ret, struct error *err);
void mirror_free(struct mirror **mirror);
size_t mirror_count(const struct mirror *mirror, enum entry_kind kind); /* entries of that kind that are not gone */
enum mirror_state { MIRROR_NEW, MIRROR_CHANGED, MIRROR_SAME, MIRROR_TWICE };
/* One that knows nothing yet. */
struct mirror *mirror_new(void);
/* Learn what the mirror knows of these entries, unless it does already. */
struct mirror_called {
	struct digest reference; /* of its name; all zero when it is not there */
	bool placed;             /* if its place had another name, that would be told */
};
struct mirror_look {
	const char *const *ids;
	size_t count;
	struct mirror_called *called; /* out: of each */
	bool closes;                  /* out: one of them is closed, or will be at a time */
};
int store_mirror_look(struct store *store, int source, struct mirror_look *look, struct mirror *mirror,
		      struct error *err);
/* The entry is there with this content: what it was known to have, whatever was seen since. */
bool mirror_holds(const struct mirror *mirror, const char *id, const struct digest *content);
/* The kind of an entry that is there, or was seen; -1 for none. */
int mirror_kind(const struct mirror *mirror, const char *id);
/* Note that the entry was seen, and compare; content NULL only notes (it could not be read and stays as it is). */
enum mirror_state mirror_see(struct mirror *mirror, enum entry_kind kind, const char *id, const struct digest *content);
bool mirror_seen(const struct mirror *mirror, const char *id);
/* Nothing was noted of it: what came of it is not the last word. */
void mirror_unsee(struct mirror *mirror, const char *id);
/* Note that something with this reference was there, though it could not say its id: it is not gone. false when there
 * are too many of those to keep. */
bool mirror_spare(struct mirror *mirror, const struct digest *reference);

/* One changed entry as the mirror keeps it. */
struct staged_entry {
	const struct entry *entry;
	struct digest reference, parent, content;
	const struct digest *alias; /* NULL when it has none */
	const char *login, *email, *name;
	const char *attributes;             /* JSON object text */
	const char *closed;                 /* why the account may not be used; NULL when it may */
	const char *ends;                   /* when it will be closed, as PostgreSQL reads it; NULL for never */
	const char *ends_by;                /* the attribute that says so; NULL for never */
	const struct digest *primary_group; /* alias of a group that counts it in; NULL for none */
	const char *link;             /* what an entry of the same person in another source says too; NULL for none */
	const struct digest *members; /* groups: each once, in order, and the texts they stand for: NULL where the */
	const char *const *member_texts; /* member is an entry that is staged in this run */
	size_t member_count;
	/* The mirror holds the list already but for these members, who came, and for those who left. */
	bool differs;
	const struct digest *left;
	size_t left_count;
};
/* Between start and end the store takes nothing else. */
int store_stage_start(struct store *store, struct error *err);
int store_stage_entry(struct store *store, int64_t run, const struct staged_entry *staged, struct error *err);
int store_stage_end(struct store *store, struct error *err);
void store_stage_abort(struct store *store, const char *why);
/* The attributes of accounts that somebody has in what is staged. all: that is everything. */
struct store_shown {
	const char *const *names;
	size_t count;
	bool all;
};
/* ret: another one had closed people, and may be hidden now: they stay closed. Of everything, it is among the problems. */
int store_stage_hidden(struct store *store, int64_t run, int source, const struct store_shown *shown, bool *ret,
		       struct error *err);

/* What rules said about entries, kept aside while entries are being staged. */
struct staged_mapping {
	const char *id;                       /* of the entry */
	size_t rule;                          /* 1-based place of the rule in the configuration */
	const char *anchor, *role, *captures; /* role NULL: group administrator */
};
struct staged_problem {
	const char *id; /* NULL when unknown */
	size_t rule;    /* 0: the entry itself could not be read */
	bool lasting; /* of an entry: true until its content changes; of a rule: what it gave the entry before stays */
	const char *what, *why;
};
struct matches {
	struct staged_mapping *mappings;
	size_t mapping_count;
	struct staged_problem *problems;
	size_t problem_count;
};
int store_stage_matches(struct store *store, int64_t run, const struct matches *matches, struct error *err);
/* Entries of the mirror that were not seen: for what was read completely only. Not when one without an id might be one of them. */
struct store_gone {
	const char *const *nameless; /* DNs of entries without an id */
	size_t nameless_count;
	/* Filled: how many were not seen, and, in the arena, a DN that nobody had before; NULL for none, and they are staged. */
	size_t count;
	const char *stranger;
};
int store_stage_gone(struct store *store, int64_t run, const struct mirror *mirror, struct arena *arena,
		     struct store_gone *ret, struct error *err);

/* Every live entry of the run's source that was not staged in this run, as the mirror has it, members left out. */
struct mirror_row {
	enum entry_kind kind;
	const char *id, *dn;
	const char *attributes; /* JSON object of arrays of text */
};
int store_mirror_walk(struct store *store, int64_t run,
		      int (*each)(const struct mirror_row *row, void *context, struct error *err), void *context,
		      struct error *err);

/* ERR_CONFIG names every role of a rule that does not exist, with the rule and its line. */
int store_roles_check(struct store *store, const struct config *config, struct error *err);
/* *ret names the rules into apps and access groups that nobody has made yet, with the place of each; "" when there is none. */
int store_places_check(struct store *store, const struct config *config, struct arena *arena, const char **ret,
		       struct error *err);
struct plan_scope {
	bool read;       /* everything was read */
	bool everything; /* compare everybody */
	bool whole;      /* the whole directory was looked at anew */
	bool known;      /* the mirror is all there is */
	bool additions;  /* what was read is not: it takes nothing away */
	bool strangers;  /* what was read may not fit together */
};

/* One planned change, as people read it. Borrowed until the next. */
struct change {
	const char *kind;                     /* "user", "group", "grant" */
	const char *action;                   /* "add", "change", "return", "vanish", "disable", "remove", "archive" */
	bool held, rejected;                  /* it stays undone */
	const char *login, *dn, *external_id; /* of the person */
	const char *anchor;                   /* "/pay/api", "app:crm", "platform" */
	const char *role;
	const char *rule, *position; /* "" when no rule gives it */
	const char *via;             /* DN of the entry that opens, or opened, the door; "" when there is none */
	const char *was;             /* change of a person: what was before, "login bob, mail b@x" */
};

/* Where changes go: a printer, a digest, a counter. */
struct change_sink {
	int (*change)(struct change_sink *sink, const struct change *change, struct error *err);
	unsigned long most; /* it takes that many of the first changes; 0: all */
};
/* In order, as many as the sink takes. */
int store_plan_walk(struct store *store, int64_t run, struct change_sink *sink, struct error *err);
struct plan_totals {
	int64_t changes;             /* all planned rows, numbered from 1 */
	int64_t add, change, remove; /* without what was rejected */
	int64_t held, rejected;      /* they stay undone: nobody has decided yet, or somebody has */
	int64_t grants, people;      /* of this source, in force now; people: 0 unless some are missed */
	int64_t taken, gone,
	    closed;          /* of them, what is among the removals; closed: the source says so, gone: it does not */
	int64_t quarantined; /* entries, records and rules that could not be used */
	int64_t waiting;     /* planned only: removals that wait for a read that is complete */
	bool strangers;      /* planned only: it was not, since somebody may only have another name */
	bool at_once;        /* counted only: there is next to nothing in the model, and much to come: one revision */
	bool guarded;        /* counted only: the guard has to judge some of it */
};
/* What was staged goes into the mirror, and what follows from it becomes the plan. Counts it as store_plan_count(). */
int store_plan(struct store *store, int64_t run, const struct plan_scope *scope, struct plan_totals *ret,
	       struct error *err);
/* How many changes are planned, how many of them are held, and whether they are done at once: quicker. */
int store_plan_count(struct store *store, int64_t run, struct plan_totals *ret, struct error *err);
/* decided: what is held stays so whatever comes of this run, and is not counted as to be done. */
int store_plan_totals(struct store *store, int64_t run, bool decided, struct plan_totals *ret, struct error *err);
/* Whom the changes that are not held would be told to: JSON, [["billing", 2]], the most concerned first; "" when there is
 * no target. */
enum { NOTIFY_TEXT = 4096 };
int store_plan_notifies(struct store *store, int64_t run, char ret[NOTIFY_TEXT], struct error *err);
/* Hold every planned change of the run; spare: but for accounts the source says are closed or deleted. */
struct plan_hold {
	int64_t held, spared;
};
int store_plan_hold(struct store *store, int64_t run, bool spare, struct plan_hold *ret, struct error *err);
/* Was the same list of this source rejected as a whole, and nothing else asked for since? Then the planned changes of the
 * run are rejected too: 1, else 0, or -1. */
int store_plan_rejected(struct store *store, int64_t run, const char *digest, struct error *err);

/* What the guard judges, over a window of that length; items and texts are from arena. */
struct guard_count;
struct guard_counts {
	bool exact; /* set by the caller: base is how many there are, else as far as it takes to judge by the percent */
	struct guard_count *items;
	size_t count;
};
int store_guard_counts(struct store *store, int64_t run, const struct safety_config *safety, struct arena *arena,
		       struct guard_counts *ret, struct error *err);
/* Where the run found none of a kind any more: the largest such place, and how many there are. */
struct emptied_place {
	size_t places;
	const char *kind, *dn;
	int64_t before; /* entries there in the last read */
};
int store_guard_emptied(struct store *store, int64_t run, struct arena *arena, struct emptied_place *ret,
			struct error *err);
/* Hold the pending rows of one count, for that reason; adds how many to *held. */
int store_guard_hold(struct store *store, int64_t run, const struct guard_count *count, const char *reason,
		     int64_t *held, struct error *err);
/* Approve or reject the held rows of a run; *decided is how many there were. */
int store_held_decide(struct store *store, int64_t run, bool approve, int64_t *decided, struct error *err);
/* What still waits for a decision in the run's source, and which runs found it: "corp/2, corp/5". */
struct held_waiting {
	int64_t count;
	const char *runs;
};
int store_held_waiting(struct store *store, int64_t run, struct arena *arena, struct held_waiting *ret,
		       struct error *err);
struct settlement {
	const char *rules_digest, *settings;
	bool complete; /* everything the source has is known */
	bool settles;  /* false: it was not settled before, and only a part was looked at */
};
struct apply_step {
	int64_t first, last;
	const struct settlement *settlement; /* after the last step, else NULL */
	const struct run_report *end; /* with a settlement: the run ends with it, and is swept later; else NULL */
};
/* Apply rows first..last as one revision; *revision is 0 when none was needed. */
int store_apply(struct store *store, int64_t run, const struct apply_step *step, int64_t *revision, struct error *err);
/* There was nothing to plan. */
int store_settle(struct store *store, int64_t run, const struct settlement *settlement, struct error *err);

#endif
