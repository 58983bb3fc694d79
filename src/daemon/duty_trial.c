/* SPDX-License-Identifier: Apache-2.0 */
/* The duty "trial": is what a configuration names there and usable? Asked before it comes into force. */
#include "roster/daemon.h"

#include "roster/job.h"
#include "roster/log.h"

#include <string.h>

static int try_secrets(const struct config *config, struct error *err)
{
	struct arena *arena = arena_new();
	struct findings findings = {0};

	secrets_check(config, SECRETS_ALL, arena, &findings);
	for (size_t i = 0; i < findings.count; i++)
		log_error("%s:%d: %s", findings.items[i].position.file, findings.items[i].position.line,
			  findings.items[i].text);
	arena_free(&arena);
	if (findings.count == 0)
		return 0;
	return error_set(err, ERR_CONFIG, "%zu of the secrets, files and programs it names cannot be used",
			 findings.count);
}

static int try_database(const struct config *config, struct error *err)
{
	struct store *store = NULL;
	int rc;

	/* It would be another database, and an empty one where there is none yet: nothing to step into unasked. */
	if (config->database.embedded[0] != '\0')
		return error_set(err, ERR_CONFIG,
				 "database.embedded is not the directory in use: \"%s\" would be another database, "
				 "so a running rosterd does not go over to it; stop rosterd, move the directory if "
				 "the database shall be the same, then start it",
				 config->database.embedded);
	rc = store_open(&config->database, STORE_DAEMON, &store, err);
	if (rc == 0)
		rc = store_schema_check(store, err);
	store_close(&store);
	return rc;
}

static int run(const struct child_context *context, struct error *err)
{
	if (try_secrets(context->config, err) != 0)
		return -1;
	return strcmp(context->subject, "all") == 0 ? try_database(context->config, err) : 0;
}

static bool keeps(const struct config *before, const struct config *after)
{
	const struct database_config *a = &before->database, *b = &after->database;

	if (b->embedded[0] != '\0')
		return strcmp(a->embedded, b->embedded) == 0;
	return strcmp(a->conninfo, b->conninfo) == 0 && strcmp(a->daemon_role, b->daemon_role) == 0;
}

const struct duty duty_trial = {.name = "trial", .run = run, .keeps = keeps};
