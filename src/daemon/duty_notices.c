/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "notices": who the configuration names is told what needs a person. */
#include "daemon/errand.h"
#include "daemon/private.h"
#include "roster/job.h"

/* STOPPING_MS: a program that is cut short is started once more later, and may then say the same a second time. */
enum { PROGRAM_MS = 30000, STOPPING_MS = 10000 };

static int run_program(const char *const argv[], const struct str *input, struct error *err)
{
	const struct errand errand = {argv, input, PROGRAM_MS, STOPPING_MS};

	return errand_run(&errand, err);
}

static int run(const struct child_context *context, struct error *err)
{
	static const struct serve_hooks hooks = {child_must_stop, child_ready, child_alive};

	return notices_serve(context->config, run_program, &hooks, err);
}

static bool is_anybody_told(const struct config *config)
{
	for (size_t i = 0; i < NOTICES; i++)
		if (config->notices[i].exec[0] != '\0' || config->notices[i].url[0] != '\0')
			return true;
	return false;
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (is_anybody_told(config))
		add(context, "");
}

int daemon_notices_once(const struct config *config, struct error *err)
{
	return is_anybody_told(config) ? notices_once(config, run_program, err) : 0;
}

const struct duty duty_notices = {.name = "notices", .run = run, .wanted = wanted};
