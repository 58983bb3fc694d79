/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "signals": one child hears what providers say by themselves. */
#include "roster/daemon.h"

static int run(const struct child_context *context, struct error *err)
{
	return signals_serve(context, err);
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (config->signals_listen[0] != '\0')
		add(context, "");
}

/* An issuer that does not answer takes its time, once for each document. */
const struct duty duty_signals = {.name = "signals", .run = run, .wanted = wanted, .silence_ms = 5 * 60 * 1000};
