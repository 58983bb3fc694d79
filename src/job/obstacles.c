/* SPDX-License-Identifier: Apache-2.0 */
#include "job/obstacles.h"

#include "job/recall.h"
#include "roster/model.h"
#include "roster/rules.h"

#include <string.h>

enum { WITHOUT_ROLE, WITHOUT_ANCHOR, WITHOUT_BETTER, WITHOUT_LACKS };
enum {
	WAITING_SOURCE,
	WAITING_RULE,
	WAITING_POSITION,
	WAITING_ENTRY,
	WAITING_DOOR,
	WAITING_ANCHOR,
	WAITING_ROLE,
	WAITING_HELD
};
enum {
	MISSED_SOURCE,
	MISSED_RULE,
	MISSED_POSITION,
	MISSED_KIND,
	MISSED_DN,
	MISSED_ANCHOR,
	MISSED_ROLE,
	MISSED_DISTANCE,
	MISSED_WHY
};
enum { ENTRY_SOURCE, ENTRY_OF_KIND, ENTRY_ID, ENTRY_DN, ENTRY_ATTRIBUTES };

static bool is_full(const struct search *search)
{
	return search->obstacle_count == OBSTACLES_MOST;
}

static void add(struct search *search, struct explain_obstacle obstacle)
{
	if (is_full(search))
		return;
	obstacle.rule = obstacle.rule == NULL ? "" : arena_strdup(search->arena, obstacle.rule);
	obstacle.position = obstacle.position == NULL ? "" : arena_strdup(search->arena, obstacle.position);
	obstacle.gives = obstacle.gives == NULL ? "" : obstacle.gives;
	search->obstacles[search->obstacle_count++] = obstacle;
}

static bool is_named(const struct search *search, const char *rule)
{
	for (size_t i = 0; i < search->obstacle_count; i++)
		if (strcmp(search->obstacles[i].rule, rule) == 0)
			return true;
	return false;
}

const char *rule_position(const struct rule_config *rule, struct arena *arena)
{
	const char *slash = strrchr(rule->position.file, '/');

	return arena_printf(arena, "%s:%d", slash == NULL ? rule->position.file : slash + 1, rule->position.line);
}

/* "group:/pay" reads "/pay". */
static const char *place(const char *anchor)
{
	return text_starts_with(anchor, "group:") ? anchor + strlen("group:") : anchor;
}

/* --- whatever anybody gave ------------------------------------------------------------------------------------------- */

/* true when it is final: nothing else is worth looking at. */
static bool find_final(struct search *search)
{
	struct arena *arena = search->arena;

	if (search->inactive != NULL)
		add(search,
		    (struct explain_obstacle){.kind = "inactive",
					      .why = arena_printf(arena, "%s is %s; inactive people reach nothing",
								  search->login, search->inactive)});
	if (search->archived)
		add(search,
		    (struct explain_obstacle){
			.kind = "archived",
			.why = arena_printf(arena, "%s is archived and gives nobody anything", search->resource_name)});
	if (!search->applies)
		add(search,
		    (struct explain_obstacle){.kind = "permission",
					      .why = arena_printf(arena, "%s means nothing on %s: nobody has it there",
								  search->permission_name, search->resource_name)});
	return search->obstacle_count > 0;
}

/* A role he has there, and why it is not enough. */
static const char *lacking(const struct search *search, const struct pg_rows *rows, size_t row)
{
	const char *role = pg_text(rows, row, WITHOUT_ROLE), *better = pg_text(rows, row, WITHOUT_BETTER);
	const char *anchor = place(pg_text(rows, row, WITHOUT_ANCHOR)), *lacks = pg_text(rows, row, WITHOUT_LACKS);

	if (lacks[0] != '\0')
		return arena_printf(search->arena, "%s is %s in %s, which %s", search->login, role, anchor, lacks);
	if (search->permission == NULL)
		return arena_printf(search->arena, "%s is %s in %s, which permits nothing on %s; roles that do: %s",
				    search->login, role, anchor, search->resource_name,
				    better[0] == '\0' ? "none" : better);
	return arena_printf(search->arena, "%s is %s in %s, a role without %s; %s%s", search->login, role, anchor,
			    search->permission_name, better[0] == '\0' ? "no role has it" : "with it: ", better);
}

static int find_roles(struct search *search, struct error *err)
{
	const char *params[] = {search->user, search->resource, search->permission};
	struct pg_rows *rows = NULL;

	if (model_call(search->store, MODEL_ROLES_WITHOUT, params, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++)
		add(search, (struct explain_obstacle){.kind = "role", .why = lacking(search, rows, i)});
	pg_free(&rows);
	return 0;
}

/* --- the directory --------------------------------------------------------------------------------------------------- */

static const char *gives(const struct search *search, const char *role, const char *anchor)
{
	return arena_printf(search->arena, "%s in %s", role, place(anchor));
}

static int find_waiting(struct search *search, struct error *err)
{
	const char *params[] = {search->user, search->resource, search->permission};
	struct pg_rows *rows = NULL;

	if (model_call(search->store, MODEL_WAITING_DOORS, params, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++) {
		const char *door = pg_text(rows, i, WAITING_DOOR);
		add(search,
		    (struct explain_obstacle){
			.kind = "waiting",
			.rule = pg_text(rows, i, WAITING_RULE),
			.position = pg_text(rows, i, WAITING_POSITION),
			.gives = gives(search, pg_text(rows, i, WAITING_ROLE), pg_text(rows, i, WAITING_ANCHOR)),
			.why = arena_printf(
			    search->arena, "%s %s, but %s", door[0] == '\0' ? "it matches" : "already in",
			    door[0] == '\0' ? pg_text(rows, i, WAITING_ENTRY) : door, pg_text(rows, i, WAITING_HELD)),
		    });
	}
	pg_free(&rows);
	return 0;
}

static const char *missed(const struct search *search, const struct pg_rows *rows, size_t row)
{
	bool unit = strcmp(pg_text(rows, row, MISSED_KIND), "unit") == 0;
	const char *why = pg_text(rows, row, MISSED_WHY);

	return arena_printf(search->arena, "%s is not %s %s%s%s", search->login, unit ? "directly in" : "in",
			    pg_text(rows, row, MISSED_DN), why[0] == '\0' ? "" : "; ", why);
}

/* Groups and units at whose door the person does not stand. Rules about people are evaluated instead: find_rules(). */
static int find_missed(struct search *search, struct error *err)
{
	const char *params[] = {search->user, search->resource, search->permission};
	struct pg_rows *rows = NULL;

	if (model_call(search->store, MODEL_MISSED_DOORS, params, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++) {
		const char *kind = pg_text(rows, i, MISSED_KIND), *rule = pg_text(rows, i, MISSED_RULE);
		bool same = i > 0 && strcmp(pg_text(rows, i - 1, MISSED_RULE), rule) == 0;
		if (strcmp(kind, "user") == 0 || (!same && is_named(search, rule)))
			continue;
		add(search, (struct explain_obstacle){
				.kind = "rule",
				.rule = rule,
				.position = pg_text(rows, i, MISSED_POSITION),
				.gives = gives(search, pg_text(rows, i, MISSED_ROLE), pg_text(rows, i, MISSED_ANCHOR)),
				.why = missed(search, rows, i),
			    });
	}
	pg_free(&rows);
	return 0;
}

/* --- rules that nothing in the directory answers to ------------------------------------------------------------------ */

/* The rules of one source that name a place and a role without looking at an entry. A subtree names one for each unit. */
struct candidates {
	const struct rule_config **rules;
	size_t count;
	struct str anchors, roles, names; /* names: "" where the entry of the person decides */
};

static bool is_fixed(const struct rule_config *rule, const char *source)
{
	return (rule->source[0] == '\0' || strcmp(rule->source, source) == 0) && strstr(rule->into, "${") == NULL &&
	       rule->selector != RULE_SUBTREE && (rule->admin || rule->role[0] != '\0');
}

static void collect(const struct search *search, const char *source, struct candidates *candidates)
{
	const struct config *config = search->config;
	const char **anchors = arena_alloc_array(search->arena, config->rule_count + 1, sizeof *anchors);
	const char **roles = arena_alloc_array(search->arena, config->rule_count + 1, sizeof *roles);
	const char **names = arena_alloc_array(search->arena, config->rule_count + 1, sizeof *names);

	candidates->rules = arena_alloc_array(search->arena, config->rule_count + 1, sizeof(struct rule_config *));
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule_config *rule = &config->rules[i];
		if (!is_fixed(rule, source) || (search->allowed && rule->selector != RULE_USERS))
			continue;
		anchors[candidates->count] = rule->into;
		roles[candidates->count] = rule->admin ? "" : rule->role;
		names[candidates->count] = rule->selector == RULE_USERS ? "" : rule->name;
		candidates->rules[candidates->count++] = rule;
	}
	pg_array(anchors, candidates->count, &candidates->anchors);
	pg_array(roles, candidates->count, &candidates->roles);
	pg_array(names, candidates->count, &candidates->names);
}

/* The person's entry in a source: 1 found, 0 none. */
static int recall_person(const struct search *search, const char *source, struct entry *entry, struct error *err)
{
	const char *params[] = {search->user, source};
	struct pg_rows *rows = NULL;
	int rc = -1;

	if (model_call(search->store, MODEL_ENTRY_LIST, params, &rows, err) != 0)
		return -1;
	if (pg_count(rows) == 0) {
		rc = 0;
	} else {
		const struct mirror_row row = {.kind = ENTRY_USER,
					       .id = pg_text(rows, 0, ENTRY_ID),
					       .dn = pg_text(rows, 0, ENTRY_DN),
					       .attributes = pg_text(rows, 0, ENTRY_ATTRIBUTES)};
		rc = recall_entry(&row, search->arena, entry, err) == 0 ? 1 : -1;
	}
	pg_free(&rows);
	return rc;
}

/* Why a rule that would open the way does not. NULL when it does match: then it is used, or waits. */
static const char *why_not(const struct search *search, struct rules *rules, const struct rule_config *rule,
			   const struct entry *entry)
{
	struct mappings mappings;
	struct str text = {0};
	const char *why;

	if (rule->selector != RULE_USERS)
		return "no entry of the source matches it";
	if (entry == NULL)
		return arena_printf(search->arena, "the source does not know %s", search->login);
	rules_match(rules, entry, search->arena, &mappings);
	for (size_t i = 0; i < mappings.count; i++)
		if (mappings.items[i].rule == rule)
			return NULL;
	rules_explain(rules, rule, entry, &text);
	why = arena_strdup(search->arena, str_text(&text));
	str_free(&text);
	return why;
}

static void judge_rule(struct search *search, struct rules *rules, const struct rule_config *rule,
		       const struct entry *entry)
{
	const char *why = is_named(search, rule->name) ? NULL : why_not(search, rules, rule, entry);

	if (why != NULL)
		add(search, (struct explain_obstacle){
				.kind = "rule",
				.rule = rule->name,
				.position = rule_position(rule, search->arena),
				.gives = gives(search, rule->admin ? "Group Administrator" : rule->role, rule->into),
				.why = why,
			    });
}

static int judge_opening(struct search *search, const struct source_config *source, const struct candidates *candidates,
			 const struct pg_rows *opening, struct error *err)
{
	struct rules *rules = NULL;
	struct entry entry;
	int known = recall_person(search, source->name, &entry, err);

	if (known < 0 || rules_compile(search->config, source->name, search->arena, &rules, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(opening); i++)
		judge_rule(search, rules, candidates->rules[pg_integer(opening, i, 0) - 1], known == 1 ? &entry : NULL);
	rules_free(&rules);
	return 0;
}

static int find_rules(struct search *search, const struct source_config *source, struct error *err)
{
	struct candidates candidates = {.count = 0};
	struct pg_rows *rows = NULL;
	int rc = -1;

	collect(search, source->name, &candidates);
	const char *params[] = {source->name,
				str_text(&candidates.anchors),
				str_text(&candidates.roles),
				str_text(&candidates.names),
				search->resource,
				search->permission};
	if (model_call(search->store, MODEL_OPENING, params, &rows, err) == 0)
		rc = pg_count(rows) == 0 ? 0 : judge_opening(search, source, &candidates, rows, err);
	pg_free(&rows);
	str_free(&candidates.anchors);
	str_free(&candidates.roles);
	str_free(&candidates.names);
	return rc;
}

/* What the directory and the model say about a no. */
static int find_missing(struct search *search, struct error *err)
{
	if (find_final(search))
		return 0;
	return find_roles(search, err) == 0 && find_waiting(search, err) == 0 && find_missed(search, err) == 0 ? 0 : -1;
}

static void find_nobody(struct search *search)
{
	const char *what = search->permission == NULL ? "anything" : search->permission_name;

	add(search, (struct explain_obstacle){.kind = "nobody",
					      .why = arena_printf(search->arena,
								  "no rule, no hand and no ownership gives %s %s on %s",
								  search->login, what, search->resource_name)});
}

/* Of an earlier revision: of the directory and its rules nothing is kept. */
static int find_then(struct search *search, struct error *err)
{
	const char *params[] = {search->user, search->resource, search->permission, search->as_of};
	struct pg_rows *rows = NULL;

	/* Whether he is active now says nothing about then. */
	search->inactive = NULL;
	if (search->allowed || find_final(search))
		return 0;
	if (model_call(search->store, MODEL_OBSTACLES_THEN, params, &rows, err) != 0)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++)
		add(search, (struct explain_obstacle){.kind = arena_strdup(search->arena, pg_text(rows, i, 0)),
						      .why = arena_strdup(search->arena, pg_text(rows, i, 1))});
	pg_free(&rows);
	return 0;
}

int obstacles_find(struct search *search, struct error *err)
{
	bool final;

	search->obstacles = arena_alloc_array(search->arena, OBSTACLES_MOST, sizeof *search->obstacles);
	if (search->as_of != NULL)
		return find_then(search, err);
	if (!search->allowed && find_missing(search, err) != 0)
		return -1;
	final = search->inactive != NULL || search->archived || !search->applies;
	for (size_t i = 0; !final && i < search->config->source_count; i++)
		if (find_rules(search, &search->config->sources[i], err) != 0)
			return -1;
	if (!search->allowed && search->obstacle_count == 0)
		find_nobody(search);
	return 0;
}
