/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: a source or a target is left alone, by its name. */
#include "app/verbs.h"
#include "roster/model.h"

/* What the configuration says a name is; the database knows what was read or told before. */
struct meant {
	const char *kind, *type; /* NULL: it says nothing */
};

static struct meant meaning(const struct config *config, const char *name)
{
	const struct source_config *source = config_source(config, name);
	const struct target_config *target = config_target(config, name);

	if (source != NULL)
		return (struct meant){"source", source->type};
	return target != NULL ? (struct meant){"target", target->type} : (struct meant){NULL, NULL};
}

static int act(struct app *app, int argc, char **argv, enum model_call call, struct error *err)
{
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc;

	if (app_options(app->verb, &argc, argv, NULL, 0, 1, 1, err) != 0 || app_configure(app, err) != 0)
		return -1;
	const struct meant meant = meaning(app->config, argv[0]);
	const char *params[] = {argv[0], meant.kind, meant.type};
	rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = model_call(store, call, params, &rows, err);
	pg_free(&rows);
	store_close(&store);
	return rc;
}

int cmd_pause(struct app *app, int argc, char **argv, struct error *err)
{
	if (act(app, argc, argv, MODEL_PAUSE, err) != 0)
		return -1;
	app_done(app, "%s is left alone until: rosterctl resume %s", argv[0], argv[0]);
	return 0;
}

int cmd_resume(struct app *app, int argc, char **argv, struct error *err)
{
	if (act(app, argc, argv, MODEL_RESUME, err) != 0)
		return -1;
	app_done(app, "%s goes on", argv[0]);
	return 0;
}
