/* SPDX-License-Identifier: Apache-2.0 */
/* private: what the parts of the daemon share. */
#ifndef DAEMON_PRIVATE_H
#define DAEMON_PRIVATE_H

#include "roster/daemon.h"

/* A configuration and the memory it lives in. */
struct setup {
	struct arena *arena; /* NULL when there is none */
	struct config *config;
};
/* Load it, and print what is wrong with it to standard error; warnings only if asked to. ret is to be unloaded also after
 * an error. */
int daemon_load(const char *file, bool warnings, struct setup *ret, struct error *err);
void daemon_unload(struct setup *setup);
/* What the configuration asks for and this process may not do: ERR_DENIED. */
int daemon_permitted(const struct config *config, struct error *err);

/* --once: the work of every source in this process, going on after one that failed. The error is of the class with the
 * highest exit code. */
int daemon_once(const struct config *config, struct error *err);

#endif
