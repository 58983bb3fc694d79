/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "reload": to hear through the database that the configuration is to be read again, and to tell there what became
 * of it. Two kinds of children: one listens for as long as rosterd lives; the other, "answer", lives for a moment when the
 * supervisor knows. The first also says when rosterd ends: it is not waited for then. */
#include "daemon/child.h"
#include "roster/daemons.h"
#include "roster/delivery.h"
#include "roster/log.h"

#include <string.h>

enum { LOOK_MS = 10000 }; /* a notification may get lost */

static int listen_on(struct store *store, const char *instance, struct error *err)
{
	int heard, rc = 0;

	while (rc >= 0 && !child_must_stop()) {
		child_alive();
		heard = store_daemon_hears(store, instance, err);
		if (heard < 0)
			return -1;
		if (heard > 0) {
			log_info("the configuration is to be read again");
			child_ask_reload();
		}
		rc = store_notified_within(store, LOOK_MS, err);
	}
	return rc < 0 ? -1 : 0;
}

static int serve(const struct child_context *context, struct store *store, struct error *err)
{
	const char *instance = child_instance();

	if (strcmp(context->subject, "answer") == 0)
		return store_daemon_answer(store, instance, child_refusal(), err);
	if (store_daemon_attend(store, instance, child_supervisor(), context->config_file, err) != 0)
		return -1;
	child_ready();
	if (listen_on(store, instance, err) != 0)
		return -1;
	/* One that is started anew for another configuration is still there, and waited for. */
	return child_supervisor_ends() ? store_daemon_leave(store, instance, err) : 0;
}

static int run(const struct child_context *context, struct error *err)
{
	struct store *store = NULL;
	int rc = store_open(&context->config->database, STORE_DAEMON, &store, err);

	if (rc == 0)
		rc = store_schema_check(store, err);
	if (rc == 0)
		rc = serve(context, store, err);
	store_close(&store);
	return rc;
}

static void wanted(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	(void)config;
	add(context, "");
}

const struct duty duty_reload = {.name = "reload", .run = run, .wanted = wanted};
