/* SPDX-License-Identifier: Apache-2.0 */
/* rules test: the rules of the configuration over an entry of the mirror. */
#include "app/output.h"
#include "app/sources.h"
#include "app/verbs.h"
#include "roster/model.h"
#include "roster/reasons.h"

#include <string.h>

enum { MATCHES_COLUMN = 4 };
enum { FOUND_SOURCE, FOUND_KIND, FOUND_ID, FOUND_DN, FOUND_ATTRIBUTES };

static enum entry_kind kind_named(const char *name)
{
	enum entry_kind kind = ENTRY_USER;

	while (kind + 1 < ENTRY_KINDS && strcmp(entry_kind_name(kind), name) != 0)
		kind++;
	return kind;
}

static int test_entry(struct app *app, const struct pg_rows *rows, size_t row, struct table *table, struct error *err)
{
	const char *source = pg_text(rows, row, FOUND_SOURCE), *dn = pg_text(rows, row, FOUND_DN);
	const struct mirror_row mirrored = {.kind = kind_named(pg_text(rows, row, FOUND_KIND)),
					    .id = pg_text(rows, row, FOUND_ID),
					    .dn = dn,
					    .attributes = pg_text(rows, row, FOUND_ATTRIBUTES)};
	struct explained_rules rules;

	if (config_source(app->config, source) == NULL)
		return 0;
	if (explain_rules(app->config, source, &mirrored, app->arena, &rules, err) != 0)
		return -1;
	for (size_t i = 0; i < rules.count; i++) {
		const struct explain_rule *rule = &rules.items[i];
		const char *cells[] = {source, dn, rule->rule, rule->position, rule->matches ? "t" : "f", rule->result};
		table_add(table, cells);
	}
	return 0;
}

static int test_entries(struct app *app, const char *who, const struct pg_rows *rows, struct error *err)
{
	static const char *const headings[] = {"source", "entry", "rule", "position", "matches", "result", NULL};
	struct table *table = table_new(app->arena, "rules", headings);

	table->kinds[MATCHES_COLUMN] = PG_KIND_BOOLEAN;
	if (pg_count(rows) == 0)
		return error_set(err, ERR_DATA,
				 "the mirror holds no entry \"%s\": give its DN, its id or a login, after a first sync",
				 who);
	for (size_t i = 0; i < pg_count(rows); i++)
		if (test_entry(app, rows, i, table, err) != 0)
			return -1;
	return app_print_tables(app, &table, 1, err);
}

int cmd_rules_test(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[] = {{"--source", OPTION_VALUE, NULL}};
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (app_options(app->verb, &argc, argv, options, 1, 1, 1, err) != 0 || app_configure(app, err) != 0 ||
	    sources_check(app->config, options[0].value, err) != 0)
		return -1;
	const char *params[] = {argv[0], options[0].value};
	if (app_connect(app, STORE_OPERATOR, &store, err) == 0 &&
	    model_call(store, MODEL_ENTRY_LIST, params, &rows, err) == 0)
		rc = test_entries(app, argv[0], rows, err);
	pg_free(&rows);
	store_close(&store);
	return rc;
}
