/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: what the files of the process that leads a source share.
 */
#ifndef ROSTER_JOB_SERVICE_H
#define ROSTER_JOB_SERVICE_H

#include "job/reading.h"
#include "roster/job.h"
#include "roster/request.h"

struct service {
	struct sync_watch watch;
	const struct config *config;
	const struct source_config *source;
	const struct serve_hooks *hooks;
	struct store *store;
	struct session session;
	struct request_writer *writer; /* of the request under way */
	int64_t due_at;
	int64_t back_off_ms; /* 0 after a good run */
	bool told_paused;
	int64_t whole_at, whole_ms; /* when everything was last read, and for how long */
	bool was_cut_off;           /* while it was followed: the server may be another one, or one from a backup */
	bool moved_on;              /* the source is further than the database knows, and said nothing else */
	bool followed;              /* at the beginning of this turn */
	int64_t heed_at;            /* what a provider says by itself is not looked for before */
};

/* A run in the log; asked_by NULL: nobody. */
void service_tell(const struct service *service, const struct sync_report *report, const char *asked_by);
void service_run_was_good(struct service *service, const struct sync_report *report, int64_t began);
/* Do what was asked for, and say what came of it. */
int service_carry_out(struct service *service, const struct request *request, struct error *err);

#endif
