/* SPDX-License-Identifier: Apache-2.0 */
/* The duties "webhook", "exec" and "nats": one child tells all targets of a type. */
#include "roster/daemon.h"

#include "roster/job.h"

/* Where very much has changed, the difference alone takes its time. */
enum { SILENCE_MS = 15 * 60 * 1000 };

static const struct serve_hooks hooks = {child_must_stop, child_ready, child_alive};

static int run_webhook(const struct child_context *context, struct error *err)
{
	return deliver_serve(context->config, TARGET_WEBHOOK, &hooks, err);
}

/* Also when there is no target: the database must learn that there is none any more. */
static void want_webhook(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	(void)config;
	add(context, "");
}

static int run_exec(const struct child_context *context, struct error *err)
{
	return deliver_serve(context->config, TARGET_EXEC, &hooks, err);
}

static void want_exec(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (config_has_target(config, TARGET_EXEC))
		add(context, "");
}

static int run_nats(const struct child_context *context, struct error *err)
{
	return deliver_serve(context->config, TARGET_NATS, &hooks, err);
}

static void want_nats(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (config_has_target(config, TARGET_NATS))
		add(context, "");
}

const struct duty duty_webhook = {
    .name = TARGET_WEBHOOK, .run = run_webhook, .wanted = want_webhook, .silence_ms = SILENCE_MS};
const struct duty duty_exec = {.name = TARGET_EXEC, .run = run_exec, .wanted = want_exec, .silence_ms = SILENCE_MS};
const struct duty duty_nats = {.name = TARGET_NATS, .run = run_nats, .wanted = want_nats, .silence_ms = SILENCE_MS};
