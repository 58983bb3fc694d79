/* SPDX-License-Identifier: Apache-2.0 */
/* child: what a child process does around its duty. */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include "roster/daemon.h"

/* How a child is called: "source corp", "database". */
const char *child_title(const struct duty *duty, const char *subject, struct arena *arena);

/* How a child of a supervisor ends whose database has a schema this program does not know. */
enum { CHILD_EXIT_SCHEMA = 79 };

/* Run the duty until it ends, and return the exit code of the process. */
int child_main(const struct duty *duty, const struct child_context *context);

/* To be called first, before anything that takes time: from now on the child knows when it is to stop. Returns -1 when its
 * supervisor is gone already. */
int child_prepare(const struct duty *duty);
/* False for one that was started by hand: nobody has handed it a configuration. */
bool child_is_supervised(void);

/* The process of its supervisor, 0 for none, and what that calls this one life of its own; "" for none. */
int64_t child_supervisor(void);
const char *child_instance(void);
/* Why the configuration that was read last is not in force; NULL when it is. */
const char *child_refusal(void);
/* Of one that has been told to stop: does its supervisor end as well? No: others are started, or it was killed. */
bool child_supervisor_ends(void);
/* Tell the supervisor to read its configuration again: as if somebody had sent it SIGHUP. */
void child_ask_reload(void);

#endif
