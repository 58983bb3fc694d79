/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/app.h"

#include "roster/job.h"

int app_configure(struct app *app, struct error *err)
{
	struct findings findings = {0};
	struct str text = {0};
	int rc;

	if (app->config != NULL)
		return 0;
	rc = setup_load(app->config_file, app->arena, &app->config, &findings, err);
	findings_print(&findings, &text);
	fputs(str_text(&text), stderr);
	str_free(&text);
	if (rc != 0)
		app->config = NULL;
	return rc;
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
