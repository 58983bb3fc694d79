/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: one run of a source for plan, sync and approve: by the rosterd that leads the source, asked through the database,
 * or in this process. What is printed is the same.
 */
#ifndef APP_RUN_H
#define APP_RUN_H

#include "app/changes.h"
#include "roster/app.h"
#include "roster/job.h"
#include "roster/request.h"

struct run_wanted {
	bool local;
	enum request_kind kind; /* REQUEST_PLAN or REQUEST_SYNC */
	bool full, from_mirror;
	const char *expect; /* digest; NULL for none */
	/* With local: a connection of the daemon's right that is open already, or NULL. The first run takes it and closes it. */
	struct store **store;
	/* The same for the source of the first run: what connects to it already. */
	struct session **session;
};

/* Run it and print the changes and what they add up to; of printer the caller fills source, out and format. A Ctrl-C while
 * rosterd is at it ends this process. */
int run_print(struct app *app, const struct run_wanted *wanted, struct change_printer *printer,
	      struct sync_report *report, struct error *err);

/* Say on standard error what earlier runs found and nobody has decided about; false when there is no such thing. */
bool run_say_waiting(const struct sync_report *report);

/* Ask without waiting; *id is the request's number. */
int run_ask(struct app *app, const struct source_config *source, const struct run_wanted *wanted, int64_t *id,
	    struct error *err);

/* ERR_ABSENT unless a rosterd leads the source. */
int run_check_led(struct store *store, const struct source_config *source, struct error *err);

#endif
