/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/internal.h"

#include <string.h>

static const char *keep(const struct view *view, bool known)
{
	return known ? arena_strdup(view->arena, str_text(view->fold)) : "";
}

const char *view_dn(struct view *view)
{
	if (!view->dn) {
		str_clear(view->fold);
		view->dn = keep(view, dn_canonical(view->entry->dn, strlen(view->entry->dn), view->fold, NULL) == 0);
	}
	return view->dn;
}

static const char *view_path(struct view *view)
{
	if (!view->path) {
		str_clear(view->fold);
		view->path = keep(view, text_fold(view->entry->dn, strlen(view->entry->dn), view->fold) == 0);
	}
	return view->path;
}

/* What the evaluation of one rule against one entry works on. */
struct matching {
	struct rule *rule;
	struct view *view;
	struct mappings *ret;
	size_t first; /* in ret: where this rule's mappings begin */
};

/* Room for one more: arrays from the arena double when they are full, which is when count is a power of two. */
static void *grow(struct arena *arena, void *items, size_t count, size_t size)
{
	void *more;

	if (count & (count - 1))
		return items;
	more = arena_alloc_array(arena, count == 0 ? 1 : 2 * count, size);
	if (count > 0)
		memcpy(more, items, count * size);
	return more;
}

static void add_problem(struct mappings *ret, struct arena *arena, const struct rule_config *rule, const char *why)
{
	ret->problems = grow(arena, ret->problems, ret->problem_count, sizeof(*ret->problems));
	ret->problems[ret->problem_count++] = (struct rule_problem){.rule = rule, .why = why, .undecided = true};
}

/* `cn "pay-..": ` before why, so that the report names what the rule stumbled over. */
static void add_value_problem(const struct matching *matching, const struct value *value, const char *why)
{
	struct str text = {0};

	str_printf(&text, "%s ", matching->rule->attribute);
	quote(value->data, value->size, &text);
	str_printf(&text, ": %s", why);
	add_problem(matching->ret, matching->view->arena, matching->rule->config,
		    arena_strndup(matching->view->arena, text.data, text.size));
	str_free(&text);
}

static bool same_role(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Two values of one attribute may give the same: once is enough. */
static void add_mapping(const struct matching *matching, const char *anchor, const char *role, const char *captures)
{
	const struct rule_config *rule = matching->rule->config;
	struct mappings *ret = matching->ret;

	for (size_t i = matching->first; i < ret->count; i++)
		if (strcmp(ret->items[i].anchor, anchor) == 0 && same_role(ret->items[i].role, role))
			return;
	ret->items = grow(matching->view->arena, ret->items, ret->count, sizeof(*ret->items));
	ret->items[ret->count++] =
	    (struct mapping){.rule = rule, .anchor = anchor, .role = role, .admin = rule->admin, .captures = captures};
}

static const char *plain_role(const struct rule_config *rule)
{
	return rule->admin ? NULL : rule->role;
}

/* A template without captures always gives an anchor: its names were judged when the rule was compiled. */
static void give(const struct matching *matching)
{
	const char *why = NULL;
	const char *anchor = template_expand(&matching->rule->into, NULL, matching->view->arena, &why);

	add_mapping(matching, anchor, plain_role(matching->rule->config), "");
}

/* --- group, filter, users -------------------------------------------------------------------------------------- */

static enum outcome match_group(const struct matching *matching)
{
	const struct rule *rule = matching->rule;
	const char *name = rule->by_path ? view_path(matching->view) : view_dn(matching->view);

	if (strcmp(name, rule->key) != 0)
		return MATCH_NO;
	give(matching);
	return MATCH_YES;
}

static enum outcome match_filter(const struct matching *matching)
{
	if (!filter_matches(matching->rule->filter, matching->view->entry))
		return MATCH_NO;
	give(matching);
	return MATCH_YES;
}

/* --- match ----------------------------------------------------------------------------------------------------- */

static void add_capture(struct str *text, const char *name, const char *value)
{
	str_printf(text, "%s%s=", text->size ? " " : "", name);
	add_printable(value, strlen(value), text);
}

static const char *describe_captures(const struct captures *captures, struct arena *arena)
{
	struct str text = {0};
	const char *copy;

	for (size_t i = 0; i < regex_capture_count(captures->regex); i++)
		if (captures->values[i])
			add_capture(&text, regex_capture_name(captures->regex, i), captures->values[i]);
	copy = arena_strdup(arena, str_text(&text));
	str_free(&text);
	return copy;
}

static const char *choose_role(const struct rule *rule, struct arena *arena, const char **why)
{
	const struct rule_config *config = rule->config;
	const char *value = captures_find(&rule->captures, config->role_by);
	struct str text = {0};

	for (size_t i = 0; value && i < config->role_count; i++)
		if (strcmp(rule->choices[i], value) == 0)
			return config->roles[i].role;
	if (value)
		quote(value, strlen(value), &text);
	*why = arena_printf(arena, "${%s} %s%s", config->role_by, str_text(&text),
			    value ? " is not in the role map" : "took no part in the match");
	str_free(&text);
	return NULL;
}

static void give_captured(const struct matching *matching, const struct value *value)
{
	const struct rule *rule = matching->rule;
	const char *why = NULL, *role = plain_role(rule->config);
	const char *anchor = template_expand(&rule->into, &rule->captures, matching->view->arena, &why);

	if (anchor && rule->config->role_by[0])
		role = choose_role(rule, matching->view->arena, &why);
	if (why) {
		add_value_problem(matching, value, why);
		/* A place without a role is an answer; a place that has no name is none. */
		matching->ret->problems[matching->ret->problem_count - 1].undecided = anchor == NULL;
	} else
		add_mapping(matching, anchor, role, describe_captures(&rule->captures, matching->view->arena));
}

static enum outcome match_value(const struct matching *matching, const struct value *value)
{
	struct rule *rule = matching->rule;
	struct error err = {0};
	int found;

	str_clear(matching->view->fold);
	if (!text_is_valid(value->data, value->size) ||
	    text_fold(value->data, value->size, matching->view->fold) != 0) {
		add_value_problem(matching, value, "a regular expression needs text");
		return MATCH_UNKNOWN;
	}
	found = regex_match(rule->regex, str_text(matching->view->fold), matching->view->fold->size,
			    matching->view->arena, rule->captures.values, &err);
	if (found < 0)
		add_value_problem(matching, value, arena_strdup(matching->view->arena, err.text));
	if (found <= 0)
		return found == 0 ? MATCH_NO : MATCH_UNKNOWN;
	give_captured(matching, value);
	return MATCH_YES;
}

static enum outcome match_attribute(const struct matching *matching)
{
	const struct attribute *attribute = entry_attribute(matching->view->entry, matching->rule->attribute);
	enum outcome outcome = MATCH_NO;

	for (size_t i = 0; attribute && i < attribute->count; i++) {
		enum outcome one = match_value(matching, &attribute->values[i]);
		if (one == MATCH_YES || outcome == MATCH_NO)
			outcome = one;
	}
	return outcome;
}

/* --- subtree --------------------------------------------------------------------------------------------------- */

static size_t depth_below(const char *dn, const char *base)
{
	size_t depth = 0;

	for (; strlen(dn) > strlen(base); dn = dn_parent(dn))
		depth++;
	return depth;
}

/* The anchor one level further down, by the name in dn's first RDN. */
static const char *add_unit(const struct matching *matching, const char *anchor, const char *dn, const char **why)
{
	struct str name = {0};

	if (dn_first_value(dn, &name, NULL) != 0 || !text_is_valid(str_text(&name), name.size)) {
		*why = "the name of a unit in its DN is not text";
		anchor = NULL;
	} else {
		anchor = anchor_below(anchor, str_text(&name), matching->view->arena, why);
	}
	str_free(&name);
	return anchor;
}

/* The anchor of a unit `depth` levels below the base: its ancestors' names from the base down, then its own. */
static const char *branch_anchor(const struct matching *matching, const char *dn, size_t depth, const char **why)
{
	const char *anchor = template_expand(&matching->rule->into, NULL, matching->view->arena, why);

	for (; anchor && depth > 0; depth--) {
		const char *unit = dn;
		for (size_t up = 1; up < depth; up++)
			unit = dn_parent(unit);
		anchor = add_unit(matching, anchor, unit, why);
	}
	return anchor;
}

static enum outcome match_subtree(const struct matching *matching)
{
	const struct rule_config *rule = matching->rule->config;
	const char *dn = view_dn(matching->view), *anchor, *why = NULL;
	size_t depth, most = (size_t)rule->max_depth;

	if (!dn_is_under(dn, matching->rule->key))
		return MATCH_NO;
	depth = depth_below(dn, matching->rule->key);
	for (; most > 0 && depth > most; depth--)
		dn = dn_parent(dn);
	anchor = branch_anchor(matching, dn, depth, &why);
	if (anchor)
		add_mapping(matching, anchor, plain_role(rule), "");
	else
		add_problem(matching->ret, matching->view->arena, rule, why);
	return MATCH_YES;
}

/* --- one rule, all rules --------------------------------------------------------------------------------------- */

enum outcome rule_match(struct rule *rule, struct view *view, struct mappings *ret)
{
	const struct matching matching = {.rule = rule, .view = view, .ret = ret, .first = ret->count};

	if (rule->kind != view->entry->kind)
		return MATCH_NO;
	switch (rule->config->selector) {
	case RULE_GROUP:
		return match_group(&matching);
	case RULE_MATCH:
		return match_attribute(&matching);
	case RULE_SUBTREE:
		return match_subtree(&matching);
	case RULE_FILTER:
	case RULE_USERS:
		break;
	}
	return match_filter(&matching);
}

/* A rule that says stop could not be evaluated, so whether this later one counts is unknown too: it gives nothing new,
 * and as a problem it takes nothing away. */
static void leave_undecided(struct mappings *ret, size_t had, const struct rule_config *rule,
			    const struct rule_config *doubtful, struct arena *arena)
{
	ret->count = had;
	add_problem(ret, arena, rule,
		    arena_printf(arena, "rule %s before it says stop and could not be evaluated", doubtful->name));
}

void rules_match(struct rules *rules, const struct entry *entry, struct arena *arena, struct mappings *ret)
{
	struct view view = {.entry = entry, .arena = arena, .fold = &rules->fold};
	const struct rule_config *doubtful = NULL;

	*ret = (struct mappings){0};
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule_config *rule = rules->items[i].config;
		size_t had = ret->count;
		enum outcome outcome = rule_match(&rules->items[i], &view, ret);
		if (outcome == MATCH_YES && doubtful)
			leave_undecided(ret, had, rule, doubtful, arena);
		if (outcome == MATCH_YES && rule->stop)
			return;
		if (outcome == MATCH_UNKNOWN && rule->stop && !doubtful)
			doubtful = rule;
	}
}
