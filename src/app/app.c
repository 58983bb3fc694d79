/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/app.h"
#include "app/sign_in.h"

#include "roster/job.h"

static int configure(struct app *app, bool secrets, struct error *err)
{
	if (app->config != NULL)
		return 0;
	app->findings = (struct findings){0};
	int rc = setup_load(app->config_file, app->arena, &app->config, &app->findings, err);
	const struct config *config = rc == 0 ? app->config : app->findings.draft;
	if (secrets && config != NULL) {
		secrets_check(config, SECRETS_READABLE, app->arena, &app->findings);
		rc = findings_count(&app->findings, err);
	} else if (rc != 0) {
		rc = app->findings.errors > 0 ? findings_count(&app->findings, err) : -1;
	}
	if (rc != 0)
		app->config = NULL;
	return rc;
}

void app_print_findings(const struct app *app)
{
	struct str text = {0};

	findings_print(&app->findings, &text);
	fputs(str_text(&text), stderr);
	str_free(&text);
}

int app_configure(struct app *app, struct error *err)
{
	bool first = app->config == NULL;
	int rc = configure(app, false, err);

	if (first)
		app_print_findings(app);
	return rc;
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
	if (right == STORE_OPERATOR && sign_in_use(app, *ret, err) != 0) {
		store_close(ret);
		return -1;
	}
	return 0;
}
