/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/target.h"
#include "target/exec/exec.h"
#include "target/nats/nats.h"
#include "target/webhook/webhook.h"

#include <string.h>

static const struct target_ops *const drivers[] = {&webhook_target, &exec_target, &nats_target};

enum { DRIVERS = sizeof drivers / sizeof drivers[0] };

const struct target_ops *target_driver_at(size_t index)
{
	return index < DRIVERS ? drivers[index] : NULL;
}

const struct target_ops *target_driver(const char *type)
{
	for (size_t i = 0; i < DRIVERS; i++)
		if (strcmp(drivers[i]->name, type) == 0)
			return drivers[i];
	return NULL;
}
