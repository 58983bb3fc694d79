/* SPDX-License-Identifier: Apache-2.0 */
/* exec: targets that are programs of the administrator's own: a line of JSON for each message, and one for what became of it. */
#ifndef ROSTER_TARGET_EXEC_H
#define ROSTER_TARGET_EXEC_H

#include "roster/target.h"

extern const struct target_ops exec_target;

#endif
