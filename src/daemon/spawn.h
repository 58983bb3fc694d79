/* SPDX-License-Identifier: Apache-2.0 */
/* spawn: this program again, as a child with one duty. */
#ifndef DAEMON_SPAWN_H
#define DAEMON_SPAWN_H

#include "roster/error.h"

#include <sys/types.h>

/* Where a child finds its end of the channel, over which it sends one of these bytes at a time, or hears the last one
 * before it is told to stop because its supervisor ends, and the file of daemon_hand_over(). */
enum { CHANNEL_FD = 3, CHANNEL_READY = 'r', CHANNEL_ALIVE = 'a', CHANNEL_END = 'e', HANDOVER_FD = 4 };
/* The process id of the supervisor, in the environment of a child until child_main() has seen it. */
extern const char spawn_supervisor_variable[];
/* What the supervisor calls this life of its own, and why what its file says is not in force; not there when it is. */
extern const char spawn_instance_variable[], spawn_refusal_variable[];

struct spawned {
	pid_t pid;
	int channel; /* our end, never blocks */
};

struct spawning {
	const char *title; /* what ps shows */
	const char *duty, *subject;
	const char *config_file; /* an absolute path: what messages call it */
	int handover;            /* of daemon_hand_over(); stays ours */
};

/* A child that cannot be executed ends with 70. */
int spawn(const struct spawning *spawning, struct spawned *ret, struct error *err);

#endif
