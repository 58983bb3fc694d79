/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor: which children there are to be, and what signals mean for them. */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include "daemon/private.h"

/* Run until told to stop. setup is taken over, and is to be unloaded all the same; config_file is an absolute path. */
int supervise(const struct duty *const duties[], const char *config_file, struct setup *setup, struct error *err);

#endif
