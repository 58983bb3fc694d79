/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: checked, shown, explained. */
#include "app/output.h"
#include "app/sources.h"
#include "app/verbs.h"
#include "roster/job.h"
#include "roster/json.h"
#include "roster/source.h"

#include <string.h>

/* --- check ----------------------------------------------------------------------------------------------------------- */

/* One line for each peer; the first fault decides the exit code, after all were tried. */
static void note(const char *peer, int rc, const struct error *fault, struct error *err)
{
	if (rc == 0)
		fprintf(stderr, "%s: ok\n", peer);
	else if (strncmp(fault->text, peer, strlen(peer)) == 0 && fault->text[strlen(peer)] == ':')
		fprintf(stderr, "%s\n", fault->text);
	else
		fprintf(stderr, "%s: %s\n", peer, fault->text);
	if (rc != 0 && err->class == ERR_NONE)
		*err = *fault;
}

static void note_fault(const char *peer, int rc, const struct error *fault, struct error *err)
{
	if (rc != 0)
		note(peer, rc, fault, err);
}

/* A run fills such a place once it is there, so this is no mistake of the configuration. */
static int warn_places(struct app *app, struct store *store, struct error *err)
{
	const char *missing;

	if (store_places_check(store, app->config, app->arena, &missing, err) != 0)
		return -1;
	if (missing[0] != '\0')
		fprintf(stderr, "warning: %s (no rule makes it: create or import it, the next run fills it)\n",
			missing);
	return 0;
}

static void try_database(struct app *app, struct error *err)
{
	struct store *store = NULL;
	struct error fault = {0};
	int rc = app_connect(app, STORE_DAEMON, &store, &fault);

	note("database", rc, &fault, err);
	if (rc == 0) {
		note_fault("rules", store_roles_check(store, app->config, &fault), &fault, err);
		note_fault("rules", warn_places(app, store, &fault), &fault, err);
		note_fault("database", sources_warn_absent(app, store, &fault), &fault, err);
	}
	store_close(&store);
}

/* A sink that has seen enough with the first entry. */
struct taste {
	struct entry_sink sink;
	bool tasted;
};

static int taste_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	(void)entry;
	((struct taste *)sink)->tasted = true;
	return error_set(err, ERR_INTERNAL, "one entry is enough");
}

static int taste_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			    struct error *err)
{
	(void)id;
	(void)what;
	(void)why;
	return taste_entry(sink, NULL, err);
}

/* Opening promises nothing: a driver connects when it is asked to read. */
static int read_first_entry(const struct source_ops *driver, const struct source_config *config, const char **dialect,
			    struct error *err)
{
	const struct source_config *settled = config;
	struct taste taste = {.sink = {taste_entry, taste_unreadable}};
	struct read_result result;
	struct source *source = NULL;
	int rc = driver->open(config, &source, err);

	if (rc == 0 && driver->settle != NULL)
		rc = driver->settle(source, &settled, err);
	*dialect = rc == 0 && driver->settle != NULL ? dialect_find(settled->dialect)->title : NULL;
	if (rc == 0)
		rc = driver->read_all(source, &taste.sink, &result, err);
	driver->close(&source);
	if (rc == 0 && !taste.tasted)
		return error_set(err, ERR_DATA,
				 "it returns no entry at all; check base, filter and the rights of the account");
	return taste.tasted ? 0 : rc;
}

static void try_source(struct app *app, const struct source_config *config, struct error *err)
{
	const struct source_ops *driver = source_driver(config->type);
	struct error fault = {0};
	const char *dialect = NULL;
	int rc;

	source_prepare(app->config);
	if (driver == NULL)
		rc = error_set(&fault, ERR_CONFIG, "there is no driver for type \"%s\"", config->type);
	else
		rc = read_first_entry(driver, config, &dialect, &fault);
	note(arena_printf(app->arena, dialect != NULL ? "source %s (%s)" : "source %s", config->name, dialect), rc,
	     &fault, err);
}

/* "1 rule", "2 rules" */
static const char *counted(struct app *app, size_t count, const char *what)
{
	return arena_printf(app->arena, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

/* People read them beside what else is said; a program gets them as data, also when there are none. */
static int show_findings(struct app *app, struct error *err)
{
	static const char *const headings[] = {"file", "line", "severity", "text", "source_line", "hint", NULL};
	struct table *table = table_new(app->arena, "findings", headings);

	if (app->format == OUTPUT_TEXT) {
		app_print_findings(app);
		return 0;
	}
	table->kinds[1] = PG_KIND_NUMBER;
	for (size_t i = 0; i < app->findings.count; i++) {
		const struct finding *finding = &app->findings.items[i];
		int line = finding->position.line;
		table_add(table, (const char *[]){finding->position.file,
						  line > 0 ? arena_printf(app->arena, "%d", line) : NULL,
						  finding->warning ? "warning" : "error", finding->text,
						  finding->source_line, finding->hint});
	}
	return app_print_tables(app, &table, 1, err);
}

static int cmd_check(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--connect", OPTION_FLAG, NULL}};

	if (app_options(app->verb, &argc, argv, options, 1, 0, 0, err) != 0)
		return -1;
	int rc = app_configure_checked(app, err);
	if (show_findings(app, rc == 0 ? err : NULL) != 0 || rc != 0)
		return -1;
	if (options[0].value != NULL) {
		try_database(app, err);
		for (size_t i = 0; i < app->config->source_count; i++)
			try_source(app, &app->config->sources[i], err);
		if (err->class != ERR_NONE)
			return -1;
	}
	if (app->format == OUTPUT_JSON)
		return 0;
	app_done(app, "%s is good: %s, %s, %s", app->config_file, counted(app, app->config->source_count, "source"),
		 counted(app, app->config->rule_count, "rule"), counted(app, app->config->target_count, "target"));
	return 0;
}

/* --- show, explain --------------------------------------------------------------------------------------------------- */

static int cmd_show(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--defaults", OPTION_FLAG, NULL}};
	struct str text = {0};
	int rc = 0;

	if (app_options(app->verb, &argc, argv, options, 1, 0, 0, err) != 0 || app_configure(app, err) != 0)
		return -1;
	config_show(app->config, options[0].value != NULL, &text);
	if (app->format == OUTPUT_JSON) {
		struct json *object = json_new_object();
		rc = json_put_text(object, "configuration", str_text(&text), err);
		if (rc == 0)
			rc = output_json(object, err);
		else
			json_free(&object);
	} else {
		fputs(str_text(&text), stdout);
	}
	str_free(&text);
	return rc;
}

/* "sources.corp.url" as "sources.*.url": what stands there in the file of who asks. */
static bool is_path(const char *path, const char *asked)
{
	for (;;) {
		size_t size = strcspn(path, "."), asked_size = strcspn(asked, ".");
		bool chosen = size == 1 && path[0] == '*';
		if (asked_size == 0 || (!chosen && (size != asked_size || memcmp(path, asked, size) != 0)))
			return false;
		path += size;
		asked += asked_size;
		if (*path != *asked)
			return false;
		if (*path++ == '\0')
			return true;
		asked++;
	}
}

/* A key of which the path is written with names of his own, as the table has it; else what was asked. */
static const char *path_asked(const char *asked)
{
	size_t count;
	const struct config_key *keys = config_keys(&count), *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].path, asked) == 0)
			return asked;
		if (found == NULL && is_path(keys[i].path, asked))
			found = &keys[i];
	}
	return found == NULL ? asked : found->path;
}

/* A key is named by its path or by the end of it: "safety.window", "window". */
static bool is_asked(const struct config_key *key, const char *asked)
{
	size_t size = strlen(key->path), asked_size = asked == NULL ? 0 : strlen(asked);

	if (asked == NULL || strcmp(key->path, asked) == 0)
		return true;
	return asked_size > 0 && size > asked_size && key->path[size - asked_size - 1] == '.' &&
	       text_ends_with(key->path, asked);
}

static const char *last_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot == NULL ? path : dot + 1;
}

static int refuse_key(struct app *app, const char *asked, struct error *err)
{
	size_t count, used = 0;
	const struct config_key *keys = config_keys(&count);
	const char **paths = arena_alloc_array(app->arena, count * 2, sizeof *paths);

	for (size_t i = 0; i < count; i++) {
		paths[used++] = keys[i].path;
		if (strcmp(last_of(keys[i].path), "*") != 0)
			paths[used++] = last_of(keys[i].path);
	}
	const char *near = text_nearest(asked, paths, used);
	/* With names of his own before it, a word is far from every path. */
	if (near == NULL)
		near = text_nearest(last_of(asked), paths, used);
	if (near != NULL)
		return error_set(err, ERR_USAGE, "there is no key \"%s\"; did you mean \"%s\"?", asked, near);
	return error_set(err, ERR_USAGE, "there is no key \"%s\"; see: rosterctl config explain", asked);
}

static int cmd_explain_key(struct app *app, int argc, char **argv, struct error *err)
{
	static const char *const headings[] = {"path", "type", "default", "choices", "help", NULL};
	struct table *table = table_new(app->arena, "keys", headings);
	size_t count;
	const struct config_key *keys = config_keys(&count);

	if (app_options(app->verb, &argc, argv, NULL, 0, 0, 1, err) != 0)
		return -1;
	const char *asked = argc > 0 ? path_asked(argv[0]) : NULL;
	for (size_t i = 0; i < count; i++) {
		const char *cells[] = {keys[i].path, keys[i].type, keys[i].fallback, keys[i].choices, keys[i].help};
		if (is_asked(&keys[i], asked))
			table_add(table, cells);
	}
	if (asked != NULL && table->rows == 0)
		return refuse_key(app, asked, err);
	table->record = asked != NULL;
	return app_print_tables(app, &table, 1, err);
}

static const struct verb verbs[] = {
    {
	.name = "check",
	.usage = "[--connect]",
	.summary = "check the configuration",
	.help = "Names everything wrong at once, each with its line and what to do; secrets you may read are looked at "
		"too. With --json or --plain what is wrong is data. With "
		"--connect the database is "
		"tried too, with the roles and places the rules name, every source is read up to its first entry, and "
		"sources that "
		"are no longer in the configuration are named.",
	.example = "check --connect -f /etc/roster/rosterd.conf",
	.run = cmd_check,
    },
    {
	.name = "config show",
	.usage = "[--defaults]",
	.summary = "print the configuration as it took effect",
	.help = "All files merged, what is as by default left out unless --defaults is given. Secrets are shown as "
		"the references they are.",
	.example = "config show --defaults",
	.run = cmd_show,
    },
    {
	.name = "config explain",
	.usage = "[KEY]",
	.summary = "explain the keys of the configuration",
	.help = "KEY is a path such as safety.window, or the end of one. A * in a path stands for a name you "
		"choose, and may be written as that.",
	.example = "config explain max_remove",
	.run = cmd_explain_key,
    },
};

const struct verb_family config_family = {"Configuration", verbs, sizeof verbs / sizeof verbs[0]};
