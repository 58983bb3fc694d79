/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/reasons.h"

#include "job/obstacles.h"
#include "job/recall.h"
#include "roster/rules.h"

#include <string.h>

/* One entry under the eyes of the rules. */
struct look {
	struct rules *rules;
	struct entry entry;
	struct mappings mappings;
	struct arena *arena;
	struct explained_rules *list;
};

static const char *what_it_gives(const struct mapping *mapping, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s in %s", mapping->captures, mapping->captures[0] == '\0' ? "" : "  -> ",
			    mapping->admin ? "Group Administrator" : mapping->role, mapping->anchor);
}

static const char *why_not(const struct look *look, const struct rule_config *rule)
{
	struct str text = {0};
	const char *why;

	rules_explain(look->rules, rule, &look->entry, &text);
	why = arena_strdup(look->arena, str_text(&text));
	str_free(&text);
	return why;
}

static void explain_rule(struct look *look, const struct rule_config *rule)
{
	struct explain_rule line = {rule->name, rule_position(rule, look->arena), true, NULL};
	struct explained_rules *list = look->list;
	size_t before = list->count;

	for (size_t i = 0; i < look->mappings.count; i++) {
		if (look->mappings.items[i].rule != rule)
			continue;
		line.result = what_it_gives(&look->mappings.items[i], look->arena);
		list->items[list->count++] = line;
	}
	if (list->count > before)
		return;
	line.matches = false;
	line.result = why_not(look, rule);
	list->items[list->count++] = line;
}

int explain_rules(const struct config *config, const char *source, const struct mirror_row *row, struct arena *arena,
		  struct explained_rules *ret, struct error *err)
{
	struct look look = {.arena = arena, .list = ret};

	if (recall_entry(row, arena, &look.entry, err) != 0 ||
	    rules_compile(config, source, arena, &look.rules, err) != 0)
		return -1;
	rules_match(look.rules, &look.entry, arena, &look.mappings);
	ret->count = 0;
	ret->items = arena_alloc_array(arena, look.mappings.count + config->rule_count + 1, sizeof *ret->items);
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule_config *rule = &config->rules[i];
		if (rule->source[0] == '\0' || strcmp(rule->source, source) == 0)
			explain_rule(&look, rule);
	}
	rules_free(&look.rules);
	return 0;
}
