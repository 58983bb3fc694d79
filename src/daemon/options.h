/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of rosterd. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "roster/error.h"

#include <stdbool.h>

struct daemon_options {
	const char *config_file; /* as given; NULL when absent */
	bool test, once, version, help;
	const char *duty, *subject; /* of a child; NULL for the supervisor */
};

/* ERR_USAGE, with "did you mean". */
int daemon_options_take(int argc, char **argv, struct daemon_options *ret, struct error *err);
/* What -h prints. */
extern const char daemon_usage[];

#endif
