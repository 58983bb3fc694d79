/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "webhook": one child tells all targets of that type. */
#include "roster/daemon.h"

#include "roster/job.h"

static int run(const struct child_context *context, struct error *err)
{
	static const struct serve_hooks hooks = {child_must_stop, child_ready, child_alive};

	return deliver_serve(context->config, "webhook", &hooks, err);
}

/* Also when there is no target: the database must learn that there is none any more. */
static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	(void)config;
	add(context, "");
}

/* Where very much has changed, the difference alone takes its time. */
const struct duty duty_webhook = {.name = "webhook", .run = run, .wanted = wanted, .silence_ms = 15 * 60 * 1000};
