/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/internal.h"

#include <string.h>

enum { SHOWN_VALUES = 3 };

static struct rule *find_rule(struct rules *rules, const struct rule_config *config)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].config == config)
			return &rules->items[i];
	return NULL;
}

static void explain_values(const struct rule *rule, const struct entry *entry, struct str *out)
{
	const struct attribute *attribute = entry_attribute(entry, rule->attribute);
	size_t count = attribute ? attribute->count : 0;

	str_printf(out, count > 0 ? "%s " : "%s is absent", rule->attribute);
	for (size_t i = 0; i < count && i < SHOWN_VALUES; i++) {
		str_add(out, i > 0 ? ", " : "");
		quote(attribute->values[i].data, attribute->values[i].size, out);
	}
	if (count > SHOWN_VALUES)
		str_printf(out, " and %zu more", count - SHOWN_VALUES);
	if (count > 0)
		str_printf(out, " %s not match %s", count > 1 ? "do" : "does", rule->pattern);
}

static void explain_no(const struct rule *rule, const struct entry *entry, struct str *out)
{
	const char *select = rule->config->select;

	if (rule->kind != entry->kind) {
		str_printf(out, "looks at %ss, and this is a %s", entry_kind_name(rule->kind),
			   entry_kind_name(entry->kind));
		return;
	}
	switch (rule->config->selector) {
	case RULE_GROUP:
		str_printf(out, "group is %s, not %s", entry->dn, select);
		return;
	case RULE_SUBTREE:
		str_printf(out, "%s is not below %s", entry->dn, select);
		return;
	case RULE_MATCH:
		explain_values(rule, entry, out);
		return;
	case RULE_FILTER:
	case RULE_USERS:
		break;
	}
	str_printf(out, "%s filter does not match: ", rule->kind == ENTRY_USER ? "users" : "group");
	filter_explain(rule->filter, entry, out);
}

/* The rule matches by itself, so an earlier one must have said stop, if it was not used. */
static void explain_stop(struct rules *rules, const struct rule *last, struct view *view, struct str *out)
{
	for (struct rule *rule = rules->items; rule < last; rule++) {
		struct mappings ignored = {0};
		if (rule->config->stop && rule_match(rule, view, &ignored) != MATCH_NO) {
			str_printf(out, "rule %s before it says stop", rule->config->name);
			return;
		}
	}
	str_add(out, "it matches");
}

void rules_explain(struct rules *rules, const struct rule_config *config, const struct entry *entry, struct str *out)
{
	struct arena *arena = arena_new();
	struct view view = {.entry = entry, .arena = arena, .fold = &rules->fold};
	struct rule *rule = find_rule(rules, config);
	struct mappings mappings = {0};

	if (!rule)
		str_printf(out, "is for source %s", config->source);
	else if (rule_match(rule, &view, &mappings) == MATCH_NO)
		explain_no(rule, entry, out);
	else if (mappings.count == 0 && mappings.problem_count > 0)
		str_add(out, mappings.problems[0].why);
	else
		explain_stop(rules, rule, &view, out);
	arena_free(&arena);
}
