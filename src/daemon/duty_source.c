/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "source": one child for each source of the configuration. */
#include "roster/daemon.h"

#include "roster/job.h"

static int run(const struct child_context *context, struct error *err)
{
	static const struct serve_hooks hooks = {child_must_stop, child_ready, child_alive};
	const struct source_config *source = config_source(context->config, context->subject);

	if (source == NULL)
		return error_set(err, ERR_CONFIG, "%s has no source \"%s\"", context->config_file, context->subject);
	return serve_source(context->config, source, &hooks, err);
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	for (size_t i = 0; i < config->source_count; i++)
		add(context, config->sources[i].name);
}

/* A statement of a first load takes its time, and nothing is said meanwhile. */
const struct duty duty_source = {.name = "source", .run = run, .wanted = wanted, .silence_ms = 15 * 60 * 1000};
