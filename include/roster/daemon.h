/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon: rosterd, the supervisor of small children.
 *
 * rosterd itself holds no credential and parses nothing a stranger sent: it reads the configuration, starts one child per
 * duty (this program again, by fork and exec), watches, restarts with back-off, and passes signals on. A child is ordinary
 * blocking code that ends when it is told to, when its parent is gone, or when it cannot go on; a crash, a leak or a hang
 * in one costs that one.
 */
#ifndef ROSTER_DAEMON_H
#define ROSTER_DAEMON_H

#include "roster/config.h"
#include "roster/error.h"

#include <stdbool.h>
#include <stdint.h>

/* --- what a child gets ------------------------------------------------------------------------------------------------ */

struct child_context {
	const char *config_file;
	const struct config *config;
	const char *subject; /* the name of the source, the type of the targets; "" when the duty has none */
};

/* A duty: a name ("source", "webhook", "status", "clock", "database") and what its child does. run returns 0 when it was
 * told to stop, -1 with err when it cannot go on (the supervisor starts another after a while). */
struct duty {
	const char *name;
	int (*run)(const struct child_context *context, struct error *err);
	/* The children wanted under this configuration: call add once for each with its subject. NULL for a duty whose children
	 * are started on demand. */
	void (*wanted)(const struct config *config, void (*add)(void *context, const char *subject), void *context);
	/* Everybody else leans on it: its children are started first and stopped last, and nobody else is started while one of
	 * them is not ready. One that ends with 77 or 78 ends rosterd: nothing is different the next time. So does any child
	 * whose error is ERR_SCHEMA. */
	bool foundation;
	/* Of a foundation: may its children live on when the configuration in force changes? Of "trial": is the connection to
	 * the database the one that is in use? NULL for no. */
	bool (*keeps)(const struct config *before, const struct config *after);
	/* How long a child may be silent once it is ready, and how long it may take to end; 0 for the usual. */
	int64_t silence_ms, stop_ms;
};

enum { CHILD_SILENCE_MS = 120000, CHILD_STOP_MS = 30000, CHILD_READY_MS = 120000, CHILD_TRIAL_MS = 60000 };

/* The whole program: options, supervisor or child. duties ends with NULL; its children are started in this order. Three
 * duties are started on demand, where they are there: "request" by signals, with the subject "sync" or "full", "reload"
 * with the subject "answer" when another configuration is in force, or was refused, and "trial"
 * with a configuration before that comes into force, with the subject "all", or "secrets" when it keeps the connection to
 * the database; one that does not end with 0 within CHILD_TRIAL_MS is an objection. Returns the exit code. */
int daemon_main(const struct duty *const duties[], int argc, char **argv);

/* The duties there are. */
extern const struct duty duty_clock, duty_database, duty_exec, duty_nats, duty_notices, duty_reload, duty_request,
    duty_signals, duty_signin, duty_source, duty_status, duty_trial, duty_webhook;

/* Has the child been told to stop (TERM, INT, or its parent is gone)? A signal ends every wait of the child, and comes once
 * more each second until the child has ended, so that none is slept through: looping on this is enough. */
bool child_must_stop(void);
/* Tell the supervisor that the child does its work: it counts as started from now. Harmless when there is no supervisor. */
void child_ready(void);
/* Tell the supervisor that the child is alive; a child that was ready and says nothing for CHILD_SILENCE_MS is killed and
 * started again. */
void child_alive(void);

/* --- the embedded database (the duty "database") ------------------------------------------------------------------------ */

/* Run a private PostgreSQL in directory until child_must_stop(): made by initdb when the directory is empty or missing,
 * mode 0700, socket only, peer authentication, never as root. Only the user of this process may be the owner or the
 * daemon; others are the role of their own name, if there is one. Ends with the process, also when that is killed. A
 * cluster of a version that is not installed is refused with the commands to type, a directory that holds something else
 * is not touched. Calls child_ready() once it answers and the schema is there and current. How it is reached:
 * roster/cluster.h. */
int cluster_run(const char *directory, const struct child_context *context, struct error *err);

/* --- the pages of the duty "status" --------------------------------------------------------------------------------------- */

/* Answer /metrics, /livez and /readyz on config->status_listen until child_must_stop(). A page is asked of the database when
 * somebody asks for it, at most once a second, and never keeps the others waiting: without an answer within 5 s, or while
 * the database is away, what was last known is told, with its age. */
int status_serve(const struct child_context *context, struct error *err);

/* --- the inbox of the duty "signals" ------------------------------------------------------------------------------------- */

/* Take security event tokens on config->signals_listen until child_must_stop(): POST /NAME for each source that has signals (RFC
 * 8935). One is answered when what it says is in the database. */
int signals_serve(const struct child_context *context, struct error *err);

/* --- the door of the duty "signin" --------------------------------------------------------------------------------------- */

/* Answer rosterctl login on config->signin.listen until child_must_stop(): POST /login and POST /login/poll, see
 * roster/signin.h. One is answered after the other. */
int signin_serve(const struct child_context *context, struct error *err);

#endif
