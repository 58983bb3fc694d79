/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values and names of units as a stranger may write them, against fixed rules: whatever they hold, an anchor
 * stays below the literal text of its rule, as deep as the rule says, and each of its names is one.
 */
#include "roster/rules.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_VALUES = 16, MOST_NAME = 100 };

#define TEAM     "cn ~ ^(?<x>[^-]*)-(?<team>(?s:.*))-(?<kind>[a-z]*)$"
#define ANYTHING "cn ~ ^(?<x>(?s:.*))$"

/* A rule, and its promise: what its anchors begin with, and how many "/" they hold at least and at most. */
static const struct sample {
	const char *name;
	enum rule_selector selector;
	const char *select, *into, *prefix;
	size_t least, most;
} samples[] = {
    {"team", RULE_MATCH, TEAM, "/teams/${x}/${team}", "/teams/", 3, 3},
    {"whole", RULE_MATCH, ANYTHING, "/any/${x}", "/any/", 2, 2},
    {"part", RULE_MATCH, ANYTHING, "/any/x${x}.", "/any/x", 2, 2},
    {"dots", RULE_MATCH, ANYTHING, "/any/.${x}", "/any/.", 2, 2},
    {"twice", RULE_MATCH, ANYTHING, "/any/${x}${x}", "/any/", 2, 2},
    {"app", RULE_MATCH, ANYTHING, "app:crm-${x}", "app:crm-", 0, 0},
    {"tree", RULE_SUBTREE, "OU=D,DC=x", "/org", "/org", 1, 3},
};
enum { RULES = sizeof(samples) / sizeof(samples[0]), TREE_DEPTH = 2 };

static struct role_choice roles[] = {{"devs", "Developer"}, {"admins", "Administrator"}};
static struct rule_config rule_list[RULES];

static void require(bool holds, const char *what, const struct mapping *mapping)
{
	if (holds)
		return;
	fprintf(stderr, "rule %s gave \"%s\": %s\n", mapping->rule->name, mapping->anchor, what);
	abort();
}

static void check_name(const struct mapping *mapping, const char *name, size_t size)
{
	size_t characters = 0;

	require(size > 0, "an empty name", mapping);
	require(!(name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.'))), "a name that climbs", mapping);
	for (size_t i = 0; i < size; i++) {
		require((unsigned char)name[i] >= 0x20 && name[i] != 0x7F, "a control character", mapping);
		characters += ((unsigned char)name[i] & 0xC0) != 0x80;
	}
	require(characters <= MOST_NAME, "a name that is too long", mapping);
}

static void check_mapping(const struct mapping *mapping)
{
	const struct sample *promise = &samples[mapping->rule - rule_list];
	const char *name = mapping->anchor + (mapping->anchor[0] == '/' ? strlen("/") : strlen("app:"));
	size_t slashes = 0;

	for (const char *at = mapping->anchor; *at; at++)
		slashes += *at == '/';
	require(text_starts_with(mapping->anchor, promise->prefix), "not below its rule's place", mapping);
	require(slashes >= promise->least && slashes <= promise->most, "at another depth", mapping);
	require(text_is_valid(mapping->anchor, strlen(mapping->anchor)), "not text", mapping);
	require(mapping->admin == (mapping->role == NULL), "neither role nor admin", mapping);
	for (;;) {
		const char *end = strchrnul(name, '/');
		check_name(mapping, name, (size_t)(end - name));
		if (*end == '\0')
			return;
		name = end + 1;
	}
}

static void ask(struct rules *rules, const struct entry *entry, struct arena *arena)
{
	struct mappings found;
	struct str text = {0};

	rules_match(rules, entry, arena, &found);
	for (size_t i = 0; i < found.count; i++)
		check_mapping(&found.items[i]);
	for (size_t i = 0; i < found.problem_count; i++)
		if (!text_is_valid(found.problems[i].why, strlen(found.problems[i].why)))
			abort();
	for (size_t i = 0; i < RULES; i++)
		rules_explain(rules, &rule_list[i], entry, &text);
	str_free(&text);
}

/* The input is a list of values, one a line. (A newline inside a value is left to the DN below.) */
static size_t cut(const char *data, size_t size, struct arena *arena, struct value *values)
{
	size_t count = 0;

	while (count < MOST_VALUES) {
		const char *end = size > 0 ? memchr(data, '\n', size) : NULL;
		size_t length = end ? (size_t)(end - data) : size;
		values[count++] = (struct value){arena_strndup(arena, data, length), length};
		if (!end)
			break;
		data += length + 1;
		size -= length + 1;
	}
	return count;
}

/* Each value the name of a unit, one below the other. */
static const char *unit_dn(const struct value *values, size_t count, struct arena *arena)
{
	struct str dn = {0};
	const char *copy;

	for (size_t i = count; i > 0; i--) {
		str_add(&dn, "ou=");
		dn_escape(values[i - 1].data, values[i - 1].size, &dn);
		str_add(&dn, ",");
	}
	str_add(&dn, "ou=d,dc=X");
	copy = arena_strndup(arena, dn.data, dn.size);
	str_free(&dn);
	return copy;
}

static void fill_rule(const struct sample *sample, struct rule_config *rule)
{
	bool mapped = strcmp(sample->name, "team") == 0, admin = strcmp(sample->name, "twice") == 0;

	*rule = (struct rule_config){.name = sample->name,
				     .source = "",
				     .selector = sample->selector,
				     .select = sample->select,
				     .into = sample->into,
				     .admin = admin,
				     .role = mapped || admin ? "" : "Developer",
				     .role_by = mapped ? "kind" : "",
				     .roles = roles,
				     .role_count = mapped ? 2 : 0,
				     .max_depth = sample->selector == RULE_SUBTREE ? TREE_DEPTH : 0};
}

static struct rules *compile_rules(struct arena *arena)
{
	static struct config config = {.rules = rule_list, .rule_count = RULES};
	struct rules *rules;
	struct error err = {0};

	for (size_t i = 0; i < RULES; i++)
		fill_rule(&samples[i], &rule_list[i]);
	if (rules_compile(&config, "corp", arena, &rules, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct rules *rules = compile_rules(arena);
	struct value values[MOST_VALUES];
	struct attribute cn = {.name = "cn", .values = values};
	struct entry entry = {.kind = ENTRY_GROUP, .id = "1", .dn = "cn=g", .attributes = &cn, .attribute_count = 1};

	cn.count = cut((const char *)data, size, arena, values);
	ask(rules, &entry, arena);
	entry.kind = ENTRY_UNIT;
	entry.dn = unit_dn(values, cn.count, arena);
	ask(rules, &entry, arena);
	entry.dn = arena_printf(arena, "%s,OU=D,DC=x", arena_strndup(arena, (const char *)data, size));
	ask(rules, &entry, arena);
	rules_free(&rules);
	arena_free(&arena);
	return 0;
}
