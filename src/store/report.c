/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/report.h"
#include "store/private.h"

static const char *const access_columns[] = {"login", "name",     "user_id",  "resource", "permissions",
					     "role",  "anchor",   "distance", "source",   "rule",
					     "since", "since_at", "given_by", "cause",    NULL};
static const char *const grant_columns[] = {"login", "name",  "user_id",  "active",   "anchor", "role",       "source",
					    "rule",  "since", "since_at", "given_by", "cause",  "expires_at", NULL};
static const char *const dangling_columns[] = {"source", "group_dn", "value", "why", "since", NULL};

static const struct {
	const char *const *columns;
	const char *sql;
} reports[] = {
    [REPORT_ACCESS] = {access_columns,
		       "select login, name, user_id, resource, permissions, role, anchor, distance, source, rule, "
		       "since, since_at, given_by, cause from report_access($1, $2, need_moment($3))"},
    [REPORT_GRANTS] = {grant_columns,
		       "select login, name, user_id, active, anchor, role, source, rule, since, since_at, "
		       "given_by, cause, expires_at from report_grants($1, $2, need_moment($3))"},
    [REPORT_DANGLING] = {dangling_columns, "select source_name, group_dn, value, why, since from report_dangling($1)"},
};

const char *const *report_columns(enum report_kind kind)
{
	return reports[kind].columns;
}

int store_report(struct store *store, const struct report_question *question, const struct pg_reader *reader,
		 struct error *err)
{
	bool dangling = question->kind == REPORT_DANGLING;
	const char *params[] = {dangling ? question->source : question->who, question->resource, question->as_of};

	if (store_begin(store, err) != 0)
		return -1;
	int rc = pg_stream(store->pg, reports[question->kind].sql, params, dangling ? 1 : 3, reader, err);
	store_rollback(store);
	return rc;
}
