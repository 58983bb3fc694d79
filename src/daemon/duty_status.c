/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "status": one child answers monitoring. */
#include "roster/daemon.h"

static int run(const struct child_context *context, struct error *err)
{
	return status_serve(context, err);
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (config->status_listen[0] != '\0')
		add(context, "");
}

const struct duty duty_status = {.name = "status", .run = run, .wanted = wanted};
