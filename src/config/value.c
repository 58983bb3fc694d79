/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"
#include "roster/dnparse.h"
#include "roster/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One value on its way from the file into a struct. */
struct slot {
	struct loader *loader;
	const struct key *key;
	const struct conf_node *node;
	void *record;
};

static void *field(const struct slot *slot)
{
	return (char *)slot->record + slot->key->offset;
}

static int wrong(const struct slot *slot, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong(const struct slot *slot, const char *hint, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	report_error(slot->loader, node_position(slot->node), hint, "\"%s\" %s", key_leaf(slot->key), what);
	return -1;
}

/* --- strings ------------------------------------------------------------------------------------------------------- */

static size_t variable_size(const char *name)
{
	size_t size = 0;

	while (isalnum((unsigned char)name[size]) || name[size] == '_')
		size++;
	return isdigit((unsigned char)*name) ? 0 : size;
}

/* Replace the ${env:NAME} that text begins with; gives what is behind it, or NULL. */
static const char *expand_one(struct loader *loader, const struct conf_node *node, const char *text, struct str *out)
{
	const char *start = text + strlen("${env:");
	size_t size = variable_size(start);

	if (size == 0 || start[size] != '}') {
		report_error(loader, node_position(node),
			     "it is written ${env:NAME}, with letters, digits and _ in NAME",
			     "a ${env: in this string is not complete");
		return NULL;
	}
	const char *name = arena_strndup(loader->arena, start, size);
	const char *value = getenv(name);
	if (!value) {
		report_error(loader, node_position(node),
			     "set it for rosterd and for rosterctl, or write the value here",
			     "the environment variable %s is not set", name);
		return NULL;
	}
	str_add(out, value);
	return start + size + 1;
}

const char *value_text(struct loader *loader, const struct conf_node *node)
{
	struct str out = {0};
	const char *at = node->text, *next;
	const char *text = NULL;

	for (; at && (next = strstr(at, "${env:")); at = expand_one(loader, node, next, &out))
		str_append(&out, at, (size_t)(next - at));
	if (!at)
		goto out;
	str_add(&out, at);
	if (!text_is_valid(str_text(&out), out.size)) {
		/* Without a line to show it is the line that is not UTF-8, which is reported already. */
		if (report_line(loader, node_position(node)))
			report_error(loader, node_position(node), NULL, "this string is not UTF-8");
		goto out;
	}
	text = arena_strdup(loader->arena, str_text(&out));
out:
	str_free(&out);
	return text;
}

/* The text of the slot, which must be a string; NULL when it is wrong and reported. */
static const char *slot_text(const struct slot *slot)
{
	if (slot->node->type != CONF_STRING) {
		bool scalar = slot->node->type != CONF_GROUP && slot->node->type != CONF_LIST;
		wrong(slot, scalar ? "write the value in quotes" : NULL, "must be a string, not %s",
		      conf_type_name(slot->node->type));
		return NULL;
	}
	const char *text = value_text(slot->loader, slot->node);
	if (text && !*text && (slot->key->flags & KEY_NONEMPTY)) {
		wrong(slot, "leave the key out if it is not needed", "must not be empty");
		return NULL;
	}
	return text;
}

const char *path_beside(const char *file, const char *path, struct arena *arena)
{
	const char *slash = strrchr(file, '/');

	if (*path == '/' || !slash)
		return arena_strdup(arena, path);
	return arena_printf(arena, "%.*s%s", (int)(slash - file) + 1, file, path);
}

static bool is_dn(const char *text)
{
	struct dn_parts parts;

	if (dnparse(text, strlen(text), &parts, NULL))
		return false;
	dnparse_free(&parts);
	return true;
}

/* RFC 4512, section 2.5: a name or an OID, and options behind semicolons. */
static bool is_attribute(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-.;", *at) && (*at != '_' || at == text))
			return false;
	return !*text || isalnum((unsigned char)*text);
}

/* What picks a value out of an object of an API: names and pointers, with a space between them. */
static bool is_pick(const char *text)
{
	return *text == '/' || (strchr(text, ' ') && text[strcspn(text, "=!?")] == '\0');
}

static int check_form(const struct slot *slot, const char *text)
{
	if ((slot->key->flags & KEY_DN) && !is_dn(text))
		return wrong(slot, "write it as the server does: \"ou=people,dc=corp,dc=example\"", "is not a DN");
	if ((slot->key->flags & KEY_POINTER) && *text && *text != '/')
		return wrong(slot, "write it as \"/meta/next\" (RFC 6901)", "is not a pointer into an answer");
	if ((slot->key->flags & KEY_NAME) && !is_attribute(text) && !is_pick(text))
		return wrong(slot, "write one name, as \"uid\" or \"sAMAccountName\"",
			     "is not the name of an attribute");
	return 0;
}

static int store_string(const struct slot *slot)
{
	const char *text = slot_text(slot);
	if (!text || check_form(slot, text))
		return -1;
	if (slot->key->kind == KEY_PATH)
		text = path_beside(slot->node->file, text, slot->loader->arena);
	*(const char **)field(slot) = text;
	return 0;
}

static int read_reference(const struct slot *slot, struct secret_reference *reference)
{
	static const char hint[] = "write credential:NAME or file:PATH, and keep the secret itself there";
	const char *text = slot_text(slot);
	if (!text)
		return -1;
	const char *flaw = secret_flaw(text);
	if (flaw)
		return wrong(slot, hint, "%s", flaw);
	reference->text = text;
	if (text_starts_with(text, "file:")) {
		const char *path = path_beside(slot->node->file, text + strlen("file:"), slot->loader->arena);
		reference->text = arena_printf(slot->loader->arena, "file:%s", path);
	}
	return 0;
}

static int store_secret(const struct slot *slot)
{
	return read_reference(slot, field(slot));
}

static int store_secrets(const struct slot *slot)
{
	bool one = slot->node->type == CONF_STRING;
	size_t count = one ? 1 : slot->node->count;
	int status = 0;

	if (!one && slot->node->type != CONF_LIST)
		return wrong(slot, "write \"credential:NAME\", or a list of such strings",
			     "must be a string or a list of strings, not %s", conf_type_name(slot->node->type));
	if (count == 0)
		return wrong(slot, NULL, "must not be empty");
	struct secret_reference *references = arena_alloc_array(slot->loader->arena, count, sizeof(*references));
	for (size_t i = 0; i < count; i++) {
		struct slot item = {slot->loader, slot->key, one ? slot->node : slot->node->children[i], NULL};
		if (read_reference(&item, &references[i]) < 0)
			status = -1;
	}
	if (status < 0)
		return -1;
	*(struct secret_reference **)field(slot) = references;
	*(size_t *)((char *)slot->record + slot->key->count_offset) = count;
	return 0;
}

/* --- numbers ------------------------------------------------------------------------------------------------------- */

static int store_boolean(const struct slot *slot)
{
	if (slot->node->type != CONF_TRUTH)
		return wrong(slot, "write true or false, without quotes", "must be true or false, not %s",
			     conf_type_name(slot->node->type));
	*(bool *)field(slot) = slot->node->truth;
	return 0;
}

static int out_of_range(const struct slot *slot)
{
	return wrong(slot, NULL, "must be in the range %s", slot->key->entry.choices);
}

static int store_integer(const struct slot *slot)
{
	if (slot->node->type != CONF_INTEGER)
		return wrong(slot, "write digits, without quotes and without a unit", "must be a whole number, not %s",
			     conf_type_name(slot->node->type));
	char *rest;
	int64_t least = strtoll(slot->key->entry.choices, &rest, 10);
	int64_t most = strtoll(rest + strlen(".."), NULL, 10);
	if (slot->node->integer < least || slot->node->integer > most)
		return out_of_range(slot);
	*(int64_t *)field(slot) = slot->node->integer;
	return 0;
}

static int check_version(const struct slot *slot)
{
	if (slot->node->type == CONF_INTEGER && slot->node->integer == 1)
		return 0;
	return wrong(slot, "this roster reads version: 1", "names a form of this file that is not known");
}

/* "10s..1h" */
static bool duration_in_range(const char *range, int64_t milliseconds)
{
	char least[32];
	const char *dots = strstr(range, "..");
	size_t size = (size_t)(dots - range);

	memcpy(least, range, size);
	least[size] = '\0';
	return milliseconds >= duration_parse(least) && milliseconds <= duration_parse(dots + 2);
}

static int store_duration(const struct slot *slot)
{
	static const char hint[] = "write a number and a unit in quotes: \"90s\", \"15m\", \"24h\" or \"30d\"";

	if (slot->node->type == CONF_INTEGER)
		return wrong(slot, hint, "is a duration without a unit");
	const char *text = slot_text(slot);
	if (!text)
		return -1;
	int64_t milliseconds = duration_parse(text);
	if (milliseconds < 0)
		return wrong(slot, hint,
			     *text && text[strspn(text, "0123456789")] == '\0' ? "is a duration without a unit"
									       : "is not a duration");
	if (!duration_in_range(slot->key->entry.choices, milliseconds))
		return out_of_range(slot);
	*(int64_t *)field(slot) = milliseconds;
	return 0;
}

/* --- choices and lists --------------------------------------------------------------------------------------------- */

enum { CHOICES_MAX = 16 };

static size_t split_words(const char *text, const char **words, size_t room, struct arena *arena)
{
	size_t count = 0;

	for (text += strspn(text, " "); *text && count < room; text += strspn(text, " ")) {
		size_t size = strcspn(text, " ");
		words[count++] = arena_strndup(arena, text, size);
		text += size;
	}
	return count;
}

static int unknown_choice(const struct slot *slot, const char *text, const char *const *choices, size_t count)
{
	struct loader *loader = slot->loader;
	const char *near = text_nearest(text, choices, count);
	const char *hint = near ? arena_printf(loader->arena, "did you mean \"%s\"?", near)
				: arena_printf(loader->arena, "known here: %s", slot->key->entry.choices);
	return wrong(slot, hint, "cannot be \"%s\"", text);
}

static int store_choice(const struct slot *slot)
{
	const char *choices[CHOICES_MAX];
	size_t chosen = 0;
	const char *text = slot_text(slot);
	if (!text)
		return -1;
	size_t count = split_words(slot->key->entry.choices, choices, CHOICES_MAX, slot->loader->arena);
	while (chosen < count && strcmp(choices[chosen], text) != 0)
		chosen++;
	if (chosen == count)
		return unknown_choice(slot, text, choices, count);
	if (slot->key->kind == KEY_MODE)
		*(enum safety_mode *)field(slot) = (enum safety_mode)chosen;
	else if (slot->key->kind == KEY_FIRST)
		*(bool *)field(slot) = chosen == 0;
	else if (slot->key->kind == KEY_SECOND)
		*(bool *)field(slot) = chosen == 1;
	else
		*(const char **)field(slot) = choices[chosen];
	return 0;
}

static int set_list(const struct slot *slot, const char **items, size_t count)
{
	if (count == 0 && (slot->key->flags & KEY_NONEMPTY))
		return wrong(slot, NULL, "must not be empty");
	*(const char ***)field(slot) = items;
	*(size_t *)((char *)slot->record + slot->key->count_offset) = count;
	return 0;
}

static int store_words(const struct slot *slot)
{
	const char *text = slot_text(slot);
	if (!text)
		return -1;
	const char **items = arena_alloc_array(slot->loader->arena, strlen(text) / 2 + 1, sizeof(*items));
	return set_list(slot, items, split_words(text, items, strlen(text) / 2 + 1, slot->loader->arena));
}

/* "" when it is none, and that was said. */
static const char *item_text(const struct slot *slot, const struct conf_node *item)
{
	const struct slot here = {slot->loader, slot->key, item, slot->record};
	const char *text = NULL;

	if (item->type != CONF_STRING)
		wrong(&here, "write [ \"one\", \"two\" ]", "must hold strings, not %s", conf_type_name(item->type));
	else
		text = value_text(slot->loader, item);
	if (text && !*text)
		wrong(&here, NULL, "must not hold an empty string");
	return text ? text : "";
}

/* What is wrong with one of them hides nothing about the others. */
static int store_list(const struct slot *slot)
{
	const struct conf_node *node = slot->node;
	size_t good = 0;

	if (node->type == CONF_STRING && slot->key->kind == KEY_WORDS)
		return store_words(slot);
	if (node->type != CONF_LIST)
		return wrong(slot, "write [ \"one\", \"two\" ]", "must be a list of strings, not %s",
			     conf_type_name(node->type));
	const char **items = arena_alloc_array(slot->loader->arena, node->count, sizeof(*items));
	for (size_t i = 0; i < node->count; i++) {
		items[i] = item_text(slot, node->children[i]);
		good += *items[i] != '\0';
	}
	return set_list(slot, items, node->count) == 0 && good == node->count ? 0 : -1;
}

/* --- rules --------------------------------------------------------------------------------------------------------- */

static int store_selector(const struct slot *slot)
{
	static const char *const names[] = {
	    [RULE_GROUP] = "group",     [RULE_FILTER] = "filter", [RULE_MATCH] = "match",
	    [RULE_SUBTREE] = "subtree", [RULE_USERS] = "users",
	};
	struct rule_config *rule = slot->record;
	const char *text = slot_text(slot);
	if (!text)
		return -1;
	rule->select = text;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], key_leaf(slot->key)) == 0)
			rule->selector = (enum rule_selector)i;
	return 0;
}

static int store_role(const struct slot *slot)
{
	struct rule_config *rule = slot->record;
	const struct conf_node *node = slot->node;

	if (node->type != CONF_GROUP)
		return store_string(slot);
	rule->roles = arena_alloc_array(slot->loader->arena, node->count, sizeof(*rule->roles));
	for (size_t i = 0; i < node->count; i++) {
		struct slot choice = {slot->loader, slot->key, node->children[i], NULL};
		const char *role = slot_text(&choice);
		if (!role)
			return -1;
		rule->roles[rule->role_count++] = (struct role_choice){node->children[i]->name, role};
	}
	return node->count > 0 ? 0 : wrong(slot, NULL, "must not be empty");
}

int value_store(struct loader *loader, const struct key *key, const struct conf_node *node, void *record)
{
	static int (*const stores[])(const struct slot *) = {
	    [KEY_STRING] = store_string,     [KEY_PATH] = store_string,     [KEY_SECRET] = store_secret,
	    [KEY_DURATION] = store_duration, [KEY_INTEGER] = store_integer, [KEY_BOOLEAN] = store_boolean,
	    [KEY_CHOICE] = store_choice,     [KEY_MODE] = store_choice,     [KEY_FIRST] = store_choice,
	    [KEY_LIST] = store_list,         [KEY_WORDS] = store_list,      [KEY_SELECTOR] = store_selector,
	    [KEY_ROLE] = store_role,         [KEY_VERSION] = check_version, [KEY_INCLUDE] = NULL,
	    [KEY_SECRETS] = store_secrets,   [KEY_SECOND] = store_choice,
	};
	struct slot slot = {loader, key, node, record};

	return stores[key->kind] ? stores[key->kind](&slot) : 0;
}

/* --- defaults ------------------------------------------------------------------------------------------------------ */

/* A default is read as if it stood in a file. */
static struct conf_node fallback_node(const char *fallback, struct arena *arena)
{
	struct conf_node node = {.type = CONF_INTEGER, .file = ""};

	if (*fallback == '"') {
		node.type = CONF_STRING;
		node.text = arena_strndup(arena, fallback + 1, strlen(fallback) - 2);
	} else if (isalpha((unsigned char)*fallback)) {
		node.type = CONF_TRUTH;
		node.truth = strcmp(fallback, "true") == 0;
	} else {
		node.integer = strtoll(fallback, NULL, 10);
	}
	return node;
}

static bool is_text(enum key_kind kind)
{
	return kind == KEY_STRING || kind == KEY_PATH || kind == KEY_SECRET || kind == KEY_CHOICE ||
	       kind == KEY_SELECTOR || kind == KEY_ROLE;
}

void value_defaults(struct arena *arena, enum key_record which, void *record)
{
	struct findings none = {0};
	struct loader loader = {.arena = arena, .findings = &none};
	size_t count;
	const struct key *keys = keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (key_record(&keys[i]) != which || keys[i].offset == KEY_NOWHERE)
			continue;
		if (keys[i].entry.fallback) {
			struct conf_node node = fallback_node(keys[i].entry.fallback, arena);
			value_store(&loader, &keys[i], &node, record);
		} else if (is_text(keys[i].kind)) {
			*(const char **)((char *)record + keys[i].offset) =
			    keys[i].flags & KEY_DIALECT ? config_unset : "";
		}
	}
}
