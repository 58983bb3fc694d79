/* SPDX-License-Identifier: Apache-2.0 */
/* private: what the parts of the daemon share. */
#ifndef DAEMON_PRIVATE_H
#define DAEMON_PRIVATE_H

#include "roster/daemon.h"

/* A configuration and the memory it lives in. */
struct setup {
	struct arena *arena; /* NULL when there is none */
	struct config *config;
	int handover; /* a file that holds it, for children; -1 for none */
};
/* Where what is wrong with a configuration is said: on standard error, with warnings (TELL_ALL) or without (TELL_ERRORS),
 * and then the error only counts; or line by line in the log, for who is at work. */
enum tell { TELL_ERRORS, TELL_ALL, TELL_LOG };
/* Load it, and tell. ret is to be unloaded also after an error. */
int daemon_load(const char *file, enum tell tell, struct setup *ret, struct error *err);
void daemon_unload(struct setup *setup);
/* From now on this process logs as the configuration says. */
void daemon_log_as(const struct config *config);
/* Put what was loaded into a file of its own that nobody can write any more: what children are started with, whatever
 * becomes of the files it was read from. */
int daemon_hand_over(struct setup *setup, struct error *err);
/* Load what a supervisor has put into that file, and close it. Otherwise as daemon_load(). */
int daemon_take_over(int handover, struct setup *ret, struct error *err);
/* What the configuration asks for and this process may not do: ERR_DENIED. */
int daemon_permitted(const struct config *config, struct error *err);

/* --once: the work of every source in this process, going on after one that failed. The error is of the class with the
 * highest exit code. */
int daemon_once(const struct config *config, struct error *err);
/* The part of it that tells administrators what is due. */
int daemon_notices_once(const struct config *config, struct error *err);

#endif
