/* SPDX-License-Identifier: Apache-2.0 */
/* import: what a file says about groups, apps, access groups, nodes, namespaces and members; and the way back for a whole source. */
#include "app/output.h"
#include "app/verbs.h"
#include "roster/job.h"
#include "roster/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { EXIT_CHANGES_PENDING = 2, FILE_MOST = 256 * 1024 * 1024 };
enum { CHANGE_COLUMN, LINE_COLUMN = 4 };

/* --- the file -------------------------------------------------------------------------------------------------------- */

static int read_stream(FILE *file, const char *name, struct str *text, struct error *err)
{
	char buffer[65536];
	size_t got;

	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0 && text->size <= FILE_MOST)
		str_append(text, buffer, got);
	if (ferror(file))
		return error_set(err, ERR_DATA, "cannot read %s: %s", name, strerror(errno));
	if (text->size > FILE_MOST)
		return error_set(err, ERR_DATA, "%s is larger than %d MiB; import it in parts", name,
				 FILE_MOST / 1024 / 1024);
	return 0;
}

static int read_file(const char *name, struct str *text, struct error *err)
{
	bool standard = strcmp(name, "-") == 0;
	FILE *file = standard ? stdin : fopen(name, "re");

	if (file == NULL)
		return error_set(err, ERR_DATA, "cannot open %s: %s", name, strerror(errno));
	int rc = read_stream(file, standard ? "standard input" : name, text, err);
	if (!standard)
		fclose(file);
	return rc;
}

/* --- what is wrong with it ------------------------------------------------------------------------------------------- */

static void add_line(struct str *out, const struct str *text, int wanted)
{
	const char *at = str_text(text), *end = at + text->size, *stop;

	for (int line = 1; line < wanted && (stop = memchr(at, '\n', (size_t)(end - at))) != NULL; line++)
		at = stop + 1;
	stop = memchr(at, '\n', (size_t)(end - at));
	struct str line = {0};
	str_append(&line, at, (size_t)((stop == NULL ? end : stop) - at));
	if (text_is_valid(str_text(&line), line.size)) {
		str_add(out, "    ");
		output_add_text(out, str_text(&line));
		str_add_char(out, '\n');
	}
	str_free(&line);
}

/* Each with the line it is about, once. */
static int refuse(const char *name, const struct str *text, const struct import_report *report, struct error *err)
{
	struct str out = {0};

	for (size_t i = 0; i < report->problem_count; i++) {
		const struct import_problem *problem = &report->problems[i];
		str_printf(&out, "%s:%d: ", name, problem->line);
		output_add_text(&out, problem->why);
		str_add_char(&out, '\n');
		if (i + 1 == report->problem_count || problem[1].line != problem->line)
			add_line(&out, text, problem->line);
	}
	fputs(str_text(&out), stderr);
	str_free(&out);
	return error_set(err, ERR_DATA, "%s has %zu mistake%s; nothing was written", name, report->problem_count,
			 report->problem_count == 1 ? "" : "s");
}

/* --- what it changes ------------------------------------------------------------------------------------------------- */

struct sums {
	int64_t add, change, remove;
};

static struct sums add_up(const struct pg_rows *changes)
{
	struct sums sums = {0, 0, 0};

	for (size_t i = 0; i < pg_count(changes); i++) {
		const char *change = pg_text(changes, i, CHANGE_COLUMN);
		sums.add += strcmp(change, "added") == 0 || strcmp(change, "restored") == 0;
		sums.change += strcmp(change, "changed") == 0;
		sums.remove += strcmp(change, "removed") == 0 || strcmp(change, "archived") == 0 ||
			       strcmp(change, "suspended") == 0;
	}
	return sums;
}

static const char *number(struct app *app, int64_t value)
{
	return arena_printf(app->arena, "%" PRId64, value);
}

/* What is read by people says of no line where there are no lines. */
static struct table *table_of_changes(struct app *app, const struct pg_rows *changes)
{
	static const char *const headings[] = {"change", "kind", "name", "detail", NULL};
	bool lines = app->format != OUTPUT_TEXT;
	struct table *table;

	for (size_t i = 0; i < pg_count(changes); i++)
		lines = lines || pg_text(changes, i, LINE_COLUMN)[0] != '\0';
	if (lines)
		return table_of_rows(app->arena, "changes", changes);
	table = table_new(app->arena, "changes", headings);
	for (size_t i = 0; i < pg_count(changes); i++) {
		const char *cells[] = {pg_text(changes, i, 0), pg_text(changes, i, 1), pg_text(changes, i, 2),
				       pg_text(changes, i, 3)};
		table_add(table, cells);
	}
	return table;
}

/* act: what came of it is called so. */
static int print_changes(struct app *app, const char *act, const struct import_report *report, const struct sums *sums,
			 struct error *err)
{
	static const char *const headings[] = {"add", "change", "remove", "limits", "held", "revision", NULL};
	struct table *tables[] = {table_of_changes(app, report->changes), table_new(app->arena, act, headings)};
	const char *cells[] = {number(app, sums->add),    number(app, sums->change),
			       number(app, sums->remove), report->limits,
			       report->held ? "t" : "f",  report->revision == 0 ? NULL : number(app, report->revision)};

	tables[1]->kinds[0] = tables[1]->kinds[1] = tables[1]->kinds[2] = tables[1]->kinds[5] = PG_KIND_NUMBER;
	tables[1]->kinds[4] = PG_KIND_BOOLEAN;
	table_add(tables[1], cells);
	if (app->format == OUTPUT_TEXT && pg_count(report->changes) == 0)
		return 0;
	return app_print_tables(app, tables, app->format == OUTPUT_JSON ? 2 : 1, err);
}

static void say_sums(const char *what, const char *name, const struct sums *sums)
{
	fprintf(stderr, "%s \"%s\": %" PRId64 " to add, %" PRId64 " to change, %" PRId64 " to remove\n", what, name,
		sums->add, sums->change, sums->remove);
}

/* --- import ---------------------------------------------------------------------------------------------------------- */

static const char default_name[] = "import";

/* The same without --plan: under another name, or not complete, it would be something else. */
static void say_apply(const char *file, const struct import_options *options)
{
	struct str words = {0};

	str_add_word(&words, "rosterctl import ", file);
	if (strcmp(options->name, default_name) != 0)
		str_add_word(&words, " --name ", options->name);
	if (options->complete)
		str_add(&words, " --complete");
	fprintf(stderr, "Nothing was written. Apply: %s\n", str_text(&words));
	str_free(&words);
}

static int say_import(const char *file, const struct import_options *options, const struct import_report *report,
		      const struct sums *sums, struct error *err)
{
	int64_t changes = sums->add + sums->change + sums->remove;

	if (options->dry_run) {
		say_sums("import", options->name, sums);
		if (report->limits[0] != '\0')
			fprintf(stderr, "above the limits, so it needs --yes: %s\n", report->limits);
		say_apply(file, options);
		return 0;
	}
	if (report->held)
		return error_set(
		    err, ERR_GUARD,
		    "import \"%s\" is above the limits, nothing was written: %s (read the list, then repeat it with "
		    "--yes)",
		    options->name, report->limits);
	if (report->revision == 0)
		fprintf(stderr, "import \"%s\": nothing to do\n", options->name);
	else
		fprintf(stderr, "import \"%s\" applied %" PRId64 " change%s (revision %" PRId64 ")\n", options->name,
			changes, changes == 1 ? "" : "s", report->revision);
	return 0;
}

static int import(struct app *app, const char *file, const struct import_options *options, struct error *err)
{
	struct import_report report = {.limits = ""};
	struct store *store = NULL;
	struct str text = {0};
	int rc = -1;

	if (read_file(file, &text, err) != 0 || app_connect(app, STORE_OPERATOR, &store, err) != 0 ||
	    import_text(store, options, &text, app->arena, &report, err) != 0)
		goto out;
	if (report.problem_count > 0) {
		rc = refuse(file, &text, &report, err);
		goto out;
	}
	struct sums sums = add_up(report.changes);
	rc = print_changes(app, "import", &report, &sums, err);
	if (rc == 0)
		rc = say_import(file, options, &report, &sums, err);
out:
	pg_free(&report.changes);
	store_close(&store);
	str_free(&text);
	return rc;
}

static int cmd_import(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--plan", OPTION_FLAG, NULL},
					 {"--complete", OPTION_FLAG, NULL},
					 {"--name", OPTION_VALUE, NULL},
					 {"--yes", OPTION_FLAG, NULL}};

	if (app_options(app->verb, &argc, argv, options, 4, 1, 1, err) != 0 || app_configure(app, err) != 0)
		return -1;
	const struct import_options wanted = {
	    .safety = &app->config->safety,
	    .name = options[2].value == NULL ? default_name : options[2].value,
	    .dry_run = options[0].value != NULL,
	    .complete = options[1].value != NULL,
	    .agreed = options[3].value != NULL,
	};
	if (config_source(app->config, wanted.name) != NULL)
		return error_set(err, ERR_USAGE, "\"%s\" is a source of %s: give the import another --name",
				 wanted.name, app->config_file);
	return import(app, argv[0], &wanted, err);
}

/* --- source retire --------------------------------------------------------------------------------------------------- */

static void say_retire(struct app *app, const struct import_options *options, const struct import_report *report,
		       const struct sums *sums)
{
	if (report->limits[0] != '\0')
		fprintf(stderr, "warning: this is above the limits: %s\n", report->limits);
	if (report->held) {
		say_sums("source", options->name, sums);
		fprintf(stderr, "Nothing was written. Take it away: rosterctl source retire %s --yes\n", options->name);
		app->exit_code = EXIT_CHANGES_PENDING;
	} else if (report->revision == 0) {
		app_done(app, "source %s gave nothing any more, and is retired", options->name);
	} else {
		fprintf(stderr, "source %s is retired: %" PRId64 " change%s (revision %" PRId64 ")\n", options->name,
			sums->remove, sums->remove == 1 ? "" : "s", report->revision);
	}
}

static int cmd_retire(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--yes", OPTION_FLAG, NULL}};
	struct import_report report = {.limits = ""};
	struct store *store = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, options, 1, 1, 1, err) != 0 || app_configure(app, err) != 0)
		return -1;
	const struct import_options wanted = {
	    .safety = &app->config->safety, .name = argv[0], .agreed = options[0].value != NULL};
	if (config_source(app->config, argv[0]) != NULL)
		return error_set(err, ERR_CONFIG,
				 "source %s is still in %s: its next run would give everything back; take it out there "
				 "first",
				 argv[0], app->config_file);
	if (app_connect(app, STORE_OPERATOR, &store, err) != 0 ||
	    import_retire(store, &wanted, app->arena, &report, err) != 0)
		goto out;
	struct sums sums = add_up(report.changes);
	rc = print_changes(app, "retire", &report, &sums, err);
	if (rc == 0)
		say_retire(app, &wanted, &report, &sums);
out:
	pg_free(&report.changes);
	store_close(&store);
	return rc;
}

/* --- revert ---------------------------------------------------------------------------------------------------------- */

static int say_revert(const struct import_options *options, const struct import_report *report, const struct sums *sums,
		      struct error *err)
{
	int64_t changes = sums->add + sums->change + sums->remove;

	if (report->held && !options->dry_run)
		return error_set(
		    err, ERR_GUARD,
		    "this is above the limits, nothing was written: %s (read the list, then repeat it with --yes)",
		    report->limits);
	if (report->limits[0] != '\0')
		fprintf(stderr, "warning: this is above the limits%s: %s\n", options->dry_run ? " and needs --yes" : "",
			report->limits);
	if (changes == 0)
		fprintf(stderr,
			"nothing of %s is left to take back; names, invitations and operators are not taken back\n",
			options->name);
	else if (options->dry_run)
		fprintf(stderr, "Nothing was written. Take it back: rosterctl revert %s\n", options->name);
	else
		fprintf(stderr, "%s is taken back: %" PRId64 " change%s (revision %" PRId64 ")\n", options->name,
			changes, changes == 1 ? "" : "s", report->revision);
	if (report->again > 0 && !options->dry_run)
		fprintf(stderr,
			"its source would do %" PRId64
			" of it again: that is held; see: rosterctl runs diff %s; release: rosterctl approve %s\n",
			report->again, report->held_by, report->held_by);
	return 0;
}

int cmd_revert(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--plan", OPTION_FLAG, NULL}, {"--yes", OPTION_FLAG, NULL}};
	struct import_report report = {.limits = ""};
	struct store *store = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, options, 2, 1, 1, err) != 0 || app_configure(app, err) != 0)
		return -1;
	const struct import_options wanted = {.safety = &app->config->safety,
					      .name = argv[0],
					      .dry_run = options[0].value != NULL,
					      .agreed = options[1].value != NULL};
	if (app_connect(app, STORE_OPERATOR, &store, err) != 0 ||
	    import_revert(store, &wanted, app->arena, &report, err) != 0)
		goto out;
	struct sums sums = add_up(report.changes);
	rc = print_changes(app, "revert", &report, &sums, err);
	if (rc == 0)
		rc = say_revert(&wanted, &report, &sums, err);
out:
	pg_free(&report.changes);
	store_close(&store);
	return rc;
}

static const struct verb verbs[] = {
    {
	.name = "import",
	.usage = "FILE [--plan] [--complete] [--name NAME] [--yes]",
	.summary = "bring groups, apps, access groups and members to what a file says",
	.help =
	    "FILE holds JSON lines or CSV, - is standard input; rosterctl(1) shows the form. All of it is one "
	    "revision, or "
	    "nothing when any line is wrong. --plan only shows what would change. What the file does not name stays, "
	    "unless --complete: then what an import of the same --name made before is taken away again. What is above "
	    "the "
	    "limits of safety: { ... } needs --yes. Only a platform administrator may.",
	.example = "import apps.jsonl --plan",
	.run = cmd_import,
    },
    {
	.name = "source preview",
	.usage = "SOURCE",
	.summary = "show what the first entries of a source would become",
	.help =
	    "Asks the source itself, as this user, and nothing else: no rosterd, no database. Of an API the first "
	    "page of everything is read, of others what comes first; ten people, groups and units are shown, with the "
	    "roles "
	    "the rules would give, and what cannot be used.",
	.example = "source preview sso",
	.run = cmd_source_preview,
    },
    {
	.name = "source retire",
	.usage = "SOURCE [--yes]",
	.summary = "take away what a source gave that is no longer in the configuration",
	.help = "Without --yes it shows what that is, and the exit code is 2. People no other source knows become "
		"inactive, "
		"what the source granted ends, groups its rules made are archived where they hold nothing else; one "
		"revision. "
		"SOURCE may be the name of an import. Only a platform administrator may.",
	.example = "source retire oldcorp",
	.run = cmd_retire,
    },
};

const struct verb_family import_family = {"Import", verbs, sizeof verbs / sizeof verbs[0]};
