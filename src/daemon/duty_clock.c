/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "clock": what becomes due by time alone is made a revision. */
#include "roster/daemon.h"

#include "roster/job.h"

static int run(const struct child_context *context, struct error *err)
{
	static const struct serve_hooks hooks = {child_must_stop, child_ready, child_alive};

	return clock_serve(context->config, &hooks, err);
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	(void)config;
	add(context, "");
}

const struct duty duty_clock = {.name = "clock", .run = run, .wanted = wanted};
