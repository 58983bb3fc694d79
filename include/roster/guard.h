/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard: may these changes take effect, or do they wait for a person?
 *
 * Pure. The caller counts what a plan would change, per kind and scope, and what was changed already within the sliding
 * window; the guard holds these counts against the limits of the configuration and answers with a decision and a
 * sentence for people. Pushed changes and polls are counted together, so six hundred deletions that arrive one by one
 * stop at the same limit as six hundred in one run. A decision is about all pending rows of its count: on GUARD_HOLD
 * they stay in force and wait, while everything else of the plan goes on.
 *
 * Counts are of objects; a negative one is taken as 0. No count overflows, whatever its size. Nothing here fails.
 */
#ifndef ROSTER_GUARD_H
#define ROSTER_GUARD_H

#include "roster/config.h"
#include "roster/text.h"

#include <stddef.h>
#include <stdint.h>

enum guard_kind {
	GUARD_SUSPEND,  /* people the source says are disabled or deleted; limit: max_suspend */
	GUARD_VANISH,   /* people inferred to be gone, as a complete read lacked them; max_remove and percent */
	GUARD_MEMBER,   /* memberships and grants taken away; max_remove and percent */
	GUARD_GROUP,    /* groups of the tree taken away; max_remove and percent */
	GUARD_RESOURCE, /* apps and associations of namespaces taken away by an import; max_remove and percent */
	GUARD_GRANT,    /* new holders of a sensitive role; max_grant */
	GUARD_ADD,      /* whatever else is new; no limit, but mode "hold" makes it wait */
	GUARD_KINDS
};
const char *
guard_kind_name(enum guard_kind kind); /* "suspend", "vanish", "member", "group", "resource", "grant", "add" */

struct guard_count {
	enum guard_kind kind;
	const char *scope; /* "" for the whole source, else the path of one group, or (GUARD_GRANT) the role */
	int64_t pending;   /* rows of this plan */
	int64_t recent;    /* rows of that kind applied within the window; approved ones do not count again */
	int64_t base;      /* objects of that kind at the start of the window */
};

enum guard_decision { GUARD_GO, GUARD_HOLD, GUARD_OBSERVE };

struct guard_verdict {
	enum guard_decision decision;
	/* Why it waits: "9120 removals of 41870 memberships (21.8 %, limit 10 %)". "" on GUARD_GO; on GUARD_OBSERVE what
	 * would have made it wait, or "". Cut, at a whole character, when a scope is very long. */
	char reason[512];
};

/* verdicts[i] is about counts[i]. At a limit goes, above it waits. The percent binds only above min_remove objects; 100
 * switches it off. max_remove binds the whole source only, the percent each scope too. Limits count pending and recent
 * together; a count without pending rows always goes. */
void guard_judge(const struct safety_config *safety, const struct guard_count *counts, size_t count,
		 struct guard_verdict *verdicts);

/* Whether a whole run waits: the first of its source, and the first with other rules. applied is the fingerprint of the
 * rules that were last applied, NULL when nothing of this source ever was. */
void guard_first_run(const struct safety_config *safety, const struct digest *applied, const struct digest *rules,
		     struct guard_verdict *verdict);

#endif
