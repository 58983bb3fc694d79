/* SPDX-License-Identifier: Apache-2.0 */
/* explain: the way from a directory to a resource, told step by step. */
#include "app/output.h"
#include "app/verbs.h"
#include "roster/json.h"
#include "roster/reasons.h"

#include <inttypes.h>
#include <string.h>

enum { INDENT = 3, SECONDS_SIZE = 19 };

/* --- for people ------------------------------------------------------------------------------------------------------ */

/* Begin a line `depth` steps into the story. */
static void begin(struct str *out, int depth)
{
	str_printf(out, "%*s", depth == 0 ? 2 : 2 + INDENT * depth - 2, "");
	str_add(out, depth == 0 ? "" : "\u2514 ");
}

static void add_time(struct str *out, const char *time)
{
	str_append(out, time, strlen(time) < SECONDS_SIZE ? strlen(time) : SECONDS_SIZE);
}

static const char *place(const char *anchor)
{
	return text_starts_with(anchor, "group:") ? anchor + strlen("group:") : anchor;
}

static void add_role(struct str *out, const struct explain_path *path)
{
	str_printf(out, "%s in ", path->role);
	output_add_text(out, place(path->anchor));
	if (path->opens[0] != '\0')
		str_printf(out, ", which %s", path->opens);
}

/* The entry, the groups it is in, and the rule at the end. */
static int add_door(struct str *out, const struct explain_path *path, const struct explain_door *door)
{
	int depth = 0;

	begin(out, depth++);
	str_printf(out, "%s  ", path->source);
	output_add_text(out, door->entry);
	if (door->seen_at[0] != '\0') {
		str_add(out, "   seen ");
		add_time(out, door->seen_at);
	}
	str_add_char(out, '\n');
	for (size_t i = 0; i < door->group_count; i++) {
		begin(out, depth++);
		str_add(out, "member of ");
		output_add_text(out, door->groups[i]);
		str_add_char(out, '\n');
	}
	begin(out, depth++);
	str_printf(out, "rule %s (%s)  ", door->rule, door->position);
	output_add_text(out, door->captures);
	str_add(out, door->captures[0] == '\0' ? "-> " : "  -> ");
	add_role(out, path);
	str_printf(out, "   since revision %" PRId64 ", ", path->since);
	add_time(out, path->since_at);
	str_add_char(out, '\n');
	return depth;
}

/* What no door of a directory gives: by hand, by an import, or by a source that would not give it today. */
static int add_without_door(struct str *out, const struct explain_path *path)
{
	begin(out, 0);
	if (path->kept[0] != '\0') {
		str_printf(out, "%s  ", path->source);
		add_role(out, path);
		str_add(out, ": ");
		output_add_text(out, path->kept);
	} else if (path->since == 0) {
		add_role(out, path);
		str_add(out, ": every active person is");
	} else {
		str_printf(out, "%s  ", path->source);
		add_role(out, path);
		str_add(out, "   by ");
		output_add_text(out, path->by);
		str_add(out, ": ");
		output_add_text(out, path->cause);
		str_printf(out, "   revision %" PRId64 ", ", path->since);
		add_time(out, path->since_at);
	}
	str_add_char(out, '\n');
	return 1;
}

/* An app, a namespace or an environment, by way of what it belongs to. */
static const char *belongs(const char *resource, bool directly)
{
	if (text_starts_with(resource, "app:"))
		return directly ? " is in " : " is owned by ";
	if (text_starts_with(resource, "environment:"))
		return directly ? " belongs to an app in " : " belongs to an app that is owned by ";
	return " is associated with ";
}

/* How the place reaches the resource. */
static void add_reach(struct str *out, const char *resource, const struct explain_path *path, int depth)
{
	begin(out, depth);
	output_add_text(out, resource);
	if (strcmp(path->anchor, resource) == 0)
		str_add(out, " itself");
	else if (strcmp(path->anchor, "platform") == 0)
		str_add(out, " belongs to the platform");
	else if (text_starts_with(resource, "group:"))
		str_printf(out, " lies below %s", place(path->anchor));
	else if (text_starts_with(path->anchor, "app:"))
		str_printf(out, " belongs to %s", path->anchor);
	else
		str_printf(out, "%s%s", belongs(resource, path->through[0] == '\0'),
			   path->through[0] == '\0' ? path->anchor : path->through);
	if (path->distance > 0 && !text_starts_with(resource, "group:"))
		str_printf(out, ", below %s", place(path->anchor));
	str_add_char(out, '\n');
}

static void add_path(struct str *out, const char *resource, const struct explain_path *path)
{
	for (size_t i = 0; i < path->door_count; i++)
		add_reach(out, resource, path, add_door(out, path, &path->doors[i]));
	if (path->door_count == 0)
		add_reach(out, resource, path, add_without_door(out, path));
}

/* In the way of a no; beside a yes, a rule that was not used. */
static void add_obstacle(struct str *out, const struct explanation *explanation,
			 const struct explain_obstacle *obstacle)
{
	begin(out, 0);
	str_add(out, explanation->allowed ? "not used: " : "");
	if (obstacle->rule[0] != '\0')
		str_printf(out, "rule %s (%s)", obstacle->rule, obstacle->position);
	if (obstacle->rule[0] != '\0' && !explanation->allowed) {
		str_add(out, " would give ");
		output_add_text(out, obstacle->gives);
	}
	str_add(out, obstacle->rule[0] == '\0' ? "" : ": ");
	output_add_text(out, obstacle->why);
	str_add_char(out, '\n');
}

/* Which targets know. */
static void add_told(struct str *out, const struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->told_count; i++) {
		const struct explain_told *told = &explanation->told[i];
		str_printf(out, "%s%s %s", i == 0 ? "  told: " : ", ", told->target, told->state);
		if (strcmp(told->state, "ok") == 0 && told->confirmed_at[0] != '\0') {
			str_add_char(out, ' ');
			add_time(out, told->confirmed_at);
		}
		if (told->error[0] != '\0') {
			str_add(out, " (");
			output_add_text(out, told->error);
			str_add_char(out, ')');
		}
	}
	str_add(out, explanation->told_count == 0 ? "" : "\n");
}

/* One says nothing that the paths do not. */
static void add_identities(struct str *out, const struct explanation *explanation)
{
	if (explanation->then || explanation->identity_count < 2)
		return;
	for (size_t i = 0; i < explanation->identity_count; i++) {
		const struct explain_identity *identity = &explanation->identities[i];
		str_printf(out, "%s%s  ", i == 0 ? "  one person: " : "; ", identity->source);
		output_add_text(out, identity->entry);
		if (identity->linked_by[0] != '\0') {
			str_add(out, " (linked by ");
			output_add_text(out, identity->linked_by);
			str_add_char(out, ')');
		}
	}
	str_add_char(out, '\n');
}

static void print_text(const struct explanation *explanation)
{
	const char *permission = explanation->permission;
	struct str out = {0};

	output_add_text(&out, explanation->login);
	str_add(&out, explanation->then ? " could " : " may ");
	str_add(&out, explanation->allowed ? "" : "not ");
	str_printf(&out, "%s%s", permission[0] == '\0' ? "use " : permission, permission[0] == '\0' ? "" : " on ");
	output_add_text(&out, explanation->resource);
	str_printf(&out, "   (revision %" PRId64 ")\n", explanation->revision);
	add_identities(&out, explanation);
	for (size_t i = 0; i < explanation->path_count; i++)
		add_path(&out, explanation->resource, &explanation->paths[i]);
	for (size_t i = 0; i < explanation->obstacle_count; i++)
		add_obstacle(&out, explanation, &explanation->obstacles[i]);
	add_told(&out, explanation);
	fputs(str_text(&out), stdout);
	str_free(&out);
}

/* --- for programs ---------------------------------------------------------------------------------------------------- */

static struct json *json_of_door(const struct explain_door *door)
{
	struct json *object = json_new_object(), *groups = json_new_array();

	for (size_t i = 0; i < door->group_count; i++)
		json_append(groups, json_new_text(door->groups[i], strlen(door->groups[i]), NULL), NULL);
	json_put_text(object, "entry", door->entry, NULL);
	json_put_text(object, "seen_at", door->seen_at, NULL);
	json_put(object, "groups", groups, NULL);
	json_put_text(object, "rule", door->rule, NULL);
	json_put_text(object, "position", door->position, NULL);
	json_put_text(object, "captures", door->captures, NULL);
	return object;
}

static struct json *json_of_identity(const struct explain_identity *identity)
{
	struct json *object = json_new_object();

	json_put_text(object, "source", identity->source, NULL);
	json_put_text(object, "entry", identity->entry, NULL);
	json_put_text(object, "linked_by", identity->linked_by, NULL);
	return object;
}

static struct json *json_of_path(const struct explain_path *path)
{
	struct json *object = json_new_object(), *doors = json_new_array();

	for (size_t i = 0; i < path->door_count; i++)
		json_append(doors, json_of_door(&path->doors[i]), NULL);
	json_put_text(object, "role", path->role, NULL);
	json_put_text(object, "anchor", path->anchor, NULL);
	json_put_text(object, "source", path->source, NULL);
	json_put_text(object, "through", path->through, NULL);
	json_put(object, "distance", json_new_integer(path->distance), NULL);
	json_put(object, "since", json_new_integer(path->since), NULL);
	json_put_text(object, "since_at", path->since_at, NULL);
	json_put_text(object, "by", path->by, NULL);
	json_put_text(object, "cause", path->cause, NULL);
	json_put_text(object, "opens", path->opens, NULL);
	json_put_text(object, "kept", path->kept, NULL);
	json_put(object, "doors", doors, NULL);
	return object;
}

static struct json *json_of_obstacle(const struct explain_obstacle *obstacle)
{
	struct json *object = json_new_object();

	json_put_text(object, "kind", obstacle->kind, NULL);
	json_put_text(object, "rule", obstacle->rule, NULL);
	json_put_text(object, "position", obstacle->position, NULL);
	json_put_text(object, "gives", obstacle->gives, NULL);
	json_put_text(object, "why", obstacle->why, NULL);
	return object;
}

static struct json *json_of_told(const struct explain_told *told)
{
	struct json *object = json_new_object();

	json_put_text(object, "target", told->target, NULL);
	json_put_text(object, "state", told->state, NULL);
	json_put_text(object, "confirmed_at", told->confirmed_at, NULL);
	json_put_text(object, "error", told->error, NULL);
	return object;
}

static int print_json(const struct explanation *explanation, struct error *err)
{
	struct json *object = json_new_object(), *paths = json_new_array(), *obstacles = json_new_array();
	struct json *told = json_new_array(), *identities = json_new_array();

	for (size_t i = 0; i < explanation->identity_count; i++)
		json_append(identities, json_of_identity(&explanation->identities[i]), NULL);
	for (size_t i = 0; i < explanation->path_count; i++)
		json_append(paths, json_of_path(&explanation->paths[i]), NULL);
	for (size_t i = 0; i < explanation->obstacle_count; i++)
		json_append(obstacles, json_of_obstacle(&explanation->obstacles[i]), NULL);
	for (size_t i = 0; i < explanation->told_count; i++)
		json_append(told, json_of_told(&explanation->told[i]), NULL);
	json_put_text(object, "login", explanation->login, NULL);
	json_put_text(object, "id", explanation->id, NULL);
	json_put_text(object, "resource", explanation->resource, NULL);
	json_put_text(object, "permission", explanation->permission, NULL);
	json_put(object, "allowed", json_new_boolean(explanation->allowed), NULL);
	json_put(object, "revision", json_new_integer(explanation->revision), NULL);
	json_put(object, "identities", identities, NULL);
	json_put(object, "paths", paths, NULL);
	json_put(object, "obstacles", obstacles, NULL);
	json_put(object, "told", told, NULL);
	return output_json(object, err);
}

/* A line for each path: yes, role, anchor, source, rule; or for each obstacle: no, kind, rule, what it gives, why. */
static void print_plain(const struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->path_count; i++) {
		const struct explain_path *path = &explanation->paths[i];
		printf("yes\t%s\t%s\t%s\t%s\n", path->role, path->anchor, path->source,
		       path->door_count == 0 ? "" : path->doors[0].rule);
	}
	for (size_t i = 0; i < explanation->obstacle_count && !explanation->allowed; i++) {
		const struct explain_obstacle *obstacle = &explanation->obstacles[i];
		printf("no\t%s\t%s\t%s\t%s\n", obstacle->kind, obstacle->rule, obstacle->gives, obstacle->why);
	}
}

int cmd_explain(struct app *app, int argc, char **argv, struct error *err)
{
	struct explanation explanation;
	struct store *store = NULL;
	int rc;

	struct option_value options[] = {{"--at", OPTION_VALUE, NULL}};

	if (app_options(app->verb, &argc, argv, options, 1, 2, 3, err) != 0)
		return -1;
	const struct explain_question question = {argv[0], argv[1], argc > 2 ? argv[2] : NULL, options[0].value};
	rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = explain_access(app->config, store, &question, app->arena, &explanation, err);
	store_close(&store);
	if (rc != 0)
		return -1;
	if (app->format == OUTPUT_JSON)
		return print_json(&explanation, err);
	if (app->format == OUTPUT_PLAIN)
		print_plain(&explanation);
	else
		print_text(&explanation);
	return 0;
}
