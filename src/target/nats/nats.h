/* SPDX-License-Identifier: Apache-2.0 */
/* nats: targets that are streams of NATS JetStream: a message for each resource, under a subject of its own. */
#ifndef ROSTER_TARGET_NATS_H
#define ROSTER_TARGET_NATS_H

#include "roster/target.h"

extern const struct target_ops nats_target;

#endif
