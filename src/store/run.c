/* SPDX-License-Identifier: Apache-2.0 */
/* Runs: the sync road from the source to the revision, as calls of the database's own functions. */
#include "roster/arena.h"
#include "roster/store.h"
#include "store/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_state(const struct pg_rows *rows, struct source_state *ret)
{
	ret->id = (int)pg_integer(rows, 0, 0);
	ret->settled = pg_boolean(rows, 0, 2);
	ret->applied_before = pg_boolean(rows, 0, 3);
	snprintf(ret->rules_digest, sizeof ret->rules_digest, "%s", pg_text(rows, 0, 4));
	snprintf(ret->settings, sizeof ret->settings, "%s", pg_text(rows, 0, 5));
	ret->full_ms = pg_is_null(rows, 0, 6) ? INT64_MAX : pg_integer(rows, 0, 6);
	ret->misses = pg_boolean(rows, 0, 7);
	ret->unsure = pg_boolean(rows, 0, 8);
}

#define START_COLUMNS "select id, led, settled, applied_before, rules_digest, settings, full_ms, misses, unsure"

int store_source_lead(struct store *store, const struct source_config *source, struct source_state *ret,
		      struct error *err)
{
	char position[NUMBER_TEXT];
	const char *params[] = {source->name, source->type, number_text((int64_t)source->order, position),
				boolean_text(source->authoritative), boolean_text(source->groups.nested)};
	struct pg_rows *rows = NULL;
	int rc = 0;

	*ret = (struct source_state){0};
	if (pg_query(store->pg, START_COLUMNS " from lead_known_source($1, $2, $3, $4, $5)", params, 5, &rows, err) !=
	    0)
		return -1;
	if (pg_count(rows) == 0) {
		pg_free(&rows);
		if (pg_query(store->pg, START_COLUMNS " from begin_source($1, $2, $3, $4, $5)", params, 5, &rows,
			     err) != 0)
			return -1;
	}
	if (pg_is_null(rows, 0, 0))
		rc = error_set(err, ERR_CONFIG,
			       "the name \"%s\" belongs to an import, or to the administrator's hand: give the source "
			       "another name",
			       source->name);
	else if (!pg_boolean(rows, 0, 1))
		rc = error_set(err, ERR_CONFLICT,
			       "it is being synchronised by another process; a rosterd that leads it does what is "
			       "asked by rosterctl sync without --local");
	read_state(rows, ret);
	pg_free(&rows);
	return rc;
}

int store_run_begin(struct store *store, struct source_state *state, const char *kind, struct error *err)
{
	char id[NUMBER_TEXT], run[NUMBER_TEXT];
	const char *params[] = {number_text(state->id, id), kind, state->run ? number_text(state->run, run) : NULL};

	return pg_query_integer(store->pg, "select run_begin($1, $2, $3)", params, 3, &state->run, err);
}

int store_run_idle(struct store *store, const struct source_state *state, const char *kind, const char *digest,
		   struct error *err)
{
	char id[NUMBER_TEXT], run[NUMBER_TEXT];
	const char *params[] = {number_text(state->run, run), number_text(state->id, id), kind, digest};

	return pg_query(store->pg, "select run_idle($1, $2, $3, $4)", params, 4, NULL, err);
}

void run_end_params(const struct run_report *report, struct run_end_text *text, const char *params[RUN_END_PARAMS])
{
	params[0] = report->state;
	params[1] = report->completeness;
	params[2] = report->reason;
	params[3] = number_text(report->entries, text->entries);
	params[4] = number_text(report->unreadable, text->unreadable);
	params[5] = number_text(report->held, text->held);
	params[6] = report->digest;
}

int store_run_end(struct store *store, int64_t run, const struct run_report *report, struct error *err)
{
	struct run_end_text text;
	const char *params[1 + RUN_END_PARAMS] = {number_text(run, text.run)};

	run_end_params(report, &text, params + 1);
	return pg_query(store->pg,
			report->idle ? "select run_end($1, $2, $3, $4, $5, $6, $7, $8)"
				     : "select run_end($1, $2, $3, $4, $5, $6, $7, $8), keep_held_plan($1), sweep($1)",
			params, sizeof params / sizeof params[0], NULL, err);
}

int store_run_sweep(struct store *store, int64_t run, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(run, id)};

	if (store_begin_small(store, err) == 0 && pg_query(store->pg, "select sweep($1)", params, 1, NULL, err) == 0 &&
	    store_commit_lightly(store, err) == 0)
		return 0;
	store_rollback(store);
	return -1;
}

int store_run_find(struct store *store, const char *name, struct arena *arena, struct run_row *ret, struct error *err)
{
	const char *params[] = {name};
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg,
		     "select n.id, s.name, n.state, coalesce(n.plan_digest, '') from need_run($1) n "
		     "join sources s on s.id = n.source",
		     params, 1, &rows, err) != 0)
		return -1;
	*ret = (struct run_row){
	    .run = pg_integer(rows, 0, 0),
	    .source = arena_strdup(arena, pg_text(rows, 0, 1)),
	    .state = arena_strdup(arena, pg_text(rows, 0, 2)),
	    .digest = arena_strdup(arena, pg_text(rows, 0, 3)),
	};
	pg_free(&rows);
	return 0;
}

enum { ROLE_WHY, ROLE_RULE, ROLE_KNOWN };

/* Parallel arrays of the rules, in order; each is one parameter. */
struct rule_arrays {
	struct str names, positions, admins, roles, places, owners;
	size_t role_count;
};

static void add_role(struct rule_arrays *arrays, const struct rule_config *rule, size_t ordinal, const char *role)
{
	char number[NUMBER_TEXT];

	array_add(&arrays->roles, role);
	array_add(&arrays->places, rule->into);
	array_add(&arrays->owners, number_text((int64_t)ordinal, number));
	arrays->role_count++;
}

static void add_rule(struct rule_arrays *arrays, const struct config *config, size_t index)
{
	const struct rule_config *rule = &config->rules[index];
	const char **admins = rule->admin_count > 0 ? rule->admins : config->default_admins;
	size_t count = rule->admin_count > 0 ? rule->admin_count : config->default_admin_count;
	struct str text = {0};
	const char *file = strrchr(rule->position.file, '/');

	array_add(&arrays->names, rule->name);
	str_printf(&text, "%s:%d", file == NULL ? rule->position.file : file + 1, rule->position.line);
	array_add(&arrays->positions, str_text(&text));
	str_clear(&text);
	for (size_t i = 0; i < count; i++)
		str_printf(&text, "%s%s", i == 0 ? "" : ",", admins[i]);
	array_add(&arrays->admins, str_text(&text));
	str_free(&text);

	if (rule->role[0] != '\0')
		add_role(arrays, rule, index, rule->role);
	for (size_t i = 0; i < rule->role_count; i++)
		add_role(arrays, rule, index, rule->roles[i].role);
}

static void collect_rules(const struct config *config, struct rule_arrays *ret)
{
	struct str *const all[] = {&ret->names, &ret->positions, &ret->admins, &ret->roles, &ret->places, &ret->owners};

	for (size_t i = 0; i < config->rule_count; i++)
		add_rule(ret, config, i);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		array_close(all[i]);
}

/* The roles that could be given instead, after the last of those that share them. */
static void add_known(struct str *text, const struct pg_rows *rows, size_t row)
{
	const char *known = pg_text(rows, row, ROLE_KNOWN);

	if (row + 1 == pg_count(rows) || strcmp(known, pg_text(rows, row + 1, ROLE_KNOWN)) != 0)
		str_printf(text, " (there are: %s)", known);
}

/* A role nobody made would open no door at all and close those that are open: it stops the run before it starts. */
static int check_roles(struct store *store, const struct config *config, const struct rule_arrays *arrays,
		       struct error *err)
{
	const char *params[] = {str_text(&arrays->roles), str_text(&arrays->places), str_text(&arrays->owners)};
	struct pg_rows *rows = NULL;
	struct str text = {0};
	size_t count;

	if (pg_query(
		store->pg,
		"select u.why, ($3::integer[])[u.ordinal], u.known from unknown_roles($1, $2) u order by u.ordinal",
		params, 3, &rows, err) != 0)
		return -1;
	count = pg_count(rows);
	for (size_t i = 0; i < count; i++) {
		const struct rule_config *rule = &config->rules[pg_integer(rows, i, ROLE_RULE)];
		str_printf(&text, "%s%s:%d: rule %s: %s", i == 0 ? "" : "; ", rule->position.file, rule->position.line,
			   rule->name, pg_text(rows, i, ROLE_WHY));
		add_known(&text, rows, i);
	}
	if (count > 0)
		error_set(err, ERR_CONFIG, "%s", str_text(&text));
	str_free(&text);
	pg_free(&rows);
	return count == 0 ? 0 : -1;
}

static void free_arrays(struct rule_arrays *arrays)
{
	str_free(&arrays->names);
	str_free(&arrays->positions);
	str_free(&arrays->admins);
	str_free(&arrays->roles);
	str_free(&arrays->places);
	str_free(&arrays->owners);
}

int store_roles_check(struct store *store, const struct config *config, struct error *err)
{
	struct rule_arrays arrays = {0};

	collect_rules(config, &arrays);
	int rc = check_roles(store, config, &arrays, err);
	free_arrays(&arrays);
	return rc;
}

int store_places_check(struct store *store, const struct config *config, struct arena *arena, const char **ret,
		       struct error *err)
{
	struct str places = {0}, text = {0};
	struct pg_rows *rows = NULL;

	for (size_t i = 0; i < config->rule_count; i++)
		array_add(&places, config->rules[i].into);
	const char *params[] = {array_close(&places)};
	int rc = pg_query(store->pg, "select ordinal, place from unknown_places($1)", params, 1, &rows, err);
	for (size_t i = 0; rc == 0 && i < pg_count(rows); i++) {
		const struct rule_config *rule = &config->rules[pg_integer(rows, i, 0) - 1];
		str_printf(&text, "%s%s:%d: rule %s: there is no %s", i == 0 ? "" : "; ", rule->position.file,
			   rule->position.line, rule->name, pg_text(rows, i, 1));
	}
	*ret = arena_strdup(arena, str_text(&text));
	pg_free(&rows);
	str_free(&places);
	str_free(&text);
	return rc;
}

int store_source_look(struct store *store, const struct config *config, struct source_state *state, struct error *err)
{
	enum { RUN, SAME_RULES, KNOWN_ROLES, QUARANTINED, HELD_BEFORE, WAITS };
	struct rule_arrays arrays = {0};
	struct pg_rows *rows = NULL;
	char id[NUMBER_TEXT];
	bool same = false, known = false;
	int rc;

	collect_rules(config, &arrays);
	const char *params[] = {number_text(state->id, id), str_text(&arrays.names), str_text(&arrays.positions),
				str_text(&arrays.admins),   str_text(&arrays.roles), str_text(&arrays.places)};
	rc = pg_query(store->pg, "select * from source_outlook($1, $2, $3, $4, $5, $6)", params, 6, &rows, err);
	if (rc == 0) {
		state->run = pg_integer(rows, 0, RUN);
		same = pg_boolean(rows, 0, SAME_RULES);
		known = pg_boolean(rows, 0, KNOWN_ROLES);
		state->quarantined = pg_boolean(rows, 0, QUARANTINED);
		state->held_before = pg_boolean(rows, 0, HELD_BEFORE);
		state->waits = pg_boolean(rows, 0, WAITS);
	}
	pg_free(&rows);
	if (rc == 0 && !known)
		rc = check_roles(store, config, &arrays, err);
	if (rc == 0 && !same)
		rc = pg_query(store->pg, "select set_rules($1, $2, $3, $4)", params, 4, NULL, err);
	free_arrays(&arrays);
	return rc;
}
