/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/app.h"

#include "roster/job.h"

static int configure(struct app *app, bool secrets, struct error *err)
{
	struct findings findings = {0};
	struct str text = {0};
	int rc;

	if (app->config != NULL)
		return 0;
	rc = setup_load(app->config_file, app->arena, &app->config, &findings, err);
	const struct config *config = rc == 0 ? app->config : findings.draft;
	if (secrets && config != NULL) {
		secrets_check(config, SECRETS_READABLE, app->arena, &findings);
		rc = findings_error(&findings, err);
	}
	findings_print(&findings, &text);
	fputs(str_text(&text), stderr);
	str_free(&text);
	if (rc != 0)
		app->config = NULL;
	return rc;
}

int app_configure(struct app *app, struct error *err)
{
	return configure(app, false, err);
}

int app_configure_checked(struct app *app, struct error *err)
{
	return configure(app, true, err);
}

int app_connect(struct app *app, enum store_right right, struct store **ret, struct error *err)
{
	if (app_configure(app, err) != 0)
		return -1;
	if (store_open(&app->config->database, right, ret, err) != 0)
		return -1;
	if (right != STORE_OWNER && store_schema_check(*ret, err) != 0) {
		store_close(ret);
		return -1;
	}
	return 0;
}
