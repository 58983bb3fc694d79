/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration, whole: the file, the rules in it, and what they mean for what sources are asked. */
#include "roster/job.h"
#include "roster/rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct names {
	struct arena *arena;
	const char **items;
	size_t count, room;
};

static void add_name(const char *name, void *context)
{
	struct names *names = context;

	if (name[0] == '\0')
		return;
	for (size_t i = 0; i < names->count; i++)
		if (text_equal_fold(names->items[i], name))
			return;
	if (names->count == names->room) {
		const char **grown = arena_alloc_array(names->arena, names->room = names->room * 2 + 16, sizeof *grown);
		if (names->count > 0)
			memcpy(grown, names->items, names->count * sizeof *grown);
		names->items = grown;
	}
	names->items[names->count++] = arena_strdup(names->arena, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_member_names(const struct source_config *source, struct names *names)
{
	static const char *const usual[] = {"member", "uniqueMember", "memberUid"};

	if (source->groups.member[0] != '\0')
		add_name(source->groups.member, names);
	else
		for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
			add_name(usual[i], names);
}

/* The filters of an API are evaluated over what was fetched. */
static void add_filter_names(const struct source_config *source, struct names *names)
{
	const char *const filters[] = {source->users.filter, source->groups.filter};
	struct filter *filter;

	for (size_t i = 0; source_is_api(source) && i < sizeof filters / sizeof filters[0]; i++)
		if (filters[i][0] != '\0' && filter_parse(filters[i], names->arena, &filter, NULL) == 0)
			filter_attributes(filter, add_name, names);
}

/* What the source is asked for: what makes a person and a group, and what rules look at. */
static void collect_attributes(const struct config *config, struct source_config *source, struct arena *arena)
{
	struct names names = {.arena = arena};

	add_name(source->users.login, &names);
	add_name(source->users.email, &names);
	add_name(source->users.name, &names);
	add_name(source->link, &names);
	if (source_link_proof(source))
		add_name(source_link_proof(source), &names);
	add_name(source->groups.name, &names);
	add_name(source->units.name, &names);
	add_member_names(source, &names);
	add_filter_names(source, &names);
	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].source[0] == '\0' || strcmp(config->rules[i].source, source->name) == 0)
			rules_attributes(&config->rules[i], add_name, &names, NULL);
	qsort(names.items, names.count, sizeof *names.items, compare_names);
	source->attributes = names.items;
	source->attribute_count = names.count;
}

/* What the file alone cannot tell: whether regexes compile, filters parse and captures exist. */
static void check_rules(const struct config *config, struct arena *arena, struct findings *findings)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule_config *rule = &config->rules[i];
		struct rule_faults faults;
		rules_check(rule, arena, &faults);
		for (size_t k = 0; k < faults.count; k++)
			config_report(config, arena_printf(arena, "rules.%s.%s", rule->name, faults.items[k].key),
				      arena_printf(arena, "rule %s: %s", rule->name, faults.items[k].text), arena,
				      findings);
	}
}

/* A server evaluates it, or we do. */
static bool is_filter(const struct source_config *source, const char *text, struct arena *arena, struct error *err)
{
	bool for_server = strcmp(source->type, "ldap") == 0;
	struct filter *parsed;

	return (for_server ? filter_parse_for_server : filter_parse)(text, arena, &parsed, err) == 0;
}

static void check_filters(const struct config *config, struct arena *arena, struct findings *findings)
{
	for (size_t i = 0; i < config->source_count; i++) {
		const struct source_config *source = &config->sources[i];
		const struct {
			const char *kind, *filter;
		} filters[] = {{"users", source->users.filter},
			       {"groups", source->groups.filter},
			       {"units", source->units.filter}};
		for (size_t k = 0; k < sizeof filters / sizeof filters[0]; k++) {
			struct error err = {0};
			if (filters[k].filter[0] == '\0' || is_filter(source, filters[k].filter, arena, &err))
				continue;
			config_report(
			    config, arena_printf(arena, "sources.%s.%s.filter", source->name, filters[k].kind),
			    arena_printf(arena, "source %s: %s.filter: %s", source->name, filters[k].kind, err.text),
			    arena, findings);
		}
	}
}

/* What is wrong with the text and the keys hides nothing that is wrong with the rules. */
static int complete(int rc, struct arena *arena, struct config **ret, struct findings *findings, struct error *err)
{
	struct config *config = rc == 0 ? *ret : findings->draft;

	if (config == NULL)
		return rc;
	check_rules(config, arena, findings);
	check_filters(config, arena, findings);
	if (findings->errors > 0)
		findings->draft = config;
	if (findings_error(findings, err) != 0)
		return -1;
	for (size_t i = 0; i < config->source_count; i++)
		collect_attributes(config, &config->sources[i], arena);
	return 0;
}

int setup_load(const char *file, struct arena *arena, struct config **ret, struct findings *findings, struct error *err)
{
	int rc = config_load(file, arena, ret, findings, err);

	return complete(rc, arena, ret, findings, err);
}

int setup_load_texts(const struct config_text *texts, size_t count, struct arena *arena, struct config **ret,
		     struct error *err)
{
	struct findings findings;
	int rc = config_load_texts(texts, count, arena, ret, &findings, err);

	return complete(rc, arena, ret, &findings, err);
}
