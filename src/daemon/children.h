/* SPDX-License-Identifier: Apache-2.0 */
/*
 * children: the table of child processes. It starts them, hears whether they are well, starts those again that end
 * unasked, and kills what hangs or does not end when told to.
 *
 * Children stand in two lines: those of a duty that is a foundation, and the others. What is wanted of a line is said
 * once; the rest happens by itself, and `changed` is called whenever a child has become ready or has ended. Of the others
 * one that ends while the foundation is not ready is not started again by itself: children_start() does that.
 */
#ifndef DAEMON_CHILDREN_H
#define DAEMON_CHILDREN_H

#include "roster/daemon.h"
#include "roster/loop.h"

struct children;

/* config_file is an absolute path, and is borrowed. Before anybody is started, children_configure(). */
struct children *children_new(struct loop *loop, const char *config_file, void (*changed)(void *context),
			      void *context);
/* Kills who is still there. */
void children_free(struct children **children);

/* What children are started with from now on: the file of daemon_hand_over(), which is borrowed. */
void children_configure(struct children *children, int handover);

/* A child that is to run from the next children_start() on until it is stopped. One that is kept is the same one. */
void children_want(struct children *children, const struct duty *duty, const char *subject);
/* Start those of a line that are wanted and wait for that. */
void children_start(struct children *children, bool foundation);
/* Start one that is not started again when it ends. False when it runs already. */
bool children_run_once(struct children *children, const struct duty *duty, const char *subject);

/* Start one that tries what handover holds, and is kept by children_stop(). tried is called with the context of
 * `changed` when it has ended, unless it was told to. False when it cannot be started. */
bool children_try(struct children *children, const struct duty *duty, const char *subject, int handover,
		  void (*tried)(bool good, void *context));

/* Whether children_stop() leaves those children of that duty alone that were not told to end yet. */
void children_keep(struct children *children, const struct duty *duty, bool kept);
/* Tell a line to end; nobody of it is started again. True once it is empty, but for those that are kept. */
bool children_stop(struct children *children, bool foundation);

/* Tell all that run that the supervisor ends; to be called before they are told to. */
void children_say_end(const struct children *children);

/* The exit code of a foundation that cannot be laid, 0 when there is none; *title is how it is called. */
int children_given_up(const struct children *children, const char **title);

/* Are all wanted children of a line ready? */
bool children_are_ready(const struct children *children, bool foundation);
struct children_count {
	size_t wanted, ready;
};
struct children_count children_count(const struct children *children);

#endif
