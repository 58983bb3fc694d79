/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/daemon.h"

#include "roster/log.h"
#include "roster/request.h"

#include <string.h>

/* A source that cannot be asked, one nobody has ever led, does not keep the others from it. */
static int ask_all(struct store *store, const struct config *config, const char *options, struct error *err)
{
	for (size_t i = 0; i < config->source_count && !store_is_lost(store); i++) {
		struct error fault = {0};
		int64_t id = 0;
		if (request_make(store, REQUEST_SYNC, config->sources[i].name, options, &id, &fault) == 0)
			continue;
		log_warn("source %s cannot be asked to synchronise: %s", config->sources[i].name, fault.text);
		*err = fault;
	}
	return err->class == ERR_NONE ? 0 : -1;
}

static int run(const struct child_context *context, struct error *err)
{
	bool full = strcmp(context->subject, "full") == 0;
	struct store *store = NULL;
	int rc;

	if (!full && strcmp(context->subject, "sync") != 0)
		return error_set(err, ERR_INTERNAL, "nothing is called \"%s\" that could be asked of all sources",
				 context->subject);
	rc = store_open(&context->config->database, STORE_DAEMON, &store, err);
	if (rc == 0)
		rc = store_schema_check(store, err);
	if (rc == 0)
		rc = ask_all(store, context->config, full ? "{\"full\": true}" : "{}", err);
	store_close(&store);
	return rc;
}

/* Started when a signal comes, never by itself. */
static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	(void)config;
	(void)add;
	(void)context;
}

const struct duty duty_request = {.name = "request", .run = run, .wanted = wanted};
