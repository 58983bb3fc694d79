/* SPDX-License-Identifier: Apache-2.0 */
/* report: who may do what, and why, for people who check that. */
#include "app/output.h"
#include "app/verbs.h"
#include "roster/directory.h"
#include "roster/json.h"
#include "roster/report.h"

#include <string.h>

enum report_format { REPORT_CSV, REPORT_JSON, REPORT_PLAIN };

struct printer {
	enum report_format format;
	const char *name;
	const char *const *columns;
	const struct config *config; /* NULL: the rows are said as they are */
	bool started;
	size_t printed;
};

/* --- one row --------------------------------------------------------------------------------------------------------- */

static void add_plain(struct str *out, const char *text)
{
	static const char escaped[] = "\t\n\\", letters[] = "tn\\";

	for (const char *at = text; *at != '\0'; at++) {
		const char *found = strchr(escaped, *at);
		if (found == NULL)
			str_add_char(out, *at);
		else
			str_printf(out, "\\%c", letters[found - escaped]);
	}
}

static void add_json_list(struct str *out, const char *list)
{
	struct str item = {0};
	const char *between = "";

	str_add_char(out, '[');
	while (pg_array_next(&list, &item)) {
		str_add(out, between);
		json_add_text(out, str_text(&item));
		between = ", ";
	}
	str_add_char(out, ']');
	str_free(&item);
}

enum { DANGLING_SOURCE, DANGLING_GROUP, DANGLING_VALUE, DANGLING_WHY };

static bool is_below(const char *dn, const char *base)
{
	struct str canonical = {0};
	bool below = dn_canonical(base, strlen(base), &canonical, NULL) == 0 && dn_is_under(dn, str_text(&canonical));

	str_free(&canonical);
	return below;
}

/* Of a source without a base the server says what is read. */
static bool is_outside(const struct source_config *source, const char *value)
{
	struct str dn = {0};
	bool outside = source != NULL && source->users.base[0] != '\0' && source->groups.base[0] != '\0' &&
		       dn_canonical(value, strlen(value), &dn, NULL) == 0 &&
		       !is_below(str_text(&dn), source->users.base) && !is_below(str_text(&dn), source->groups.base);

	str_free(&dn);
	return outside;
}

/* What stands in a domain for somebody of another one: he is looked up by the SID in every source, so that no base of this
 * one has anything to do with it. */
static bool is_foreign(const char *value)
{
	struct str dn = {0};
	bool foreign = dn_canonical(value, strlen(value), &dn, NULL) == 0 &&
		       text_starts_with(str_text(&dn), "cn=s-1-") &&
		       text_starts_with(dn_parent(str_text(&dn)), "cn=foreignsecurityprincipals,");

	str_free(&dn);
	return foreign;
}

/* Where nobody was looked for, it is no wonder that nobody is known: which names those are the database cannot tell. */
static const char *said(const struct printer *printer, const struct pg_rows *rows, size_t row, int column)
{
	const char *text = pg_text(rows, row, column);

	if (printer->config == NULL || column != DANGLING_WHY || strcmp(text, "nobody known has it") != 0)
		return text;
	if (is_foreign(pg_text(rows, row, DANGLING_VALUE)))
		return "no source has this SID";
	if (!is_outside(config_source(printer->config, pg_text(rows, row, DANGLING_SOURCE)),
			pg_text(rows, row, DANGLING_VALUE)))
		return text;
	return "outside of the search base";
}

static void add_json(struct str *out, const struct printer *printer, const struct pg_rows *rows, size_t row, int column)
{
	const char *text = said(printer, rows, row, column);
	enum pg_kind kind = pg_column_kind(rows, column);

	if (pg_is_null(rows, row, column))
		str_add(out, "null");
	else if (kind == PG_KIND_BOOLEAN)
		str_add(out, text[0] == 't' ? "true" : "false");
	else if (kind == PG_KIND_NUMBER)
		str_add(out, text);
	else if (kind == PG_KIND_LIST)
		add_json_list(out, text);
	else
		json_add_text(out, text);
}

/* What is printed of a cell: permissions hold no spaces, and there are many of them. */
static const char *text_of(const struct printer *printer, const struct pg_rows *rows, size_t row, int column,
			   struct str *list)
{
	if (pg_column_kind(rows, column) != PG_KIND_LIST)
		return said(printer, rows, row, column);
	output_add_list(list, pg_text(rows, row, column),
			strcmp(pg_column_name(rows, column), "permissions") == 0 ? " " : ", ");
	return str_text(list);
}

static void add_cell(struct str *out, const struct printer *printer, const struct pg_rows *rows, size_t row, int column)
{
	struct str list = {0};
	const char *text = text_of(printer, rows, row, column, &list);

	if (printer->format == REPORT_JSON) {
		str_printf(out, "%s\"%s\": ", column == 0 ? "" : ", ", printer->columns[column]);
		add_json(out, printer, rows, row, column);
	} else if (printer->format == REPORT_PLAIN) {
		str_add(out, column == 0 ? "" : "\t");
		add_plain(out, text);
	} else {
		str_add(out, column == 0 ? "" : ",");
		if (pg_column_kind(rows, column) == PG_KIND_BOOLEAN)
			text = text[0] == 't' ? "true" : "false";
		output_add_csv(out, text);
	}
	str_free(&list);
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

static const struct {
	const char *before, *between, *row, *end, *after;
} frames[] = {
    [REPORT_CSV] = {"", "", "", "\r\n", ""},
    [REPORT_JSON] = {"[", ",", "\n  {", "}", "\n]}\n"},
    [REPORT_PLAIN] = {"", "", "", "\n", ""},
};

static void print_heading(struct printer *printer)
{
	if (printer->started)
		return;
	printer->started = true;
	if (printer->format == REPORT_JSON)
		printf("{\"schema\": 1, \"%s\": ", printer->name);
	for (size_t i = 0; printer->format == REPORT_CSV && printer->columns[i] != NULL; i++)
		printf("%s%s", i == 0 ? "" : ",", printer->columns[i]);
	fputs(printer->format == REPORT_CSV ? "\r\n" : "", stdout);
	fputs(frames[printer->format].before, stdout);
}

static int print_batch(const struct pg_rows *rows, void *context, struct error *err)
{
	struct printer *printer = context;
	struct str out = {0};

	print_heading(printer);
	for (size_t row = 0; row < pg_count(rows); row++) {
		str_printf(&out, "%s%s", printer->printed == 0 ? "" : frames[printer->format].between,
			   frames[printer->format].row);
		for (int column = 0; column < pg_columns(rows); column++)
			add_cell(&out, printer, rows, row, column);
		str_add(&out, frames[printer->format].end);
		printer->printed++;
	}
	fwrite(str_text(&out), 1, out.size, stdout);
	str_free(&out);
	/* Nobody reads it any more: do not compute the rest. Why is said at the end of every verb. */
	return ferror(stdout) ? error_set(err, ERR_INTERNAL, "the report cannot be written") : 0;
}

static const char *const names[] = {
    [REPORT_ACCESS] = "access", [REPORT_GRANTS] = "grants", [REPORT_DANGLING] = "dangling"};

static int report(struct app *app, const struct report_question *question, struct error *err)
{
	struct printer printer = {.format = app->format == OUTPUT_JSON    ? REPORT_JSON
					    : app->format == OUTPUT_PLAIN ? REPORT_PLAIN
									  : REPORT_CSV,
				  .name = names[question->kind],
				  .columns = report_columns(question->kind)};
	const struct pg_reader reader = {.batch = print_batch, .context = &printer};
	struct store *store = NULL;

	int rc = app_connect(app, STORE_OPERATOR, &store, err);
	printer.config = question->kind == REPORT_DANGLING ? app->config : NULL;
	if (rc == 0)
		rc = store_report(store, question, &reader, err);
	if (rc == 0) {
		/* Also of nothing: who reads it must see that it is whole. */
		print_heading(&printer);
		fputs(frames[printer.format].after, stdout);
	}
	store_close(&store);
	return ferror(stdout) ? 0 : rc;
}

static int run_report(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--csv", OPTION_FLAG, NULL},
					 {"--user", OPTION_VALUE, NULL},
					 {"--resource", OPTION_VALUE, NULL},
					 {"--at", OPTION_VALUE, NULL}};

	if (app_options(app->verb, &argc, argv, options, 4, 0, 0, err) != 0)
		return -1;
	if (options[0].value != NULL && app->format != OUTPUT_TEXT)
		return error_set(err, ERR_USAGE, "--csv, --json or --plain: one of them");
	const struct report_question question = {
	    .kind = text_ends_with(app->verb->name, "access") ? REPORT_ACCESS : REPORT_GRANTS,
	    .who = options[1].value,
	    .resource = options[2].value,
	    .as_of = options[3].value,
	};
	return report(app, &question, err);
}

static int run_dangling(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--csv", OPTION_FLAG, NULL}, {"--source", OPTION_VALUE, NULL}};

	if (app_options(app->verb, &argc, argv, options, 2, 0, 0, err) != 0)
		return -1;
	if (options[0].value != NULL && app->format != OUTPUT_TEXT)
		return error_set(err, ERR_USAGE, "--csv, --json or --plain: one of them");
	const struct report_question question = {.kind = REPORT_DANGLING, .source = options[1].value};
	return report(app, &question, err);
}

static const struct verb verbs[] = {
    {
	.name = "report access",
	.usage = "[--csv] [--user USER] [--resource RESOURCE] [--at REVISION|TIME]",
	.summary = "list who may do what, every way to it, and why",
	.help =
	    "One row for each person, resource and way: the permissions, the role and where it is held, the source and "
	    "the rule that gave it, since which revision, by whom. CSV unless --json or --plain is given; complete, in "
	    "a "
	    "fixed order. With --at as of an earlier revision, without rules.",
	.example = "report access --resource app:api --csv",
	.run = run_report,
    },
    {
	.name = "report grants",
	.usage = "[--csv] [--user USER] [--resource RESOURCE] [--at REVISION|TIME]",
	.summary = "list who holds which role where, since when, and why",
	.help = "One row for each role somebody holds at a group, an app or the platform, owners of apps and inactive "
		"people "
		"too. CSV unless --json or --plain is given; complete, in a fixed order. --resource is the place where "
		"it is held.",
	.example = "report grants --user alice --json",
	.run = run_report,
    },
    {
	.name = "report dangling",
	.usage = "[--csv] [--source SOURCE]",
	.summary = "list what groups of directories list without there being anybody",
	.help = "One row for each group and value: a name outside of the search base, one nobody is known by, as "
		"that of a "
		"person who was deleted, or somebody known who is gone or closed; and since when. Nobody has anything "
		"by it. CSV unless --json or --plain is given.",
	.example = "report dangling --source corp",
	.run = run_dangling,
    },
};

const struct verb_family report_family = {"Reports", verbs, sizeof verbs / sizeof verbs[0]};
