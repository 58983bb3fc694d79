/* SPDX-License-Identifier: Apache-2.0 */
/* verbs: the table of everything rosterctl can do, family by family, and how a verb is found in it. */
#ifndef APP_VERBS_H
#define APP_VERBS_H

#include "roster/app.h"

struct verb_family {
	const char *title;
	const struct verb *verbs;
	size_t count;
};

extern const struct verb_family config_family, database_family, status_family, delivery_family, ask_family, user_family,
    group_family, app_family, access_group_family, node_family, namespace_family, role_family, import_family,
    report_family, signin_family, help_family;

/* NULL-terminated, in the order of help. */
extern const struct verb_family *const verb_families[];

/* NULL when there is none. */
const struct verb *verb_named(const char *name);
/* The verb at the beginning of words; *used is how many of them name it. ERR_USAGE says what was meant or what there is. */
int verb_find(char *const words[], int count, const struct verb **ret, int *used, struct error *err);

/* The next verb of all families; starts with *family and *index 0. NULL at the end. */
const struct verb *verb_next(size_t *family, size_t *index);

int cmd_plan(struct app *app, int argc, char **argv, struct error *err);
int cmd_source_preview(struct app *app, int argc, char **argv, struct error *err);
int cmd_pause(struct app *app, int argc, char **argv, struct error *err);
int cmd_resume(struct app *app, int argc, char **argv, struct error *err);
int cmd_reload(struct app *app, int argc, char **argv, struct error *err);
int cmd_sync(struct app *app, int argc, char **argv, struct error *err);
int cmd_approve(struct app *app, int argc, char **argv, struct error *err);
int cmd_revert(struct app *app, int argc, char **argv, struct error *err);
int cmd_reject(struct app *app, int argc, char **argv, struct error *err);
int cmd_explain(struct app *app, int argc, char **argv, struct error *err);
int cmd_database_backup(struct app *app, int argc, char **argv, struct error *err);
int cmd_rules_test(struct app *app, int argc, char **argv, struct error *err);

#endif
