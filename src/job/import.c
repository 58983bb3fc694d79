/* SPDX-License-Identifier: Apache-2.0 */
/* The road from a file to a revision, and the way back for a source that is retired. */
#include "job/import_lines.h"
#include "roster/guard.h"
#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

struct importing {
	struct store *store;
	const struct import_options *options;
	struct arena *arena;
	struct import_report *report;
};

/* --- reading --------------------------------------------------------------------------------------------------------- */

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* Lines that are no text are named, and then nothing else is looked at. */
static bool check_text(const struct str *text, struct import_lines *lines)
{
	const char *at = str_text(text), *end = at + text->size;

	for (int line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop == NULL ? end : stop) - at);
		if (!text_is_valid(at, size))
			import_lines_refuse(lines, line, "it is not UTF-8");
		at += size + 1;
	}
	return lines->problem_count == 0;
}

static void read_lines(const struct str *text, struct import_lines *lines)
{
	struct str body = {0};
	bool marked = text_starts_with(str_text(text), byte_order_mark);

	str_append(&body, str_text(text) + (marked ? 3 : 0), text->size - (marked ? 3 : 0));
	const char *first = str_text(&body) + strspn(str_text(&body), " \t\r\n");
	if (check_text(&body, lines)) {
		if (*first == '{')
			import_json_read(&body, lines);
		else if (*first != '\0')
			import_csv_read(&body, lines);
	}
	str_free(&body);
}

static int compare_problems(const void *a, const void *b)
{
	return ((const struct import_problem *)a)->line - ((const struct import_problem *)b)->line;
}

/* What the database has to say about the names, among what was wrong with the lines themselves. */
static int add_problems(struct importing *importing, struct import_lines *lines, struct error *err)
{
	struct pg_rows *rows = NULL;

	if (store_import_problems(importing->store, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++)
		import_lines_refuse(lines, (int)pg_integer(rows, i, 0), "%s", pg_text(rows, i, 1));
	pg_free(&rows);
	if (lines->problem_count > 0)
		qsort(lines->problems, lines->problem_count, sizeof *lines->problems, compare_problems);
	importing->report->problems = lines->problems;
	importing->report->problem_count = lines->problem_count;
	return 0;
}

/* --- judging --------------------------------------------------------------------------------------------------------- */

/* Which limits the plan is above: all of them are said, whatever the mode. */
static int judge(struct importing *importing, const char *source, struct error *err)
{
	struct guard_counts counts;
	struct str text = {0};

	if (store_import_counts(importing->store, source, importing->options->safety, importing->arena, &counts, err) !=
	    0)
		return -1;
	struct guard_verdict *verdicts = arena_alloc_array(importing->arena, counts.count + 1, sizeof *verdicts);
	guard_judge(importing->options->safety, counts.items, counts.count, verdicts);
	for (size_t i = 0; i < counts.count; i++)
		if (verdicts[i].reason[0] != '\0')
			str_printf(&text, "%s%s", text.size == 0 ? "" : "; ", verdicts[i].reason);
	importing->report->limits = arena_strdup(importing->arena, str_text(&text));
	str_free(&text);
	return 0;
}

/* --- the road -------------------------------------------------------------------------------------------------------- */

static int plan(struct importing *importing, struct import_lines *lines, struct error *err)
{
	const struct import_options *options = importing->options;
	struct import_report *report = importing->report;

	if (store_begin(importing->store, err) != 0 ||
	    store_import_stage(importing->store, lines->statements, lines->count, err) != 0 ||
	    store_import_begin(importing->store, options->name, !options->dry_run, err) != 0 ||
	    add_problems(importing, lines, err) != 0)
		return -1;
	if (report->problem_count > 0)
		return 0;
	return store_import_plan(importing->store, options->name, options->complete, err) == 0 &&
		       store_import_changes(importing->store, &report->changes, err) == 0 &&
		       judge(importing, options->name, err) == 0
		   ? 0
		   : -1;
}

/* Who answers for a node must have access by all that the file gives: that is seen when it is done. */
static bool has_nodes(const struct import_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->statements[i].fact, "node") == 0)
			return true;
	return false;
}

static int apply(struct importing *importing, struct error *err)
{
	const struct import_mode mode = {.name = importing->options->name,
					 .complete = importing->options->complete,
					 .counted = importing->report->limits[0] == '\0'};

	if (store_import_apply(importing->store, &mode, &importing->report->revision, err) != 0)
		return -1;
	if (!importing->options->dry_run)
		return store_commit(importing->store, err);
	importing->report->revision = 0;
	return 0;
}

int import_text(struct store *store, const struct import_options *options, const struct str *text, struct arena *arena,
		struct import_report *report, struct error *err)
{
	struct importing importing = {store, options, arena, report};
	struct import_lines lines = {.arena = arena};
	int rc;

	*report = (struct import_report){.limits = ""};
	read_lines(text, &lines);
	report->statements = lines.count;
	rc = plan(&importing, &lines, err);
	report->held = report->limits[0] != '\0' && !options->agreed;
	if (rc == 0 && report->problem_count == 0 && (options->dry_run ? has_nodes(&lines) : !report->held))
		rc = apply(&importing, err);
	store_rollback(store);
	return rc;
}

static int retire(struct importing *importing, struct error *err)
{
	const struct import_options *options = importing->options;
	struct import_report *report = importing->report;

	if (store_begin(importing->store, err) != 0 ||
	    store_retire_plan(importing->store, options->name, options->agreed, err) != 0 ||
	    store_import_changes(importing->store, &report->changes, err) != 0 ||
	    judge(importing, options->name, err) != 0)
		return -1;
	report->held = !options->agreed;
	if (report->held)
		return 0;
	return store_retire_apply(importing->store, options->name, &report->revision, err) == 0 &&
		       store_commit(importing->store, err) == 0
		   ? 0
		   : -1;
}

int import_retire(struct store *store, const struct import_options *options, struct arena *arena,
		  struct import_report *report, struct error *err)
{
	struct importing importing = {store, options, arena, report};

	*report = (struct import_report){.limits = ""};
	int rc = retire(&importing, err);
	store_rollback(store);
	return rc;
}

/* What is taken back shows whether it can be: a dry run does it too, and ends before it counts. */
static int revert(struct importing *importing, struct error *err)
{
	const struct import_options *options = importing->options;
	struct import_report *report = importing->report;
	struct revert_done done = {0};
	const char *source;

	if (store_begin(importing->store, err) != 0 ||
	    store_revert_plan(importing->store, options->name, importing->arena, &source, err) != 0 ||
	    store_import_changes(importing->store, &report->changes, err) != 0 || judge(importing, source, err) != 0)
		return -1;
	report->held = report->limits[0] != '\0' && !options->agreed;
	if (store_revert_apply(importing->store, options->name, report->limits[0] == '\0', importing->arena, &done,
			       err) != 0)
		return -1;
	report->again = done.held;
	report->held_by = done.held_by;
	if (options->dry_run || report->held)
		return 0;
	report->revision = done.revision;
	return store_commit(importing->store, err);
}

int import_revert(struct store *store, const struct import_options *options, struct arena *arena,
		  struct import_report *report, struct error *err)
{
	struct importing importing = {store, options, arena, report};

	*report = (struct import_report){.limits = "", .held_by = ""};
	int rc = revert(&importing, err);
	store_rollback(store);
	return rc;
}
