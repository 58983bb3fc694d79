/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes: a plan as people or programs read it. One sink for each run: it prints what passes through, with a heading
 * before the first change and a summary at the end.
 */
#ifndef APP_CHANGES_H
#define APP_CHANGES_H

#include "roster/app.h"
#include "roster/job.h"

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

void change_printer_init(struct change_printer *printer, struct app *app, FILE *out, enum output_format format,
                         const struct source_config *source, const struct sync_report *report);
/* After the run: what the heading and the changes add up to. first tells the first source from the next ones. */
void change_printer_end(struct change_printer *printer, const struct safety_config *safety);

#endif
