/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/internal.h"

#include <string.h>

/* Raise it when the same rules would give something else than before, so that all entries are matched anew. */
static const char meaning[] = "rules 1";

static void add_text(struct digest_state *state, const char *text)
{
	digest_add(state, text, strlen(text));
}

static void add_number(struct digest_state *state, int64_t number)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
	digest_add(state, bytes, sizeof(bytes));
}

static void add_list(struct digest_state *state, const char *const *texts, size_t count)
{
	add_number(state, (int64_t)count);
	for (size_t i = 0; i < count; i++)
		add_text(state, texts[i]);
}

/* Neither the position nor the name of a source: which rules this source has is all that counts. */
static void add_rule(struct digest_state *state, const struct rule_config *rule)
{
	add_text(state, rule->name);
	add_number(state, rule->selector);
	add_text(state, rule->select);
	add_text(state, rule->into);
	add_number(state, rule->admin);
	add_text(state, rule->role);
	add_text(state, rule->role_by);
	add_number(state, (int64_t)rule->role_count);
	for (size_t i = 0; i < rule->role_count; i++) {
		add_text(state, rule->roles[i].value);
		add_text(state, rule->roles[i].role);
	}
	add_number(state, rule->max_depth);
	add_number(state, rule->stop);
	add_list(state, rule->admins, rule->admin_count);
}

struct digest rules_fingerprint(const struct rules *rules)
{
	struct digest_state *state = digest_start();
	struct digest digest;

	add_text(state, meaning);
	add_list(state, rules->config->default_admins, rules->config->default_admin_count);
	for (size_t i = 0; i < rules->count; i++)
		add_rule(state, rules->items[i].config);
	digest = digest_finish(state);
	digest_free(&state);
	return digest;
}
