/* SPDX-License-Identifier: Apache-2.0 */
/* webhook: a target that takes each message by POST, signed as Standard Webhooks describes; see roster-events(7). */
#ifndef TARGET_WEBHOOK_WEBHOOK_H
#define TARGET_WEBHOOK_WEBHOOK_H

#include "roster/target.h"

extern const struct target_ops webhook_target;

#endif
