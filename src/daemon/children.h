/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children: the table of child processes. It starts them, hears whether they are well, starts those again that end
 * unasked, and kills what hangs or does not end when told to.
 *
 * Children stand in two lines: those of a duty that is a foundation, and the others. What is wanted of a line is said
 * once; the rest happens by itself, and `changed` is called whenever a child has become ready or has ended.
 */
#ifndef DAEMON_CHILDREN_H
#define DAEMON_CHILDREN_H

#include "roster/daemon.h"
#include "roster/loop.h"

struct children;

/* config_file is an absolute path, and is borrowed. */
struct children *children_new(struct loop *loop, const char *config_file, void (*changed)(void *context),
			      void *context);
/* Kills who is still there. */
void children_free(struct children **children);

/* A child that is to run from the next children_start() on until it is stopped. One that is kept is the same one. */
void children_want(struct children *children, const struct duty *duty, const char *subject);
/* Start those of a line that are wanted and were never started. */
void children_start(struct children *children, bool foundation);
/* Start one that is not started again when it ends. False when it runs already. */
bool children_run_once(struct children *children, const struct duty *duty, const char *subject);

/* Whether children_stop() leaves those children of that duty alone that were not told to end yet. */
void children_keep(struct children *children, const struct duty *duty, bool kept);
/* Tell a line to end; nobody of it is started again. True once it is empty, but for those that are kept. */
bool children_stop(struct children *children, bool foundation);

/* Are all wanted children of a line ready? */
bool children_are_ready(const struct children *children, bool foundation);
struct children_count {
	size_t wanted, ready;
};
struct children_count children_count(const struct children *children);

#endif
