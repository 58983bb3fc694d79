/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/entry.h"

#include "roster/text.h"

#include <string.h>

void member_list_add(struct member_list *list, const char *id, const char *text)
{
	const char *value = id ? id : text;

	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct value *more = arena_alloc_array(list->arena, room, sizeof(*more));
		if (list->count > 0)
			memcpy(more, list->values, list->count * sizeof(*more));
		list->values = more;
		list->room = room;
	}
	value = arena_strdup(list->arena, value);
	list->values[list->count++] = (struct value){.data = value, .size = strlen(value)};
}

/* The attribute members are handed on in. */
static const char *members_name(const struct source_config *config)
{
	return *config->groups.member ? config->groups.member : "member";
}

static int parse_filter(const char *text, const char *name, struct arena *arena, struct filter **ret, struct error *err)
{
	*ret = NULL;
	if (!*text || filter_parse(text, arena, ret, err) == 0)
		return 0;
	return error_prefix(err, "%s.filter", name);
}

int entry_maker_init(struct entry_maker *maker, const struct source_config *config, const struct shape *shape,
		     struct arena *arena, struct error *err)
{
	*maker = (struct entry_maker){.config = config, .shape = shape, .place = config->groups.place, .prefix = "/"};
	if (parse_filter(config->users.filter, "users", arena, &maker->filters[ENTRY_USER], err))
		return -1;
	return parse_filter(config->groups.filter, "groups", arena, &maker->filters[ENTRY_GROUP], err);
}

const char *entry_kept_id(const struct entry_maker *maker, enum entry_kind kind, const char *id, struct arena *arena)
{
	if (kind == ENTRY_GROUP && maker->shape->ids_per_kind)
		return arena_printf(arena, "group:%s", id);
	return id;
}

/* --- what it says ---------------------------------------------------------------------------------------------------------- */

/* Names that rules and filters use are those of the file, so an attribute is called as it is asked for. */
static void take_attributes(const struct entry_maker *maker, const struct json *object, const struct pick_homes *homes,
			    struct arena *arena, struct entry *ret)
{
	const struct source_config *config = maker->config;

	ret->attributes = arena_alloc_array(arena, config->attribute_count + 1, sizeof(*ret->attributes));
	for (size_t i = 0; i < config->attribute_count; i++) {
		const char *name = config->attributes[i];
		if (ret->kind == ENTRY_GROUP && text_equal_fold(name, members_name(config)))
			continue;
		if (!attribute_is_secret(name) &&
		    pick_values(object, name, homes, arena, &ret->attributes[ret->attribute_count]))
			ret->attribute_count++;
	}
}

static void add_members(const struct entry_maker *maker, const struct member_list *members, struct entry *ret)
{
	if (members->count > 0)
		ret->attributes[ret->attribute_count++] = (struct attribute){
		    .name = members_name(maker->config), .values = members->values, .count = members->count};
}

static int take_account(const struct entry_maker *maker, const struct json *object, struct arena *arena,
			struct entry *ret, struct error *err)
{
	const char *conditions = maker->config->users.enabled;
	bool unknown;

	ret->account.closed = pick_flaw(object, conditions, &maker->shape->user_homes, arena, &unknown);
	if (!ret->account.closed && unknown)
		return error_set(
		    err, ERR_DATA,
		    "it does not say whether the account is open (%s); let the account of roster see that, "
		    "or set attributes.enabled, \"?NAME\" for what may be absent",
		    conditions);
	return 0;
}

/* A group is named by its path; what has none by nature has one step. */
static int take_name(const struct entry_maker *maker, const struct json *object, struct arena *arena, struct entry *ret,
		     struct error *err)
{
	bool user = ret->kind == ENTRY_USER;
	const char *expression = user ? maker->config->users.login : maker->place;
	const char *text =
	    pick_text(object, expression, user ? &maker->shape->user_homes : &maker->shape->group_homes, arena);

	if (!text && !user)
		return error_set(err, ERR_DATA, "the group has no %s, which is its path; set attributes.place",
				 expression);
	if (!text)
		text = ret->id;
	ret->dn =
	    user || text_starts_with(text, maker->prefix) ? text : arena_printf(arena, "%s%s", maker->prefix, text);
	if (text_has_control(ret->dn, strlen(ret->dn)))
		return error_set(err, ERR_DATA, "its %s holds a control character", expression);
	return 0;
}

int entry_make(const struct entry_maker *maker, const struct found *found, struct arena *arena, struct entry *ret,
	       struct error *err)
{
	bool user = found->kind == ENTRY_USER;

	*ret = (struct entry){.kind = found->kind, .id = entry_kept_id(maker, found->kind, found->id, arena)};
	take_attributes(maker, found->object, user ? &maker->shape->user_homes : &maker->shape->group_homes, arena,
			ret);
	if (maker->filters[found->kind] && !filter_matches(maker->filters[found->kind], ret))
		return 0;
	if (take_name(maker, found->object, arena, ret, err))
		return -1;
	if (user && take_account(maker, found->object, arena, ret, err))
		return -1;
	if (found->members)
		add_members(maker, found->members, ret);
	return 1;
}
