/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coprocess: a program of the administrator's own that is kept running and speaks lines on its standard input and output.
 */
#ifndef ROSTER_TARGET_EXEC_COPROCESS_H
#define ROSTER_TARGET_EXEC_COPROCESS_H

#include "roster/error.h"
#include "roster/str.h"

#include <stdint.h>

struct coprocess;

/* Start it, without arguments, with the variable ROSTER_TARGET set to name. Its standard error is ours. */
int coprocess_start(const char *path, const char *name, struct coprocess **ret, struct error *err);
/* What it has started goes with it. Accepts NULL, sets NULL. */
void coprocess_end(struct coprocess **coprocess);

/* Write a line and read one; line ends with a newline, *answer does not and is valid until the next call. Until clock_ms() says
 * `until` or stop is readable. ERR_UNREACHABLE when it does not answer, ERR_PROTOCOL when its line is too long: end it then. */
int coprocess_ask(struct coprocess *coprocess, const struct str *line, int64_t until, int stop, const char **answer,
		  struct error *err);

#endif
