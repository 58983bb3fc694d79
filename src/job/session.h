/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: a source that stays open between runs, and what is compiled once for all of them.
 */
#ifndef JOB_SESSION_H
#define JOB_SESSION_H

#include "job/intake.h"
#include "job/news.h"

struct session {
	const struct config *config;
	const struct source_config *config_source;
	const struct source_ops *driver;
	struct source *source;
	struct intake *intake;
	struct digest rules;      /* and which entries they see */
	struct digest configured; /* what it is asked for, as far as that is known without it */
	struct digest settings;   /* in full */
	bool settled;
	int id;           /* of the source in the database */
	bool follows;     /* news can be waited for */
	struct news news; /* what came since the last run */
	struct news_result result;
	int64_t push_run; /* the run that goes on, 0 for none */
	bool told_refused;
	bool recalled; /* other rules have looked at its last word, while it could not be asked */
};

int session_open(const struct config *config, const struct source_config *source, struct session *ret,
		 struct error *err);
/* Before the source is asked for anything: know what its server calls things, which may mean to ask it. */
int session_settle(struct session *session, struct error *err);
/* News are waited for no longer; what came and was not applied is forgotten, and comes again. */
void session_rest(struct session *session);
void session_close(struct session *session);

#endif
