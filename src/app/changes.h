/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes: a plan as people or programs read it. One sink for each run: it prints what passes through, with a heading
 * before the first change and a summary at the end.
 */
#ifndef APP_CHANGES_H
#define APP_CHANGES_H

#include "roster/app.h"
#include "roster/job.h"

/* The caller fills all but started and printed, and sets sink.change to change_print; run_print() does it. */
struct change_printer {
	struct change_sink sink; /* hand this to sync_source() */
	struct app *app;
	FILE *out;
	enum output_format format;
	const struct source_config *source;
	const struct sync_report *report; /* filled while the run goes on */
	bool started;
	unsigned long printed;
};

/* The frame around all sources: an object with "schema" and "sources" in JSON, nothing otherwise. */
void changes_open(FILE *out, enum output_format format);
void changes_close(FILE *out, enum output_format format);

int change_print(struct change_sink *sink, const struct change *change, struct error *err);
/* After the run: what the heading and the changes add up to. */
void change_printer_end(struct change_printer *printer, const struct safety_config *safety);

#endif
