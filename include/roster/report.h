/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report: everything an auditor asks for, row by row, complete and in a fixed order.
 *
 * Part of the store. The rows need not fit into memory: each batch is handed over, then freed.
 */
#ifndef ROSTER_REPORT_H
#define ROSTER_REPORT_H

#include "roster/pg.h"
#include "roster/store.h"

#include <stddef.h>

enum report_kind { REPORT_ACCESS, REPORT_GRANTS, REPORT_DANGLING };

/* What the columns of a row are called, in order; NULL ends them. */
const char *const *report_columns(enum report_kind kind);

struct report_question {
	enum report_kind kind;
	const char *who;      /* login or id; NULL for everybody */
	const char *resource; /* "app:crm"; NULL for all */
	const char *as_of;    /* revision; NULL for now */
	const char *source;   /* its name, NULL for all; of REPORT_DANGLING, which takes nothing else */
};
/* ERR_DATA when one of them does not exist. */
int store_report(struct store *store, const struct report_question *question, const struct pg_reader *reader,
		 struct error *err);

#endif
