/* SPDX-License-Identifier: Apache-2.0 */
/* Groups, who is in them and which groups are in them. */
#include "source/rest/read.h"

#include "roster/text.h"

#include <stdlib.h>
#include <string.h>

/* Deeper ones are a loop in somebody's head. */
enum { DEPTH_MOST = 64 };

/* What a walk is for: groups, or the members of one. */
struct group_sink {
	struct pager_sink sink;
	struct reading *reading;
	struct member_list *inside; /* NULL: nothing around it */
};

static int take_group(struct pager_sink *sink, const struct json *object, const char *id, struct error *err);

/* Whether one group can be read: why not is kept, and then it stays as it was known. */
enum verdict { GROUP_GOOD, GROUP_KEPT, GROUP_STOP };

struct group {
	struct reading *reading;
	const struct json *object;
	const char *id;
	struct member_list members;
	struct error why;
};

/* --- members that are listed apart ----------------------------------------------------------------------------------------- */

static int take_member(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *members = (struct group_sink *)sink;
	const char *only = members->reading->maker->shape->member_only, *text = NULL;
	bool unknown;

	if (only && json_kind_of(object) == JSON_KIND_OBJECT &&
	    pick_flaw(object, only, NULL, members->inside->arena, &unknown))
		return 0;
	if (!id && json_kind_of(object) == JSON_KIND_OBJECT)
		text = pick_text(object, members->reading->maker->shape->member_text, NULL, members->inside->arena);
	if (!id && !text)
		return error_set(err, ERR_DATA, "one of its members has no id");
	member_list_add(members->inside, id, text);
	return 0;
}

static int take_child_id(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *children = (struct group_sink *)sink;
	const struct reading *reading = children->reading;

	(void)object;
	if (!id)
		return error_set(err, ERR_DATA, "one of the groups in it has no id");
	member_list_add(children->inside, entry_kept_id(reading->maker, ENTRY_GROUP, id, children->inside->arena),
			NULL);
	return 0;
}

/* The API may have lost it meanwhile, or hide its members: then nothing is known of it. What fails otherwise fails for all. */
static enum verdict judge(struct group *group, const struct walk *walk, enum walk_end ended)
{
	if (ended == WALK_WHOLE)
		return GROUP_GOOD;
	if (group->reading->stopped)
		return GROUP_STOP;
	if (ended == WALK_STOPPED && group->why.class == ERR_DATA)
		return GROUP_KEPT;
	if (ended == WALK_BROKEN && (walk->status == 403 || walk->status == 404))
		return GROUP_KEPT;
	return GROUP_STOP;
}

static enum verdict list(struct group *group, const struct listing *listing, const char *id_expression,
			 struct pager_sink *sink)
{
	struct reading *reading = group->reading;
	const struct shape *shape = reading->maker->shape;
	const char *name =
	    pick_text(group->object, reading->maker->config->groups.name, &shape->group_homes, group->members.arena);
	struct walk walk = {.listing = listing, .id = id_expression, .one_page = reading->preview};

	if (!listing->path)
		return GROUP_GOOD;
	walk.path = walk_path(listing->path, group->id, name, group->members.arena);
	return judge(group, &walk, walk_listing(reading->api, &walk, sink, &group->why));
}

static enum verdict list_members(struct group *group)
{
	const struct shape *shape = group->reading->maker->shape;
	struct group_sink members = {{take_member}, group->reading, &group->members};

	return list(group, &shape->members, shape->member_id, &members.sink);
}

static bool is_childless(const struct group *group)
{
	const char *pointer = group->reading->maker->shape->child_count;
	const struct json *count = pointer ? pick_json(group->object, pointer, NULL) : NULL;
	int64_t number = -1;

	return count && json_as_integer(count, &number) && number == 0;
}

/* The groups in it are read with it, each before the one it is in. */
static enum verdict list_children(struct group *group)
{
	struct reading *reading = group->reading;
	struct group_sink children = {{take_group}, reading, &group->members};

	if (!reading->maker->shape->children.path || is_childless(group))
		return GROUP_GOOD;
	if (reading->depth >= DEPTH_MOST) {
		error_set(&group->why, ERR_DATA, "it is more than %d groups deep", DEPTH_MOST);
		return GROUP_KEPT;
	}
	reading->depth++;
	enum verdict verdict =
	    list(group, &reading->maker->shape->children, reading->maker->config->groups.id, &children.sink);
	reading->depth--;
	return verdict;
}

/* --- members that stand in the group --------------------------------------------------------------------------------------- */

static enum verdict take_inner_one(struct group *group, const struct json *item)
{
	const struct shape *shape = group->reading->maker->shape;
	struct arena *arena = group->members.arena;
	bool plain = json_kind_of(item) != JSON_KIND_OBJECT;
	const char *id = NULL, *text = NULL;
	int64_t number;

	if (plain)
		id = json_as_text(item)               ? json_as_text(item)
		     : json_as_integer(item, &number) ? arena_printf(arena, "%lld", (long long)number)
						      : NULL;
	else
		id = pick_text(item, *shape->member_id ? shape->member_id : "id", NULL, arena);
	/* As SCIM has it, and others after it. */
	if (!id && !plain)
		id = pick_text(item, "value", NULL, arena);
	if (!id && !plain && shape->member_text)
		text = pick_text(item, shape->member_text, NULL, arena);
	if (!id && !text) {
		error_set(&group->why, ERR_DATA, "one of its members is null, or has no id");
		return GROUP_KEPT;
	}
	member_list_add(&group->members, id, text);
	return GROUP_GOOD;
}

static enum verdict take_inner(struct group *group, const struct json *items)
{
	enum verdict verdict = GROUP_GOOD;

	if (json_kind_of(items) != JSON_KIND_ARRAY) {
		error_set(&group->why, ERR_DATA, "its members are no list");
		return GROUP_KEPT;
	}
	for (size_t i = 0; verdict == GROUP_GOOD && i < json_count(items); i++)
		verdict = take_inner_one(group, json_item(items, i));
	return verdict;
}

/* A list of groups may leave out who is in them: then each says so itself (AWS IAM Identity Center is one that does not, either
 * way; its groups have nobody). */
static enum verdict ask_group(struct group *group)
{
	struct reading *reading = group->reading;
	const struct shape *shape = reading->maker->shape;
	struct arena *arena = group->members.arena;
	const char *path = walk_path(shape->one_group, group->id, NULL, arena);
	struct page page = {0};
	enum verdict verdict = GROUP_GOOD;

	if (api_get(reading->api, arena_printf(arena, "%s%s", reading->api->url, path), arena, &page, &group->why))
		return page.status == 403 || page.status == 404 ? GROUP_KEPT : GROUP_STOP;
	const struct json *items = pick_json(page.body, shape->inner, NULL);
	const char *id = pick_text(page.body, reading->maker->config->groups.id, &shape->group_homes, arena);
	if (!id || strcmp(id, group->id) != 0) {
		error_set(&group->why, ERR_DATA, "%s answers with another group", page.url);
		verdict = GROUP_KEPT;
	} else if (items) {
		verdict = take_inner(group, items);
	}
	page_free(&page);
	return verdict;
}

static enum verdict read_inner(struct group *group)
{
	const struct shape *shape = group->reading->maker->shape;
	const struct json *items = shape->inner ? pick_json(group->object, shape->inner, NULL) : NULL;
	enum verdict verdict = GROUP_GOOD;

	if (items)
		verdict = take_inner(group, items);
	else if (shape->inner && shape->one_group)
		verdict = ask_group(group);
	else if (shape->inner && !*group->reading->maker->config->groups.members && !shape->members.path) {
		error_set(&group->why, ERR_DATA, "it does not say who is in it: there is no %s", shape->inner);
		verdict = GROUP_KEPT;
	}
	return verdict;
}

/* --- one group ------------------------------------------------------------------------------------------------------------- */

static void add_inclusions(struct group *group)
{
	const struct reading *reading = group->reading;

	for (size_t i = 0; i < reading->inclusion_count; i++)
		if (strcmp(reading->inclusions[i].outer, group->id) == 0)
			member_list_add(&group->members,
					entry_kept_id(reading->maker, ENTRY_GROUP, reading->inclusions[i].inner,
						      group->members.arena),
					NULL);
}

static int conclude(struct group *group, enum verdict verdict, struct error *err)
{
	struct reading *reading = group->reading;
	struct arena *arena = group->members.arena;

	if (verdict == GROUP_GOOD) {
		add_inclusions(group);
		return read_hand_over(reading, ENTRY_GROUP, group->object, group->id, &group->members, err);
	}
	if (verdict == GROUP_KEPT) {
		const char *name = pick_text(group->object, reading->maker->config->groups.name,
					     &reading->maker->shape->group_homes, arena);
		return read_unreadable(reading, entry_kept_id(reading->maker, ENTRY_GROUP, group->id, arena),
				       arena_printf(arena, "group %s (%s)", name ? name : "", group->id),
				       arena_printf(arena, "%s; it stays as it was", group->why.text), err);
	}
	if (err)
		*err = group->why;
	return -1;
}

static int take_group(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *groups = (struct group_sink *)sink;
	struct group group = {.reading = groups->reading, .object = object, .id = id};

	if (json_kind_of(object) != JSON_KIND_OBJECT || !id)
		return read_hand_over(groups->reading, ENTRY_GROUP, object, id, NULL, err);
	group.members.arena = arena_new();
	enum verdict verdict = read_inner(&group);
	if (verdict == GROUP_GOOD)
		verdict = list_members(&group);
	if (verdict == GROUP_GOOD)
		verdict = list_children(&group);
	int status = conclude(&group, verdict, err);
	arena_free(&group.members.arena);
	if (status == 0 && groups->inside)
		status =
		    take_child_id(&(struct group_sink){{NULL}, groups->reading, groups->inside}.sink, object, id, err);
	return status;
}

int read_group(struct reading *reading, const struct json *object, const char *id, struct error *err)
{
	struct group_sink groups = {{take_group}, reading, NULL};

	return take_group(&groups.sink, object, id, err);
}

/* --- who says of itself what it is in -------------------------------------------------------------------------------------- */

static void include(struct reading *reading, const char *outer, const char *inner)
{
	if (reading->inclusion_count == reading->inclusion_room) {
		reading->inclusion_room = reading->inclusion_room ? 2 * reading->inclusion_room : 64;
		reading->inclusions =
		    xrealloc(reading->inclusions, reading->inclusion_room, sizeof(*reading->inclusions));
	}
	reading->inclusions[reading->inclusion_count++] = (struct inclusion){
	    .outer = arena_strdup(reading->arena, outer), .inner = arena_strdup(reading->arena, inner)};
}

static int note_parents(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *groups = (struct group_sink *)sink;
	struct reading *reading = groups->reading;
	const struct shape *shape = reading->maker->shape;
	struct attribute parents;
	struct arena *arena = arena_new();

	(void)err;
	for (size_t k = 0; id && k < sizeof(shape->parents) / sizeof(*shape->parents) && shape->parents[k]; k++)
		if (pick_values(object, shape->parents[k], NULL, arena, &parents))
			for (size_t i = 0; i < parents.count; i++)
				include(reading, parents.values[i].data, id);
	arena_free(&arena);
	return 0;
}

/* --- roles ----------------------------------------------------------------------------------------------------------------- */

static int note_inner(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *inner = (struct group_sink *)sink;

	(void)object;
	(void)err;
	/* Whoever has the outer role has the inner one: so the outer one is in it, as a group is in a group. */
	if (id)
		include(inner->reading, id, inner->inside->values[0].data);
	return 0;
}

static int note_composite(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *roles = (struct group_sink *)sink;
	struct group role = {.reading = roles->reading, .object = object, .id = id};
	const struct json *composite = pick_json(object, "composite", NULL);
	enum verdict verdict = GROUP_GOOD;

	if (!id || !composite || !pick_is_true(composite))
		return 0;
	role.members.arena = arena_new();
	member_list_add(&role.members, id, NULL);
	struct group_sink inner = {{note_inner}, roles->reading, &role.members};
	verdict = list(&role, &roles->reading->maker->shape->role_inner, roles->reading->maker->config->groups.id,
		       &inner.sink);
	arena_free(&role.members.arena);
	if (verdict == GROUP_GOOD)
		return 0;
	if (err)
		*err = role.why;
	return -1;
}

static int take_role(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct group_sink *roles = (struct group_sink *)sink;
	const struct shape *shape = roles->reading->maker->shape;
	struct group role = {.reading = roles->reading, .object = object, .id = id};

	if (json_kind_of(object) != JSON_KIND_OBJECT || !id)
		return read_hand_over(roles->reading, ENTRY_GROUP, object, id, NULL, err);
	role.members.arena = arena_new();
	struct group_sink people = {{take_member}, roles->reading, &role.members};
	enum verdict verdict = list(&role, &shape->role_users, shape->member_id, &people.sink);
	if (verdict == GROUP_GOOD)
		verdict = list(&role, &shape->role_groups, roles->reading->maker->config->groups.id, &people.sink);
	int status = conclude(&role, verdict, err);
	arena_free(&role.members.arena);
	return status;
}

/* --- all of them ----------------------------------------------------------------------------------------------------------- */

typedef int take(struct pager_sink *sink, const struct json *object, const char *id, struct error *err);

static int read_listed(struct reading *reading, const struct listing *listing, take *each, struct error *err)
{
	struct group_sink groups = {{each}, reading, NULL};
	struct walk walk = {.listing = listing,
			    .path = listing->path,
			    .id = reading->maker->config->groups.id,
			    .homes = &reading->maker->shape->group_homes,
			    .one_page = reading->preview};
	struct error why = {0};

	if (!listing->path || reading->result->completeness != READ_COMPLETE)
		return 0;
	enum walk_end ended = walk_listing(reading->api, &walk, &groups.sink, &why);
	if (ended == WALK_WHOLE)
		return 0;
	/* What the API did to one group it did to the walk of all. */
	if (!reading->stopped)
		return read_broken(reading, &why, err);
	if (err)
		*err = why;
	return -1;
}

/* A role has no path. */
static int read_roles(struct reading *reading, struct error *err)
{
	const struct entry_maker *usual = reading->maker;
	struct entry_maker maker = *usual;
	int status;

	maker.place = reading->maker->config->groups.name;
	maker.prefix = "role:";
	reading->maker = &maker;
	status = read_listed(reading, &maker.shape->role_list, note_composite, err);
	if (status == 0)
		status = read_listed(reading, &maker.shape->role_list, take_role, err);
	reading->maker = usual;
	return status;
}

int read_groups(struct reading *reading, struct error *err)
{
	const struct shape *shape = reading->maker->shape;
	int status = 0;

	if (shape->parents[0])
		status = read_listed(reading, &shape->groups, note_parents, err);
	if (status == 0)
		status = read_listed(reading, &shape->groups, take_group, err);
	reading->inclusion_count = 0;
	if (status == 0 && reading->maker->config->roles)
		status = read_roles(reading, err);
	free(reading->inclusions);
	reading->inclusions = NULL;
	reading->inclusion_room = reading->inclusion_count = 0;
	return status;
}
