/* SPDX-License-Identifier: Apache-2.0 */
/* start: from the words of the command line to a verb, and from its end to an exit code. */
#ifndef APP_START_H
#define APP_START_H

#include "roster/app.h"

/* What stands before or after the verb: taken out of argv, which keeps the rest. */
struct global_options {
	const char *config_file;
	enum output_format format;
	bool no_color, verbose, help, version;
};
/* ERR_USAGE when -f has no file. Words behind "--" are left alone. */
int global_options_take(int *argc, char **argv, struct global_options *ret, struct error *err);

int app_main(int argc, char **argv);

#endif
