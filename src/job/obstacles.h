/* SPDX-License-Identifier: Apache-2.0 */
/* obstacles: what is in the way of a person who may not, the nearest first. */
#ifndef JOB_OBSTACLES_H
#define JOB_OBSTACLES_H

#include "roster/reasons.h"

enum { OBSTACLES_MOST = 8 };

/* Whom and what a question is about; numbers as the texts that go back to the store. */
struct search {
	const struct config *config;
	struct store *store;
	struct arena *arena;
	const char *user, *login;
	const char *inactive; /* why, NULL when active */
	const char *resource, *resource_name;
	const char *permission, *permission_name; /* NULL: any */
	const char *as_of;                        /* a revision, NULL: now */
	bool applies, archived;                   /* permission to that kind of resource; the app */
	bool allowed;
	struct explain_identity *identities; /* out */
	size_t identity_count;
	struct explain_obstacle *obstacles; /* out */
	size_t obstacle_count;
};

int obstacles_find(struct search *search, struct error *err);

/* "rosterd.conf:19" */
const char *rule_position(const struct rule_config *rule, struct arena *arena);

#endif
