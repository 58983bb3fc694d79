/* SPDX-License-Identifier: Apache-2.0 */
/* source preview: what the first entries of a source would become. */
#include "app/output.h"
#include "app/sources.h"
#include "app/verbs.h"

#include "roster/rules.h"
#include "roster/source.h"

#include <stdio.h>
#include <string.h>

/* Of each kind so many are shown; a source that hands out no pages is read no further than this. */
enum { SHOWN_MOST = 10, READ_MOST = 5000 };

struct preview {
	struct entry_sink sink;
	struct app *app;
	const struct source_config *source;
	struct rules *rules;
	struct table *entries, *unusable;
	unsigned long seen, counts[ENTRY_KINDS];
	bool enough;
};

/* "Developer in /pay/api", one for each rule that matches. */
static const char *opened(struct preview *preview, const struct entry *entry)
{
	struct mappings mappings;
	struct str text = {0};

	rules_match(preview->rules, entry, preview->app->arena, &mappings);
	for (size_t i = 0; i < mappings.count; i++)
		str_printf(&text, "%s%s in %s", i > 0 ? ", " : "",
			   mappings.items[i].admin ? "admin" : mappings.items[i].role, mappings.items[i].anchor);
	const char *copy = text.size > 0 ? arena_strdup(preview->app->arena, str_text(&text)) : NULL;
	str_free(&text);
	return copy;
}

static size_t count_members(const struct preview *preview, const struct entry *entry)
{
	static const char *const usual[] = {"member", "uniqueMember", "memberUid"};
	const char *own = preview->source->groups.member;
	size_t count = 0;

	for (size_t i = 0; i < (*own ? 1 : sizeof usual / sizeof *usual); i++) {
		const struct attribute *members = entry_attribute(entry, *own ? own : usual[i]);
		count += members != NULL ? members->count : 0;
	}
	return count;
}

static const char *text_of(const struct preview *preview, const struct entry *entry, const char *name)
{
	return arena_strdup(preview->app->arena, entry_chosen_text(entry, name));
}

static int show_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct preview *preview = (struct preview *)sink;
	struct arena *arena = preview->app->arena;
	bool user = entry->kind == ENTRY_USER;
	const struct source_config *source = preview->source;

	preview->enough = ++preview->seen >= READ_MOST;
	if (preview->enough)
		return error_set(err, ERR_INTERNAL, "these are enough");
	if (++preview->counts[entry->kind] > SHOWN_MOST)
		return 0;
	const char *cells[] = {
	    entry_kind_name(entry->kind),
	    arena_strdup(arena, entry->dn),
	    arena_strdup(arena, entry->id),
	    user ? text_of(preview, entry, source->users.login) : NULL,
	    text_of(preview, entry, user ? source->users.name : source->groups.name),
	    user ? text_of(preview, entry, source->users.email) : NULL,
	    user ? arena_strdup(arena, entry->account.closed ? entry->account.closed : "open") : NULL,
	    entry->kind == ENTRY_GROUP ? arena_printf(arena, "%zu", count_members(preview, entry)) : NULL,
	    opened(preview, entry),
	};
	table_add(preview->entries, cells);
	return 0;
}

static int show_unusable(struct entry_sink *sink, const char *id, const char *what, const char *why, struct error *err)
{
	struct preview *preview = (struct preview *)sink;
	struct arena *arena = preview->app->arena;
	const char *cells[] = {arena_strdup(arena, what), arena_strdup(arena, id), arena_strdup(arena, why)};

	(void)err;
	if (preview->unusable->rows < SHOWN_MOST)
		table_add(preview->unusable, cells);
	return 0;
}

/* Names that the file leaves to the server are the server's. */
static int read_some(struct preview *preview, const struct source_ops *driver, struct error *err)
{
	struct source *source = NULL;
	struct read_result result;
	int rc = driver->open(preview->source, &source, err);

	if (rc == 0 && driver->settle != NULL)
		rc = driver->settle(source, &preview->source, err);
	if (rc == 0)
		rc = (driver->preview != NULL ? driver->preview : driver->read_all)(source, &preview->sink, &result,
										    err);
	if (rc == 0 && result.completeness == READ_INCOMPLETE)
		fprintf(stderr, "the read is incomplete: %s\n", result.reason);
	driver->close(&source);
	return preview->enough ? 0 : rc;
}

static int print(struct preview *preview, struct error *err)
{
	struct table *const tables[] = {preview->entries, preview->unusable};

	for (enum entry_kind kind = 0; kind < ENTRY_KINDS; kind++)
		if (preview->counts[kind] > SHOWN_MOST)
			fprintf(stderr, "(%d of the %lu %ss that were read are shown)\n", SHOWN_MOST,
				preview->counts[kind], entry_kind_name(kind));
	return app_print_tables(preview->app, tables, preview->unusable->rows > 0 ? 2 : 1, err);
}

int cmd_source_preview(struct app *app, int argc, char **argv, struct error *err)
{
	static const char *const headings[] = {"kind",  "entry",   "id",      "login", "name",
					       "email", "account", "members", "opens", NULL};
	static const char *const flaws[] = {"unusable", "id", "why", NULL};
	struct preview preview = {.sink = {show_entry, show_unusable}, .app = app};

	if (app_options(app->verb, &argc, argv, NULL, 0, 1, 1, err) != 0 || app_configure(app, err) != 0 ||
	    sources_check(app->config, argv[0], err) != 0)
		return -1;
	preview.source = config_source(app->config, argv[0]);
	const struct source_ops *driver = source_driver(preview.source->type);
	preview.entries = table_new(app->arena, "entries", headings);
	preview.unusable = table_new(app->arena, "unusable", flaws);
	if (rules_compile(app->config, argv[0], app->arena, &preview.rules, err) != 0)
		return -1;
	source_prepare(app->config);
	int rc = read_some(&preview, driver, err);
	rules_free(&preview.rules);
	return rc == 0 ? print(&preview, err) : error_prefix(err, "source %s", argv[0]);
}
