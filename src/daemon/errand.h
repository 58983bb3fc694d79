/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand: a program of the administrator's, run to its end.
 *
 * Without a shell, with an environment of PATH and LANG alone. What it writes goes to our log. It does not
 * outlive its time: then it is killed, with what it started.
 */
#ifndef DAEMON_ERRAND_H
#define DAEMON_ERRAND_H

#include "roster/error.h"
#include "roster/str.h"

struct errand {
	const char *const *argv;  /* argv[0] is a path */
	const struct str *input;  /* what it reads */
	int most_ms, stopping_ms; /* how long it may take; how much longer, at most, once we are told to stop */
};
/* 0 when it ended with success in time; else the message says how it ended and what it last said. */
int errand_run(const struct errand *errand, struct error *err);

#endif
