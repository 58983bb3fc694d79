/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "signin": one child lets administrators sign in with a provider. */
#include "roster/daemon.h"

static int run(const struct child_context *context, struct error *err)
{
	return signin_serve(context, err);
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	if (config->signin.present)
		add(context, "");
}

/* A provider that does not answer takes its time, once for each document. */
const struct duty duty_signin = {.name = "signin", .run = run, .wanted = wanted, .silence_ms = 5 * 60 * 1000};
