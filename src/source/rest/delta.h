/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delta: what has changed since a token, of an API that says so (Microsoft Graph). It names who has changed, and each of them is
 * read again whole: what it says of the change itself may be a part, come twice, or be spread over pages.
 */
#ifndef ROSTER_SOURCE_REST_DELTA_H
#define ROSTER_SOURCE_REST_DELTA_H

#include "source/rest/read.h"

enum { DELTA_PARTS = 2 };

struct delta {
	const struct source_config *config;
	struct api *api;
	const struct entry_maker *maker;
	struct arena *arena;            /* while it is under way */
	const char *links[DELTA_PARTS]; /* where each part goes on; NULL: nowhere */
	struct source_cookie given[DELTA_PARTS];
};

/* Whether it goes on from these cookies. */
bool delta_start(struct delta *delta, const struct news_ask *ask);
/* Note where it stands before everything is read. */
int delta_begin_anew(struct delta *delta, struct error *err);
/* Hand over what has changed since, and note where it stands now. */
int delta_read(struct delta *delta, struct news_sink *sink, struct news_result *result, struct error *err);
void delta_give_cookies(struct delta *delta, struct news_result *result);
void delta_stop(struct delta *delta);

#endif
