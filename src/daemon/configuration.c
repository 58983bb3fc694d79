/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration that is in force, or may come into force. */
#include "daemon/private.h"
#include "roster/job.h"

#include <stdio.h>
#include <unistd.h>

int daemon_load(const char *file, bool warnings, struct setup *ret, struct error *err)
{
	struct findings findings = {0};
	struct str text = {0};

	*ret = (struct setup){.arena = arena_new()};
	int rc = setup_load(file, ret->arena, &ret->config, &findings, err);
	if (rc != 0 || warnings)
		findings_print(&findings, &text);
	fputs(str_text(&text), stderr);
	str_free(&text);
	return rc;
}

void daemon_unload(struct setup *setup)
{
	arena_free(&setup->arena);
	setup->config = NULL;
}

int daemon_permitted(const struct config *config, struct error *err)
{
	if (geteuid() != 0 || config->database.embedded[0] == '\0')
		return 0;
	return error_set(err, ERR_DENIED, "PostgreSQL does not run as root: start rosterd as a user of its own");
}
