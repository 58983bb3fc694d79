/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a source from its configuration. */
#include "source/rest/shape.h"

#include "roster/str.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	enum pager_kind kind;
} kinds[] = {
    {"offset", PAGER_OFFSET}, {"index", PAGER_INDEX}, {"page", PAGER_PAGE}, {"cursor", PAGER_CURSOR},
    {"next", PAGER_NEXT},     {"link", PAGER_LINK},   {"none", PAGER_NONE},
};

static const char *or_none(const char *text)
{
	return *text ? text : NULL;
}

static struct pager pager_of(const struct pages_config *pages)
{
	struct pager pager = {.kind = PAGER_NONE,
			      .at = or_none(pages->at),
			      .size = or_none(pages->size),
			      .first = pages->first,
			      .next = or_none(pages->next),
			      .total = or_none(pages->total)};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, pages->by) == 0)
			pager.kind = kinds[i].kind;
	return pager;
}

static struct listing listing_of(const struct entry_config *entry, const char *path, const struct pager *pager)
{
	return (struct listing){.path = or_none(path), .items = entry->items, .pager = *pager};
}

static void describe(const struct source_config *config, struct shape *shape)
{
	const struct pager pager = pager_of(&config->pages);
	const char *member = config->groups.member;
	bool inline_members = !*config->groups.members;

	*shape = (struct shape){
	    .type = DIALECT_REST,
	    .users = listing_of(&config->users, config->users.path, &pager),
	    .groups = listing_of(&config->groups, config->groups.path, &pager),
	    .children = listing_of(&config->groups, config->groups.children, &pager),
	    .members = listing_of(&config->users, config->groups.members, &pager),
	    .inner = inline_members ? (*member == '/' ? member : "/members") : NULL,
	    .member_id = inline_members ? "" : config->users.id,
	    .member_text = config->users.login,
	    .ids_per_kind = true,
	    .scope = "",
	};
}

static void add_field(struct str *path, const char *name)
{
	str_add_char(path, ',');
	str_append(path, name, strcspn(name, "/["));
}

/* Microsoft Graph shows little unless it is told what to show. */
static const char *select_fields(const struct source_config *config, const char *path, const char *needed,
				 struct arena *arena)
{
	struct str text = {0};

	str_printf(&text, "%s?$select=id,%s", path, needed);
	for (size_t i = 0; i < config->attribute_count; i++) {
		const char *name = config->attributes[i] + (*config->attributes[i] == '/');
		if (!strchr(name, ' ') && strncasecmp(name, "member", strlen("member")) != 0 &&
		    strcasecmp(name, "uniqueMember") != 0 && strcasecmp(name, "id") != 0)
			add_field(&text, name);
	}
	const char *copy = arena_strdup(arena, str_text(&text));
	str_free(&text);
	return copy;
}

struct shape *shape_of(const struct source_config *config, struct arena *arena)
{
	const struct shape *preset = shape_preset(config->type);
	struct shape *shape = arena_alloc(arena, sizeof(*shape));

	if (preset)
		*shape = *preset;
	else
		describe(config, shape);
	if (preset && strcmp(config->type, DIALECT_GRAPH) == 0) {
		shape->users.path = select_fields(config, preset->users.path, "accountEnabled", arena);
		shape->groups.path = select_fields(config, preset->groups.path, "displayName", arena);
	}
	return shape;
}

void shape_take_scim_pages(struct shape *shape, const struct json *provider_config)
{
	static const struct pager cursors = {
	    .kind = PAGER_CURSOR, .at = "cursor", .size = "count", .next = "/nextCursor", .total = "/totalResults"};
	const struct json *pages = json_get(provider_config, "pagination");
	const char *usual = pages ? json_as_text(json_get(pages, "defaultPaginationMethod")) : NULL;

	if (!pages || !pick_is_true(pick_json(pages, "cursor", NULL)))
		return;
	if (pick_is_true(pick_json(pages, "index", NULL)) && !(usual && strcmp(usual, "cursor") == 0))
		return;
	shape->users.pager = shape->groups.pager = cursors;
}
