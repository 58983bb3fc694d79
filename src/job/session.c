/* SPDX-License-Identifier: Apache-2.0 */
#include "job/session.h"

#include "job/staging.h"
#include "roster/job.h"

#include <stdlib.h>
#include <string.h>

int session_open(const struct config *config, const struct source_config *source, struct session *ret,
		 struct error *err)
{
	*ret = (struct session){.config = config, .config_source = source, .driver = source_driver(source->type)};
	news_init(&ret->news);
	source_prepare(config);
	if (ret->driver == NULL)
		error_set(err, ERR_CONFIG, "there is no driver for type \"%s\"", source->type);
	else if (intake_new(config, source, &ret->intake, err) == 0 &&
		 ret->driver->open(source, &ret->source, err) == 0) {
		const struct digest rules = intake_rules_fingerprint(ret->intake);
		ret->rules = stager_meaning(source, &rules);
		ret->settings = ret->configured = stager_settings(source);
		return 0;
	}
	session_close(ret);
	return -1;
}

struct session *sync_prepare(const struct config *config, const struct source_config *source)
{
	struct session *session;

	/* What only looks opens its own. */
	if (config->safety.mode == SAFETY_OBSERVE)
		return NULL;
	session = xcalloc(1, sizeof *session);
	if (session_open(config, source, session, NULL) == 0 && session->driver->prepare != NULL)
		session->driver->prepare(session->source);
	else
		sync_prepared(&session);
	return session;
}

void sync_prepared(struct session **session)
{
	if (*session == NULL)
		return;
	session_close(*session);
	free(*session);
	*session = NULL;
}

int session_settle(struct session *session, struct error *err)
{
	const struct source_config *settled;

	if (session->settled || session->driver->settle == NULL)
		return 0;
	if (session->driver->settle(session->source, &settled, err) != 0)
		return -1;
	intake_settle(session->intake, settled);
	session->settings = stager_settings(settled);
	session->settled = true;
	return 0;
}

void session_rest(struct session *session)
{
	session->follows = false;
	session->push_run = 0;
	session->result = (struct news_result){0};
	news_clear(&session->news);
	if (session->driver != NULL && session->driver->news_stop != NULL && session->source != NULL)
		session->driver->news_stop(session->source);
}

void session_close(struct session *session)
{
	if (session->news.arena == NULL)
		return;
	session_rest(session);
	if (session->driver != NULL)
		session->driver->close(&session->source);
	intake_free(&session->intake);
	news_free(&session->news);
	*session = (struct session){0};
}
