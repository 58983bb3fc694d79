/* SPDX-License-Identifier: Apache-2.0 */
#include "config/keys.h"
#include "config/load.h"

#include <inttypes.h>
#include <string.h>

/* Where in the output we are, and what the records printed next to hold by default. */
struct show {
	struct str *out;
	bool with_defaults;
	int depth;
	struct arena *arena; /* of the defaults */
};

/* A record and its kind's defaults. */
struct shown {
	const void *record, *defaults;
	unsigned int type; /* keys of other types are left out; 0: none are */
};

static void indent(const struct show *show)
{
	for (int i = 0; i < show->depth; i++)
		str_add(show->out, "  ");
}

static void add_text(struct str *out, const char *text)
{
	str_add_char(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '"' || c == '\\')
			str_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			str_printf(out, "\\x%02x", c);
		else
			str_add_char(out, (char)c);
	}
	str_add_char(out, '"');
}

static void add_list(struct str *out, const char *const *items, size_t count)
{
	str_add(out, "[");
	for (size_t i = 0; i < count; i++) {
		str_add(out, i ? ", " : " ");
		add_text(out, items[i]);
	}
	str_add(out, count ? " ]" : "]");
}

/* One secret as a string of its own, as most people write it. */
static void add_secrets(struct str *out, const struct secret_reference *references, size_t count)
{
	if (count == 1) {
		add_text(out, references[0].text);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		str_add(out, i ? ", " : "[ ");
		add_text(out, references[i].text);
	}
	str_add(out, count ? " ]" : "");
}

/* The n-th word of the choices. */
static void add_choice(struct str *out, const char *choices, size_t n)
{
	for (; n > 0; n--)
		choices = strchr(choices, ' ') + 1;
	str_add_char(out, '"');
	str_append(out, choices, strcspn(choices, " "));
	str_add_char(out, '"');
}

static void add_role(struct str *out, const struct rule_config *rule)
{
	if (rule->role_count == 0) {
		if (*rule->role)
			add_text(out, rule->role);
		return;
	}
	str_add(out, "{");
	for (size_t i = 0; i < rule->role_count; i++) {
		str_printf(out, " %s: ", rule->roles[i].value);
		add_text(out, rule->roles[i].role);
		str_add_char(out, ';');
	}
	str_add(out, " }");
}

static void add_selector(struct str *out, const struct key *key, const struct rule_config *rule)
{
	static const char *const names[] = {
	    [RULE_GROUP] = "group",     [RULE_FILTER] = "filter", [RULE_MATCH] = "match",
	    [RULE_SUBTREE] = "subtree", [RULE_USERS] = "users",
	};

	if (strcmp(names[rule->selector], key_leaf(key)) == 0)
		add_text(out, rule->select);
}

static void add_number(struct str *out, const struct key *key, const void *field)
{
	char buffer[32];

	if (key->kind == KEY_DURATION)
		str_printf(out, "\"%s\"", duration_format(*(const int64_t *)field, buffer, sizeof(buffer)));
	else
		str_printf(out, "%" PRId64 "%s", *(const int64_t *)field,
			   *(const int64_t *)field > INT32_MAX ? "L" : "");
}

static size_t count_of(const struct key *key, const void *record)
{
	return *(const size_t *)((const char *)record + key->count_offset);
}

/* Append the value; nothing when it is unset. */
static void add_value(struct str *out, const struct key *key, const void *record)
{
	const void *field = (const char *)record + key->offset;
	const char *text = NULL;

	switch (key->kind) {
	case KEY_STRING:
	case KEY_PATH:
	case KEY_SECRET:
	case KEY_CHOICE:
		text = *(const char *const *)field;
		if (*text)
			add_text(out, text);
		break;
	case KEY_DURATION:
	case KEY_INTEGER:
		add_number(out, key, field);
		break;
	case KEY_BOOLEAN:
		str_add(out, *(const bool *)field ? "true" : "false");
		break;
	case KEY_MODE:
		add_choice(out, key->entry.choices, *(const enum safety_mode *)field);
		break;
	case KEY_FIRST:
		add_choice(out, key->entry.choices, !*(const bool *)field);
		break;
	case KEY_SECOND:
		add_choice(out, key->entry.choices, *(const bool *)field);
		break;
	case KEY_SECRETS:
		add_secrets(out, *(const struct secret_reference *const *)field, count_of(key, record));
		break;
	case KEY_LIST:
	case KEY_WORDS:
		if (count_of(key, record) > 0)
			add_list(out, *(const char *const *const *)field, count_of(key, record));
		break;
	case KEY_SELECTOR:
		add_selector(out, key, record);
		break;
	case KEY_ROLE:
		add_role(out, record);
		break;
	default:
		break;
	}
}

/* Is it empty where a dialect would fill it in? */
static bool is_said(const struct key *key, const struct shown *shown)
{
	return (key->flags & KEY_DIALECT) &&
	       *(const char *const *)((const char *)shown->record + key->offset) != config_unset &&
	       *(const char *const *)((const char *)shown->defaults + key->offset) == config_unset;
}

static void show_value(struct show *show, const struct key *key, const struct shown *shown)
{
	struct str value = {0}, usual = {0};

	add_value(&value, key, shown->record);
	add_value(&usual, key, shown->defaults);
	/* An empty text is left out, unless leaving it out would say something else. */
	if (key->kind == KEY_STRING && value.size == 0 && (usual.size > 0 || is_said(key, shown)))
		add_text(&value, "");
	bool differs = strcmp(str_text(&value), str_text(&usual)) != 0;
	if (value.size > 0 && (differs || show->with_defaults || (key->flags & KEY_REQUIRED))) {
		indent(show);
		str_printf(show->out, "%s: %s\n", key_leaf(key), str_text(&value));
	}
	str_free(&value);
	str_free(&usual);
}

static void show_group(struct show *show, const char *pattern, const struct shown *shown);

/* True for a group that means something even when nothing is in it. */
static bool tells_something(const struct key *key, const struct shown *shown)
{
	return key->offset == KEY_NOWHERE ? strcmp(key_leaf(key), "*") == 0
					  : *(const bool *)((const char *)shown->defaults + key->offset) !=
						*(const bool *)((const char *)shown->record + key->offset);
}

/* Open a group, let it be filled, and take it back if it stayed empty and would tell nothing. */
static void show_named(struct show *show, const char *name, const struct key *key, const struct shown *shown)
{
	size_t start = show->out->size;

	indent(show);
	str_printf(show->out, "%s: {\n", name);
	size_t filled = show->out->size;
	show->depth++;
	show_group(show, key->entry.path, shown);
	show->depth--;
	if (show->out->size == filled && !tells_something(key, shown)) {
		show->out->size = start;
		show->out->data[start] = '\0';
		return;
	}
	indent(show);
	str_add(show->out, "}\n");
}

static void show_sources(struct show *show, const struct key *key, const struct config *config)
{
	for (size_t i = 0; i < config->source_count; i++) {
		struct source_config usual = {0};
		value_defaults(show->arena, RECORD_SOURCE, &usual);
		if (*config->sources[i].dialect || strcmp(config->sources[i].type, "ldap") != 0)
			dialect_fill(dialect_find(config->sources[i].dialect), &usual);
		struct shown shown = {&config->sources[i], &usual, key_type_of(config->sources[i].type)};
		show_named(show, config->sources[i].name, key, &shown);
	}
}

static void show_rules(struct show *show, const struct key *key, const struct config *config)
{
	struct rule_config usual = {0};

	value_defaults(show->arena, RECORD_RULE, &usual);
	for (size_t i = 0; i < config->rule_count; i++) {
		struct shown shown = {&config->rules[i], &usual, 0};
		show_named(show, config->rules[i].name, key, &shown);
	}
}

static void show_targets(struct show *show, const struct key *key, const struct config *config)
{
	struct target_config usual = {0};

	value_defaults(show->arena, RECORD_TARGET, &usual);
	for (size_t i = 0; i < config->target_count; i++) {
		struct shown shown = {&config->targets[i], &usual, key_type_of(config->targets[i].type)};
		show_named(show, config->targets[i].name, key, &shown);
	}
}

static bool is_written(const struct key *key, const struct shown *shown)
{
	return key->offset == KEY_NOWHERE || *(const bool *)((const char *)shown->record + key->offset);
}

static void show_group(struct show *show, const char *pattern, const struct shown *shown)
{
	size_t count;
	const struct key *keys = keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct key *key = &keys[i];
		if (!key_is_child(key, pattern) || !key_applies(key, shown->type))
			continue;
		if (strcmp(key->entry.path, "sources.*") == 0)
			show_sources(show, key, shown->record);
		else if (strcmp(key->entry.path, "rules.*") == 0)
			show_rules(show, key, shown->record);
		else if (strcmp(key->entry.path, "targets.*") == 0)
			show_targets(show, key, shown->record);
		else if (key->kind == KEY_GROUP && is_written(key, shown))
			show_named(show, key_leaf(key), key, shown);
		else if (key->kind != KEY_GROUP && key->offset != KEY_NOWHERE)
			show_value(show, key, shown);
	}
}

void config_show(const struct config *config, bool with_defaults, struct str *out)
{
	struct config usual = {0};
	struct show show = {.out = out, .with_defaults = with_defaults, .arena = arena_new()};
	struct config written = *config;
	struct shown shown = {&written, &usual, 0};

	if (*written.database.embedded)
		written.database.conninfo = ""; /* follows from it, and the two exclude each other */
	value_defaults(show.arena, RECORD_CONFIG, &usual);
	str_add(out, "version: 1\n");
	show_group(&show, "", &shown);
	arena_free(&show.arena);
}
