/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reasons: why a person may do something on a resource, or why not, as data for whoever prints it.
 *
 * A yes is a list of paths: role and place, how the place reaches the resource, and how the person came to the role: by
 * the doors of a directory, by hand, by owning. A no is a list of obstacles, the nearest first: what keeps the person from
 * everything, a role that lacks the permission, a run that waits, rules that would open the way if they matched.
 *
 * explain_rules() is the smaller question: what the rules make of one entry of the mirror.
 *
 * It asks the store and evaluates the rules of the configuration over the entry in the mirror; nothing is changed. All
 * memory is from the arena. Texts are never NULL; "" is nothing.
 */
#ifndef ROSTER_REASONS_H
#define ROSTER_REASONS_H

#include "roster/arena.h"
#include "roster/config.h"
#include "roster/error.h"
#include "roster/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct explain_question {
	const char *who;        /* login or id */
	const char *resource;   /* "app:api" */
	const char *permission; /* NULL: any */
	const char *as_of;      /* revision or time; NULL: now */
};

/* One way through the directory: the person's entry, the groups on the way up, the rule at the last one. */
struct explain_door {
	const char *entry, *seen_at;
	const char **groups;
	size_t group_count;
	const char *rule, *position, *captures;
};

struct explain_path {
	const char *role, *anchor, *source; /* source "hand": given or owned by hand */
	const char *through;                /* the group the resource belongs to; "" when the anchor is the resource */
	int64_t distance;                   /* steps down the tree from the anchor to that group */
	int64_t since;                      /* revision; 0 when it follows from being here at all */
	const char *since_at, *by, *cause;
	const char *opens; /* it does not give the permission: what gives it counts beside what this does; or "" */
	struct explain_door *doors;
	size_t door_count;
	const char *kept; /* of a source that gives it no more: why it is there all the same; "" otherwise */
};

struct explain_obstacle {
	const char *kind;            /* "inactive", "archived", "permission", "role", "waiting", "rule", "nobody" */
	const char *rule, *position; /* of kinds "waiting" and "rule" */
	const char *gives;           /* what the rule would give: "Developer in /pay/api" */
	const char *why;
};

/* A target that follows the resource: has it been told what is so now? */
struct explain_told {
	const char *target;
	const char *state;        /* "ok", "pending", "paused", "disabled" */
	const char *confirmed_at; /* when it last confirmed anything; "" never */
	const char *error;        /* what keeps it from being told; "" nothing */
};

/* Who a source says somebody is. */
struct explain_identity {
	const char *source, *entry;
	const char *linked_by; /* the value that makes it one person with the others, "" where nothing does */
};

struct explanation {
	const char *login, *id, *resource, *permission; /* permission "" when any was asked for */
	bool allowed;
	bool then; /* as of that revision: without doors, rules and targets, of which nothing is kept */
	int64_t revision;
	struct explain_identity *identities;
	size_t identity_count;
	struct explain_path *paths;
	size_t path_count;
	struct explain_obstacle *obstacles; /* when allowed: rules that were not used */
	size_t obstacle_count;
	struct explain_told *told;
	size_t told_count;
};

/* ERR_DATA when person, resource or permission do not exist. */
int explain_access(const struct config *config, struct store *store, const struct explain_question *question,
		   struct arena *arena, struct explanation *ret, struct error *err);

/* What one rule makes of one entry: what it gives, or why it gives nothing. Several for a rule that gives several things. */
struct explain_rule {
	const char *rule, *position;
	bool matches;
	const char *result;
};

struct explained_rules {
	struct explain_rule *items;
	size_t count;
};

/* All rules for this source, in file order. */
int explain_rules(const struct config *config, const char *source, const struct mirror_row *row, struct arena *arena,
		  struct explained_rules *ret, struct error *err);

#endif
