/* SPDX-License-Identifier: Apache-2.0 */
/*
 * company: builders of rules and entries for the tests of rules, and the answer of rules_match() as text.
 *
 * Each COMPANY_TEST gets an empty one as its state: add rules, then ask. All of it is gone after the test.
 */
#ifndef TESTS_RULES_COMPANY_H
#define TESTS_RULES_COMPANY_H

#include "roster/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COMPANY_RULES = 8, COMPANY_ATTRIBUTES = 8, COMPANY_VALUES = 40 };

struct company {
	struct arena *arena;
	struct config config;
	struct rule_config rules[COMPANY_RULES];
	struct rules *compiled; /* of source "corp", made when first asked */
	struct str answer;
};

static inline int company_setup(void **state)
{
	struct company *company = xcalloc(1, sizeof(*company));

	company->arena = arena_new();
	company->config.file = "rosterd.conf";
	company->config.rules = company->rules;
	*state = company;
	return 0;
}

static inline int company_teardown(void **state)
{
	struct company *company = *state;

	rules_free(&company->compiled);
	arena_free(&company->arena);
	str_free(&company->answer);
	free(company);
	return 0;
}

/* A rule named "one", "two" ... at rosterd.conf:10, :11 ... that gives a role; change it before it is compiled. */
static inline struct rule_config *add_rule(struct company *company, enum rule_selector selector, const char *select,
					   const char *into, const char *role)
{
	static const char *const names[COMPANY_RULES] = {"one",  "two", "three", "four",
							 "five", "six", "seven", "eight"};
	size_t n = company->config.rule_count++;

	assert_in_range(n, 0, COMPANY_RULES - 1);
	company->rules[n] = (struct rule_config){.name = names[n],
						 .position = {"rosterd.conf", 10 + (int)n},
						 .source = "",
						 .selector = selector,
						 .select = select,
						 .into = into,
						 .role = role,
						 .role_by = ""};
	return &company->rules[n];
}

/* Choose the role by a capture: pairs of value and role, ended by NULL. */
static inline void set_role_map(struct company *company, struct rule_config *rule, const char *capture, ...)
{
	va_list args;
	const char *value;

	rule->role = "";
	rule->role_by = capture;
	rule->roles = arena_alloc_array(company->arena, COMPANY_RULES, sizeof(*rule->roles));
	rule->role_count = 0;
	va_start(args, capture);
	while ((value = va_arg(args, const char *)))
		rule->roles[rule->role_count++] = (struct role_choice){value, va_arg(args, const char *)};
	va_end(args);
}

static inline struct entry *new_entry(struct company *company, enum entry_kind kind, const char *dn)
{
	struct entry *entry = arena_alloc(company->arena, sizeof(*entry));

	entry->kind = kind;
	entry->id = "id";
	entry->dn = dn;
	entry->attributes = arena_alloc_array(company->arena, COMPANY_ATTRIBUTES, sizeof(*entry->attributes));
	return entry;
}

static inline void add_bytes(struct company *company, struct entry *entry, const char *name, const char *data,
			     size_t size)
{
	struct attribute *attribute = entry->attributes;

	while (attribute < entry->attributes + entry->attribute_count && strcmp(attribute->name, name) != 0)
		attribute++;
	if (attribute == entry->attributes + entry->attribute_count) {
		entry->attribute_count++;
		attribute->name = name;
		attribute->values = arena_alloc_array(company->arena, COMPANY_VALUES, sizeof(*attribute->values));
	}
	assert_in_range(attribute->count, 0, COMPANY_VALUES - 1);
	attribute->values[attribute->count++] = (struct value){arena_strndup(company->arena, data, size), size};
}

static inline void add_value(struct company *company, struct entry *entry, const char *name, const char *text)
{
	add_bytes(company, entry, name, text, strlen(text));
}

/* A group with one cn. */
static inline struct entry *group_named(struct company *company, const char *cn)
{
	struct entry *entry = new_entry(company, ENTRY_GROUP, "cn=g,dc=x");

	add_value(company, entry, "cn", cn);
	return entry;
}

static inline struct rules *company_rules(struct company *company)
{
	struct error err = {0};

	if (!company->compiled &&
	    rules_compile(&company->config, "corp", company->arena, &company->compiled, &err) != 0)
		fail_msg("%s", err.text);
	return company->compiled;
}

/* What all rules give: "one /pay/api Developer [unit=pay]\n" per mapping, then "one! why\n" per problem. */
static inline const char *answer(struct company *company, const struct entry *entry)
{
	struct mappings found;
	struct str *out = &company->answer;

	rules_match(company_rules(company), entry, company->arena, &found);
	str_clear(out);
	for (size_t i = 0; i < found.count; i++) {
		const struct mapping *mapping = &found.items[i];
		assert_int_equal(mapping->admin, mapping->role == NULL);
		str_printf(out, "%s %s %s", mapping->rule->name, mapping->anchor,
			   mapping->role ? mapping->role : "(admin)");
		str_printf(out, mapping->captures[0] ? " [%s]\n" : "%s\n", mapping->captures);
	}
	for (size_t i = 0; i < found.problem_count; i++)
		str_printf(out, "%s! %s\n", found.problems[i].rule->name, found.problems[i].why);
	return str_text(out);
}

static inline const char *explanation(struct company *company, const struct rule_config *rule,
				      const struct entry *entry)
{
	str_clear(&company->answer);
	rules_explain(company_rules(company), rule, entry, &company->answer);
	return str_text(&company->answer);
}

#define COMPANY_TEST(function) cmocka_unit_test_setup_teardown(function, company_setup, company_teardown)

#endif
