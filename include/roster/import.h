/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: what a file says about groups, apps, access groups, nodes, clusters, namespaces and members, staged and compared
 * with the model.
 *
 * Part of the store. All calls of one import are made in one transaction, in the order they stand here, by an operator
 * who is a platform administrator: the database checks that. Retiring a source makes a plan of the same kind.
 */
#ifndef ROSTER_IMPORT_H
#define ROSTER_IMPORT_H

#include "roster/arena.h"
#include "roster/pg.h"
#include "roster/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thing a line says. NULL for what does not belong to the fact. */
struct import_statement {
	int line;
	const char *fact;  /* "group", "admin", "app", "cluster", "namespace", "association", "member", "access_group",
			      "inclusion" (an app in an access group), "node", "environment" */
	const char *path;  /* of the group; of an app: its owner group */
	const char *name;  /* of the app or cluster, "CLUSTER/NAME" of a namespace, "APP/NAME" of an environment */
	const char *place; /* the access group; of an environment: "CLUSTER/NAME" of its namespace */
	const char *login, *role, *purpose, *description;
	bool broken; /* something else in the line is wrong: it only counts as named */
};
int store_import_stage(struct store *store, const struct import_statement *statements, size_t count, struct error *err);
/* Find out what the names stand for. binding: it is to be applied, so nobody else writes until the transaction ends. */
int store_import_begin(struct store *store, const char *name, bool binding, struct error *err);
/* Rows (line, why): everything that is wrong with what was staged. */
int store_import_problems(struct store *store, struct pg_rows **rows, struct error *err);
int store_import_plan(struct store *store, const char *name, bool complete, struct error *err);
/* Rows (change, kind, name, detail, line), in order: what was planned. */
int store_import_changes(struct store *store, struct pg_rows **rows, struct error *err);
/* What the guard judges; source is the name of the import, or of the source to be retired. */
int store_import_counts(struct store *store, const char *source, const struct safety_config *safety,
			struct arena *arena, struct guard_counts *ret, struct error *err);
/* *revision is 0 when there was nothing to do. */
struct import_mode {
	const char *name;
	bool complete; /* what the import made before and does not name any more was planned to go */
	bool counted;  /* it counts for the limits of later ones */
};
int store_import_apply(struct store *store, const struct import_mode *mode, int64_t *revision, struct error *err);

/* Plan to take back what a revision ("4711") or a run ("corp/12") did; *source is whose limits it is judged by. */
int store_revert_plan(struct store *store, const char *what, struct arena *arena, const char **source,
		      struct error *err);
struct revert_done {
	int64_t revision;    /* 0 when there was nothing to do */
	int64_t held;        /* how much of it the source would do again, */
	const char *held_by; /* held by this run */
};
int store_revert_apply(struct store *store, const char *what, bool counted, struct arena *arena,
		       struct revert_done *ret, struct error *err);

/* ERR_CONFLICT while another process synchronises the source. */
int store_retire_plan(struct store *store, const char *source, bool binding, struct error *err);
int store_retire_apply(struct store *store, const char *source, int64_t *revision, struct error *err);

/* Rows (source, people, grants): sources that give something and are not in the configuration any more. */
int store_sources_absent(struct store *store, const struct config *config, struct pg_rows **rows, struct error *err);

#endif
