/* SPDX-License-Identifier: Apache-2.0 */
#include "config/address.h"
#include "config/load.h"
#include "roster/text.h"

#include <string.h>

/* A target with the node it was read from. What is there is asked of the node: a value that was wrong is reported
 * already and counts as there. */
struct checked_target {
	struct loader *loader;
	const struct target_config *target;
	const struct conf_node *node;
};

/* --- webhooks ------------------------------------------------------------------------------------------------------ */

static void require(const struct checked_target *checked, const char *name, const char *hint)
{
	if (!conf_child(checked->node, name))
		report_error(checked->loader, node_position(checked->node), hint, "targets.%s has no \"%s\"",
			     checked->target->name, name);
}

static void check_url(const struct checked_target *checked)
{
	struct flaw flaws[FLAWS_MAX];
	size_t count = address_url_flaws(checked->target->url, true, flaws);

	for (size_t i = 0; i < count; i++)
		report_error(checked->loader, child_position(checked->node, "url"), flaws[i].hint, "\"url\" %s",
			     flaws[i].what);
}

/* Two receivers may well share an address that tells them apart by what it is sent, so this is only said. */
static void warn_same_url(const struct checked_target *checked)
{
	const struct config *config = checked->loader->config;

	for (const struct target_config *other = config->targets; other < checked->target; other++) {
		if (strcmp(other->url, checked->target->url) != 0)
			continue;
		report_warning(checked->loader, child_position(checked->node, "url"),
			       "one target may have many patterns in its resources",
			       "targets.%s has the same \"url\" as targets.%s", checked->target->name, other->name);
		return;
	}
}

static void check_webhook(const struct checked_target *checked)
{
	require(checked, "url", "write url: \"https://HOST/PATH\"");
	require(checked, "sign", "write sign: \"credential:NAME\", and keep a key to sign with there");
	if (!*checked->target->url)
		return;
	check_url(checked);
	warn_same_url(checked);
}

/* --- programs ------------------------------------------------------------------------------------------------------ */

static void check_exec(const struct checked_target *checked)
{
	require(checked, "exec", "write exec: \"/PATH/OF/PROGRAM\"");
	if (*checked->target->exec)
		check_program(checked->loader, checked->node, checked->target->exec);
}

/* --- streams ------------------------------------------------------------------------------------------------------- */

static void check_server(const struct checked_target *checked, const char *url)
{
	struct flaw flaws[FLAWS_MAX];
	size_t count = address_nats_flaws(url, flaws);

	for (size_t i = 0; i < count; i++)
		report_error(checked->loader, child_position(checked->node, "url"), flaws[i].hint, "\"url\" %s",
			     flaws[i].what);
}

/* What has a meaning in a subject, or in the name of a stream, is in neither. */
static void check_word(const struct checked_target *checked, const char *name, const char *text, const char *refused)
{
	size_t size = strcspn(text, refused);

	if (text[size] || text_has_control(text, strlen(text)) || *text == '.' || text_ends_with(text, "."))
		report_error(checked->loader, child_position(checked->node, name), "letters, digits, - and _ are good",
			     "\"%s\" holds what has another meaning to NATS", name);
}

static void check_nats(const struct checked_target *checked)
{
	char *words = arena_strdup(checked->loader->arena, checked->target->url), *rest = NULL;

	require(checked, "url", "write url: \"tls://HOST:4222\"");
	require(checked, "stream", "write stream: \"ROSTER\", the name of a stream that takes the subjects roster.>");
	for (const char *url = strtok_r(words, " ", &rest); url; url = strtok_r(NULL, " ", &rest))
		check_server(checked, url);
	check_word(checked, "stream", checked->target->nats.stream, " .*>/\\");
	check_word(checked, "subject", checked->target->nats.subject, " *>");
	if (*checked->target->nats.credentials && *checked->target->nats.token.text)
		report_error(checked->loader, child_position(checked->node, "token"), "set one of the two",
			     "\"token\" and \"credentials\" exclude each other");
}

/* --- patterns ------------------------------------------------------------------------------------------------------ */

/* A pattern of a list, where it stands. */
struct pattern {
	struct loader *loader;
	struct position position;
	const char *text;
};

/* How the resources of a kind are written. */
static const struct form {
	const char *kind;
	const char *written;
	size_t segments; /* 0 for any number */
} forms[] = {
    {"app", "app:NAME", 1},
    {"cluster", "cluster:NAME", 1},
    {"namespace", "namespace:CLUSTER/NAME/PURPOSE", 3},
    {"environment", "environment:APP/NAME", 2},
    {"group", "group:/PATH", 0},
    {"platform", "platform", 0},
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static const struct form *form_of(const char *kind)
{
	/* As rosterctl takes it, and the database. */
	if (strcmp(kind, "env") == 0)
		kind = "environment";
	for (size_t i = 0; i < FORMS; i++)
		if (strcmp(forms[i].kind, kind) == 0)
			return &forms[i];
	return NULL;
}

static void pattern_error(const struct pattern *pattern, const char *hint, const char *what)
{
	report_error(pattern->loader, pattern->position, hint, "the pattern \"%s\" %s", pattern->text, what);
}

/* The pattern with the nearest kind in it, or how a resource of that kind is written; NULL when no kind is near. */
static const char *nearest_pattern(const struct pattern *pattern, const char *kind)
{
	const char *kinds[FORMS], *rest = pattern->text + strlen(kind);

	for (size_t i = 0; i < FORMS; i++)
		kinds[i] = forms[i].kind;
	const char *near = text_nearest(kind, kinds, FORMS);
	const struct form *form = near ? form_of(near) : NULL;
	if (!form || !*rest || strcmp(form->kind, form->written) == 0)
		return form ? form->written : NULL;
	return arena_printf(pattern->loader->arena, "%s%s", near, rest);
}

static void refuse_kind(const struct pattern *pattern, const char *kind)
{
	static const char all[] = "write app:NAME, environment:APP/NAME, cluster:NAME, namespace:CLUSTER/NAME/PURPOSE, "
				  "group:/PATH or platform, "
				  "with * and ** in the names, or ** for everything";
	const char *near = nearest_pattern(pattern, kind);

	pattern_error(pattern, near ? arena_printf(pattern->loader->arena, "did you mean \"%s\"?", near) : all,
		      "is of no kind of resource");
}

static size_t count_segments(const char *name)
{
	size_t count = 1;

	for (; *name; name++)
		count += *name == '/';
	return count;
}

/* No name holds a slash, and no part of a path is empty. */
static bool can_match(const struct form *form, const char *name)
{
	bool empty = strstr(name, "//") || (text_ends_with(name, "/") && strcmp(name, "/") != 0);

	if (strstr(name, "**"))
		return true;
	return !empty && (form->segments == 0 || count_segments(name) == form->segments);
}

static void check_name(const struct pattern *pattern, const struct form *form, const char *name)
{
	struct arena *arena = pattern->loader->arena;
	bool group = strcmp(form->kind, "group") == 0;

	if (!*name)
		pattern_error(pattern,
			      arena_printf(arena, "write %s:%s** for all of them", form->kind, group ? "/" : ""),
			      "names none");
	else if (text_has_control(name, strlen(name)))
		pattern_error(pattern, "remove it", "holds a control character, which no name does");
	else if (group && *name != '/')
		pattern_error(pattern, arena_printf(arena, "write group:/%s", name),
			      "has a path without a / before it");
	else if (!can_match(form, name))
		report_warning(pattern->loader, pattern->position,
			       arena_printf(arena, "it is written %s; * stops at a /, ** does not", form->written),
			       "the pattern \"%s\" can match nothing", pattern->text);
}

static void check_pattern(const struct pattern *pattern)
{
	const char *text = pattern->text;
	size_t size = strcspn(text, ":");
	const char *kind = arena_strndup(pattern->loader->arena, text, size);
	const struct form *form = form_of(kind);
	bool alone = form && strcmp(form->kind, form->written) == 0;

	if (strcmp(text, "**") == 0 || (alone && !text[size]))
		return;
	if (!form || alone || !text[size])
		refuse_kind(pattern, kind);
	else
		check_name(pattern, form, text + size + 1);
}

/* The list in the file is as long as the one stored, in which is empty what is no text. */
static void check_resources(const struct checked_target *checked)
{
	const struct conf_node *list = conf_child(checked->node, "resources");

	for (size_t i = 0; i < checked->target->resource_count; i++) {
		struct pattern pattern = {checked->loader, node_position(list->children[i]),
					  checked->target->resources[i]};
		if (*pattern.text != '\0')
			check_pattern(&pattern);
	}
}

/* Both are paused and resumed by their names. */
static void check_other_name(const struct checked_target *checked)
{
	const char *name = checked->target->name;
	const struct source_config *source = config_source(checked->loader->config, name);

	if (source)
		report_error(checked->loader, node_position(checked->node), "rename one of the two",
			     "targets.%s has the name of a source, in %s:%d", name, source->position.file,
			     source->position.line);
}

/* Of a type that is none was said already. */
static void check_settings(const struct checked_target *checked)
{
	static const struct {
		const char *type;
		void (*check)(const struct checked_target *checked);
	} types[] = {{TARGET_WEBHOOK, check_webhook}, {TARGET_EXEC, check_exec}, {TARGET_NATS, check_nats}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(checked->target->type, types[i].type) != 0)
			continue;
		types[i].check(checked);
		check_types(checked->loader, checked->node, "targets.*", "target", checked->target->type);
	}
}

void check_targets(struct loader *loader)
{
	for (size_t i = 0; i < loader->config->target_count; i++) {
		struct checked_target checked = {loader, &loader->config->targets[i], loader->target_nodes[i]};
		check_settings(&checked);
		check_resources(&checked);
		check_other_name(&checked);
	}
}
