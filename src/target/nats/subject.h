/* SPDX-License-Identifier: Apache-2.0 */
/* subject: under which subject a stream has what is told about a resource. Pure. */
#ifndef ROSTER_TARGET_NATS_SUBJECT_H
#define ROSTER_TARGET_NATS_SUBJECT_H

#include "roster/str.h"

/* Append it: the prefix, the kind and the parts of the name, with full stops between; what has a meaning in a subject is written
 * %XX in a name. "app:pay-eu" is PREFIX.app.pay-eu, "group:/pay/api" PREFIX.group.pay.api. */
void subject_of(const char *prefix, const char *resource, struct str *out);

#endif
