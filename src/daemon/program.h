/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program: another program, run as a child that does not outlive this process.
 *
 * What it writes goes line by line to our log, by a thread of its own: it is never kept waiting, whatever we
 * wait for. The line that tells most about why it ended is remembered. Started and waited for by one and the same thread.
 */
#ifndef DAEMON_PROGRAM_H
#define DAEMON_PROGRAM_H

#include "roster/error.h"

#include <stdbool.h>

struct program;

struct program_start {
	const char *const *argv;        /* argv[0] is a path */
	int death_signal;               /* what it gets when this process ends, however that happens */
	int kept;                       /* a file it inherits besides its standard ones, or -1 */
	bool quiet;                     /* its standard output goes nowhere */
	int input;                      /* a file it reads as its standard input; 0: there is nothing to read */
	const char *const *environment; /* NULL: ours */
};
int program_start(const struct program_start *start, struct program **ret, struct error *err);
/* Has it ended? If not, look again after this time, or when a signal came. */
bool program_wait(struct program *program, int milliseconds);
/* How it ended, "exit status 1" or "signal 9"; after program_wait() gave true. */
const char *program_end(const struct program *program);
bool program_succeeded(const struct program *program);
void program_signal(struct program *program, int signal);
/* End it and what it started, but for what has left its process group. */
void program_kill(struct program *program);
int program_id(const struct program *program);
/* From now on only a PANIC says more than the last line: what clients did wrong says nothing about the server. */
void program_started(struct program *program);
/* What it last said, "" for nothing; after program_wait() gave true. */
const char *program_last_words(struct program *program);
/* Accepts NULL and sets NULL. A program that still runs is only forgotten. */
void program_free(struct program **program);

#endif
