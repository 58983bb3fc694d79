/* SPDX-License-Identifier: Apache-2.0 */
/* What a record may hold, and what it says. */
#include "job/import_lines.h"

#include <string.h>

enum { KEYS_MOST = 5, FORMS = 8 };

/* The first key that a record has decides what it is about. */
static const struct form {
	const char *kind;
	struct {
		const char *name;
		bool required;
	} keys[KEYS_MOST];
} forms[FORMS] = {
    {"member", {{"member", true}, {"group", false}, {"app", false}, {"access_group", false}, {"role", false}}},
    {"access_group", {{"access_group", true}, {"description", false}, {"apps", false}}},
    {"node", {{"node", true}, {"contact", false}}},
    {"environment", {{"environment", true}, {"purpose", false}, {"namespace", false}}},
    {"app", {{"app", true}, {"owner", false}, {"group", false}}},
    {"namespace", {{"namespace", true}, {"purposes", true}, {"groups", false}}},
    {"cluster", {{"cluster", true}}},
    {"group", {{"group", true}, {"description", false}, {"admins", false}}},
};

static const char *const lists[] = {"purposes", "groups", "admins", "apps"};
static const char *const all_keys[] = {"member", "app",      "namespace", "cluster",     "group",  "role",
				       "owner",  "purposes", "groups",    "description", "admins", "access_group",
				       "apps",   "node",     "contact",   "environment", "purpose"};

static bool is_among(const char *key, const char *const keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

bool import_key_is_list(const char *key)
{
	return is_among(key, lists, sizeof lists / sizeof lists[0]);
}

bool import_key_is_known(const char *key)
{
	return is_among(key, all_keys, sizeof all_keys / sizeof all_keys[0]);
}

const char *import_key_near(const char *key)
{
	return text_nearest(key, all_keys, sizeof all_keys / sizeof all_keys[0]);
}

static const struct import_field *field_named(const struct import_record *record, const char *key)
{
	for (size_t i = 0; i < record->count; i++)
		if (strcmp(record->fields[i].key, key) == 0)
			return &record->fields[i];
	return NULL;
}

/* NULL when the key is absent. */
static const char *value_of(const struct import_lines *lines, const struct import_record *record, const char *key)
{
	const struct import_field *field = field_named(record, key);

	return field == NULL || field->count == 0 ? NULL : arena_strdup(lines->arena, field->values[0]);
}

static const struct form *form_of(const struct import_record *record)
{
	for (size_t i = 0; i < FORMS; i++)
		if (field_named(record, forms[i].kind) != NULL)
			return &forms[i];
	return NULL;
}

static bool form_has(const struct form *form, const char *key)
{
	for (size_t i = 0; i < KEYS_MOST && form->keys[i].name != NULL; i++)
		if (strcmp(form->keys[i].name, key) == 0)
			return true;
	return false;
}

static void refuse(struct import_lines *lines, struct import_record *record, const char *why)
{
	record->broken = true;
	import_lines_refuse(lines, record->line, "%s", why);
}

static void check_keys(struct import_lines *lines, const struct form *form, struct import_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		const char *key = record->fields[i].key, *near = import_key_near(key);
		if (form_has(form, key))
			continue;
		if (import_key_is_known(key))
			refuse(lines, record,
			       arena_printf(lines->arena, "\"%s\" does not belong into a line about \"%s\"", key,
					    form->kind));
		else if (near != NULL)
			refuse(lines, record,
			       arena_printf(lines->arena, "unknown key \"%s\"; did you mean \"%s\"?", key, near));
		else
			refuse(lines, record, arena_printf(lines->arena, "unknown key \"%s\"", key));
	}
	for (size_t i = 0; i < KEYS_MOST && form->keys[i].name != NULL; i++) {
		const struct import_field *field = field_named(record, form->keys[i].name);
		if (form->keys[i].required && (field == NULL || (field->count == 0 && !record->broken)))
			refuse(lines, record, arena_printf(lines->arena, "\"%s\" is missing", form->keys[i].name));
	}
}

static struct import_statement say(const struct import_record *record, const char *fact)
{
	return (struct import_statement){.line = record->line, .fact = fact, .broken = record->broken};
}

static void take_member(struct import_lines *lines, struct import_record *record)
{
	int places = 0;

	for (size_t i = 0; i < record->count; i++)
		places += is_among(record->fields[i].key, (const char *const[]){"group", "app", "access_group"}, 3);
	if (places != 1)
		refuse(lines, record, "a member needs \"group\", \"app\" or \"access_group\", one of them");
	else if (field_named(record, "role") == NULL && field_named(record, "access_group") == NULL)
		refuse(lines, record, "\"role\" is missing");
	struct import_statement statement = say(record, "member");
	statement.login = value_of(lines, record, "member");
	statement.path = value_of(lines, record, "group");
	statement.name = value_of(lines, record, "app");
	statement.place = value_of(lines, record, "access_group");
	statement.role = value_of(lines, record, "role");
	if (statement.role == NULL && statement.place != NULL)
		statement.role = "App Member";
	import_lines_add(lines, &statement);
}

/* The statement once for each value of the field, if there is one; *what is the part of the statement it becomes. */
static void add_each(struct import_lines *lines, const struct import_statement *statement,
		     const struct import_field *field, const char **what)
{
	for (size_t i = 0; field != NULL && i < field->count; i++) {
		*what = arena_strdup(lines->arena, field->values[i]);
		import_lines_add(lines, statement);
	}
}

static void take_access_group(struct import_lines *lines, struct import_record *record)
{
	const struct import_field *apps = field_named(record, "apps");
	struct import_statement statement = say(record, "access_group");

	statement.place = value_of(lines, record, "access_group");
	statement.description = value_of(lines, record, "description");
	import_lines_add(lines, &statement);
	statement.fact = "inclusion";
	statement.description = NULL;
	add_each(lines, &statement, apps, &statement.name);
}

static void take_node(struct import_lines *lines, struct import_record *record)
{
	struct import_statement statement = say(record, "node");

	statement.name = value_of(lines, record, "node");
	statement.login = value_of(lines, record, "contact");
	import_lines_add(lines, &statement);
}

static void take_environment(struct import_lines *lines, struct import_record *record)
{
	struct import_statement statement = say(record, "environment");

	statement.name = value_of(lines, record, "environment");
	statement.purpose = value_of(lines, record, "purpose");
	statement.place = value_of(lines, record, "namespace");
	import_lines_add(lines, &statement);
}

static void take_app(struct import_lines *lines, struct import_record *record)
{
	struct import_statement statement = say(record, "app");

	statement.name = value_of(lines, record, "app");
	statement.login = value_of(lines, record, "owner");
	statement.path = value_of(lines, record, "group");
	import_lines_add(lines, &statement);
}

static void take_namespace(struct import_lines *lines, struct import_record *record)
{
	const struct import_field *purposes = field_named(record, "purposes"), *groups = field_named(record, "groups");
	struct import_statement statement = say(record, "namespace");

	statement.name = value_of(lines, record, "namespace");
	for (size_t p = 0; purposes != NULL && p < purposes->count; p++) {
		statement.fact = "namespace";
		statement.path = NULL;
		statement.purpose = arena_strdup(lines->arena, purposes->values[p]);
		import_lines_add(lines, &statement);
		statement.fact = "association";
		for (size_t g = 0; groups != NULL && g < groups->count; g++) {
			statement.path = arena_strdup(lines->arena, groups->values[g]);
			import_lines_add(lines, &statement);
		}
	}
}

static void take_cluster(struct import_lines *lines, struct import_record *record)
{
	struct import_statement statement = say(record, "cluster");

	statement.name = value_of(lines, record, "cluster");
	import_lines_add(lines, &statement);
}

static void take_group(struct import_lines *lines, struct import_record *record)
{
	const struct import_field *admins = field_named(record, "admins");
	struct import_statement statement = say(record, "group");

	statement.path = value_of(lines, record, "group");
	statement.description = value_of(lines, record, "description");
	import_lines_add(lines, &statement);
	statement.fact = "admin";
	statement.description = NULL;
	add_each(lines, &statement, admins, &statement.login);
}

void import_record_take(struct import_lines *lines, struct import_record *record)
{
	static void (*const takes[FORMS])(struct import_lines * lines, struct import_record * record) = {
	    take_member, take_access_group, take_node,    take_environment,
	    take_app,    take_namespace,    take_cluster, take_group};
	const struct form *form = form_of(record);

	if (form == NULL) {
		refuse(lines, record,
		       "it says nothing: it needs \"group\", \"app\", \"access_group\", \"node\", \"environment\", "
		       "\"cluster\", \"namespace\" or \"member\"");
		return;
	}
	check_keys(lines, form, record);
	takes[form - forms](lines, record);
}
