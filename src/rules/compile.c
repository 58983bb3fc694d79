/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/internal.h"

#include <string.h>

/* A rule on its way from the configuration. */
struct making {
	struct rule *rule;
	struct arena *arena;
	struct rule_faults *faults;
	bool placed;         /* into is good */
	bool captures_known; /* the selector is good, so that a name can be none of its captures */
};

static void refuse(struct making *making, const char *key, const char *text)
{
	struct rule_faults *faults = making->faults;
	struct rule_fault *items = arena_alloc_array(making->arena, faults->count + 1, sizeof(*items));

	if (faults->count > 0)
		memcpy(items, faults->items, faults->count * sizeof(*items));
	items[faults->count++] = (struct rule_fault){key, text};
	faults->items = items;
}

static void add_fault(struct making *making, const char *key, const struct error *why)
{
	refuse(making, key, arena_strdup(making->arena, why->text));
}

/* --- selectors ------------------------------------------------------------------------------------------------- */

static int canonical_key(const char *key, struct arena *arena, struct rule *rule, struct error *err)
{
	const char *select = rule->config->select;
	struct error why = {0};
	struct str canonical = {0};
	int result = dn_canonical(select, strlen(select), &canonical, &why);

	if (result == 0)
		rule->key = arena_strndup(arena, str_text(&canonical), canonical.size);
	else
		error_set(err, ERR_CONFIG, "%s: %s", key, why.text);
	str_free(&canonical);
	return result;
}

static int compile_group(struct rule *rule, struct arena *arena, struct error *err)
{
	const char *select = rule->config->select;
	struct str folded = {0};
	int result;

	rule->by_path = select[0] == '/' || !strchr(select, '=');
	if (!rule->by_path)
		return canonical_key("group", arena, rule, err);
	result = text_fold(select, strlen(select), &folded);
	rule->key = arena_strdup(arena, str_text(&folded));
	str_free(&folded);
	return result == 0 ? 0 : error_set(err, ERR_CONFIG, "group is not UTF-8");
}

static int compile_subtree(struct rule *rule, struct arena *arena, struct error *err)
{
	return canonical_key("subtree", arena, rule, err);
}

static int compile_filter(struct rule *rule, struct arena *arena, struct error *err)
{
	return filter_parse(rule->config->select, arena, &rule->filter, err);
}

/* Split `attribute ~ regex`. Values are folded before they are compared, so the expression is made to ignore case: one
 * written with capitals would otherwise never match, in silence. It is compiled as written first, for the column. */
static int compile_match(struct rule *rule, struct arena *arena, struct error *err)
{
	const char *select = rule->config->select;
	const char *name = select + strspn(select, " \t");
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-;.");
	const char *pattern = name + size + strspn(name + size, " \t");

	if (size == 0 || *pattern != '~')
		return error_set(err, ERR_CONFIG, "match \"%s\" is not of the form: attribute ~ regular expression",
				 select);
	pattern++;
	pattern += strspn(pattern, " \t");
	if (*pattern == '\0')
		return error_set(err, ERR_CONFIG, "match \"%s\" has no regular expression", select);
	rule->attribute = arena_strndup(arena, name, size);
	rule->pattern = pattern;
	if (regex_compile(pattern, &rule->regex, err) != 0)
		return -1;
	regex_free(&rule->regex);
	if (regex_compile(arena_printf(arena, "(?i)%s", pattern), &rule->regex, err) != 0)
		return error_prefix(err, "made to ignore case");
	rule->captures.regex = rule->regex;
	rule->captures.values =
	    arena_alloc_array(arena, regex_capture_count(rule->regex) + 1, sizeof(*rule->captures.values));
	return 0;
}

static const struct selector {
	const char *key;
	enum entry_kind kind;
	int (*compile)(struct rule *rule, struct arena *arena, struct error *err);
} selectors[] = {
    [RULE_GROUP] = {"group", ENTRY_GROUP, compile_group}, [RULE_FILTER] = {"filter", ENTRY_GROUP, compile_filter},
    [RULE_MATCH] = {"match", ENTRY_GROUP, compile_match}, [RULE_SUBTREE] = {"subtree", ENTRY_UNIT, compile_subtree},
    [RULE_USERS] = {"users", ENTRY_USER, compile_filter},
};

/* --- what a rule gives ----------------------------------------------------------------------------------------- */

static int check_capture(const struct rule *rule, const char *key, const char *name, struct arena *arena,
			 struct error *err)
{
	size_t count = rule->regex ? regex_capture_count(rule->regex) : 0;
	const char **names = arena_alloc_array(arena, count + 1, sizeof(*names));
	const char *nearest;

	if (!rule->regex)
		return error_set(err, ERR_CONFIG, "%s names the capture \"%s\", but only a match rule has captures",
				 key, name);
	for (size_t i = 0; i < count; i++) {
		names[i] = regex_capture_name(rule->regex, i);
		if (strcmp(names[i], name) == 0)
			return 0;
	}
	error_set(err, ERR_CONFIG, "%s names \"%s\", which is no capture of the regular expression", key, name);
	nearest = text_nearest(name, names, count);
	return nearest ? error_hint(err, "did you mean \"%s\"?", nearest) : -1;
}

static void check_into_captures(struct making *making)
{
	const struct template *into = &making->rule->into;

	for (size_t i = 0; i < into->count; i++) {
		struct error why = {0};
		if (into->pieces[i].capture &&
		    check_capture(making->rule, "into", into->pieces[i].text, making->arena, &why) != 0)
			add_fault(making, "into", &why);
	}
}

static int fold_choice(const char *value, struct arena *arena, const char **ret, struct error *err)
{
	struct str folded = {0};
	int result = text_fold(value, strlen(value), &folded);

	*ret = arena_strdup(arena, str_text(&folded));
	str_free(&folded);
	return result == 0 ? 0 : error_set(err, ERR_CONFIG, "the role map has a value that is not UTF-8");
}

static int compile_choice(struct rule *rule, size_t at, struct arena *arena, struct error *err)
{
	const struct role_choice *choice = &rule->config->roles[at];

	if (choice->role[0] == '\0')
		return error_set(err, ERR_CONFIG, "the role map gives no role for \"%s\"", choice->value);
	if (fold_choice(choice->value, arena, &rule->choices[at], err) != 0)
		return -1;
	for (size_t i = 0; i < at; i++)
		if (strcmp(rule->choices[at], rule->choices[i]) == 0)
			return error_set(err, ERR_CONFIG, "the role map has \"%s\" twice (case is ignored)",
					 choice->value);
	return 0;
}

static void compile_role_map(struct making *making)
{
	struct rule *rule = making->rule;
	const struct rule_config *config = rule->config;
	struct error why = {0};

	if (config->role_by[0] == '\0')
		refuse(making, "role", "the role map needs role_by, the name of the capture that chooses from it");
	else if (making->captures_known && check_capture(rule, "role_by", config->role_by, making->arena, &why) != 0)
		add_fault(making, "role_by", &why);
	if (config->role_count == 0)
		refuse(making, "role_by", "role_by needs a role map: role: { value: \"Role\" }");
	rule->choices = arena_alloc_array(making->arena, config->role_count, sizeof(*rule->choices));
	for (size_t i = 0; i < config->role_count; i++) {
		rule->choices[i] = "";
		if (compile_choice(rule, i, making->arena, &why) != 0)
			add_fault(making, "role", &why);
	}
}

static void check_role(struct making *making)
{
	const struct rule_config *config = making->rule->config;
	bool mapped = config->role_by[0] || config->role_count > 0;

	if ((config->admin ? 1 : 0) + (config->role[0] ? 1 : 0) + (mapped ? 1 : 0) > 1)
		refuse(making, "role", "only one of role, role_by and admin can be set");
	else if (mapped)
		compile_role_map(making);
	else if (!config->admin && config->role[0] == '\0')
		refuse(making, "role", "gives nothing: set role, role_by with a role map, or admin: true");
	else if (config->admin && making->placed && !making->rule->into.path)
		refuse(making, "into",
		       arena_printf(making->arena,
				    "admin makes administrators of groups: into must be a /path, not \"%s\"",
				    config->into));
}

static void check_depth(struct making *making)
{
	const struct rule_config *config = making->rule->config;

	if (config->max_depth < 0)
		refuse(making, "max_depth", "max_depth must not be negative (0 is unlimited)");
	if (config->max_depth > 0 && config->selector != RULE_SUBTREE)
		refuse(making, "max_depth", "max_depth means something for subtree rules only");
}

/* --- one rule, all rules --------------------------------------------------------------------------------------- */

static void compile_into(struct making *making)
{
	const struct rule_config *config = making->rule->config;
	struct error why = {0};

	making->placed = template_parse(config->into, making->arena, &making->rule->into, &why) == 0;
	if (!making->placed)
		add_fault(making, "into", &why);
	else if (config->selector == RULE_SUBTREE && !making->rule->into.path)
		refuse(making, "into",
		       arena_printf(making->arena,
				    "a subtree becomes branches of the group tree: into must be a /path, not \"%s\"",
				    config->into));
}

static void compile_selector(struct making *making)
{
	const struct selector *selector = &selectors[making->rule->config->selector];
	struct error why = {0};

	if (selector->compile(making->rule, making->arena, &why) != 0)
		add_fault(making, selector->key, &why);
	else
		making->captures_known = true;
}

/* Each part is judged even where another is wrong, as far as it does not depend on that one. */
int rule_compile(const struct rule_config *config, struct arena *arena, struct rule *rule, struct rule_faults *faults)
{
	struct making making = {.rule = rule, .arena = arena, .faults = faults};
	const struct selector *selector = &selectors[config->selector];

	*faults = (struct rule_faults){0};
	rule->config = config;
	rule->kind = selector->kind;
	if (!(config->flaws & RULE_FLAW_SELECT) && config->select[0] == '\0')
		refuse(&making, selector->key, arena_printf(arena, "%s is empty", selector->key));
	if (!(config->flaws & RULE_FLAW_INTO))
		compile_into(&making);
	if (!(config->flaws & RULE_FLAW_SELECT) && config->select[0] != '\0')
		compile_selector(&making);
	if (making.captures_known)
		check_into_captures(&making);
	if (!(config->flaws & RULE_FLAW_ROLE))
		check_role(&making);
	if (!(config->flaws & RULE_FLAW_DEPTH))
		check_depth(&making);
	return faults->count > 0 ? -1 : 0;
}

void rule_release(struct rule *rule)
{
	regex_free(&rule->regex);
}

static bool is_for(const struct rule_config *rule, const char *source_name)
{
	return rule->source[0] == '\0' || strcmp(rule->source, source_name) == 0;
}

int rules_compile(const struct config *config, const char *source_name, struct arena *arena, struct rules **ret,
		  struct error *err)
{
	struct rules *rules = arena_alloc(arena, sizeof(*rules));
	struct rule_faults faults;

	rules->config = config;
	rules->items = arena_alloc_array(arena, config->rule_count, sizeof(*rules->items));
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule_config *rule = &config->rules[i];
		if (!is_for(rule, source_name))
			continue;
		if (rule_compile(rule, arena, &rules->items[rules->count++], &faults) != 0) {
			rules_free(&rules);
			return error_set(err, ERR_CONFIG, "%s:%d: rule %s: %s", rule->position.file,
					 rule->position.line, rule->name, faults.items[0].text);
		}
	}
	*ret = rules;
	return 0;
}

void rules_free(struct rules **rules)
{
	if (!*rules)
		return;
	for (size_t i = 0; i < (*rules)->count; i++)
		rule_release(&(*rules)->items[i]);
	str_free(&(*rules)->fold);
	*rules = NULL;
}

void rules_check(const struct rule_config *config, struct arena *arena, struct rule_faults *ret)
{
	struct rule rule = {0};

	rule_compile(config, arena, &rule, ret);
	rule_release(&rule);
}

int rules_attributes(const struct rule_config *config, void (*each)(const char *name, void *context), void *context,
		     struct error *err)
{
	struct arena *arena = arena_new();
	struct rule rule = {0};
	struct rule_faults faults;
	int result = rule_compile(config, arena, &rule, &faults);

	if (result != 0)
		error_set(err, ERR_CONFIG, "%s", faults.items[0].text);
	if (result == 0 && rule.filter)
		filter_attributes(rule.filter, each, context);
	if (result == 0 && rule.attribute)
		each(rule.attribute, context);
	rule_release(&rule);
	arena_free(&arena);
	return result;
}
