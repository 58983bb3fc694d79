/* SPDX-License-Identifier: Apache-2.0 */
#include "job/staging.h"
#include "job/known.h"
#include "job/lists.h"

#include "roster/json.h"

#include <stdlib.h>
#include <string.h>

enum { REMARKS_MOST = 20 };

/* What the database indexes must fit into a page of its indexes; nobody has longer ones on purpose. */
enum { ID_MOST = 512, LOGIN_MOST = 256 };

struct stager {
	const struct source_config *source;
	struct digest_state *digest;
	struct str text;
	struct digest alias;
	struct digest settings; /* part of every content: other settings read every entry anew */
	const char *remarks[REMARKS_MOST];
	size_t remark_count;
	bool whole; /* nothing that is staged is taken back */
	struct known_references known;
	struct lists *lists;
};

struct stager *stager_new(const struct source_config *source)
{
	struct stager *stager = xcalloc(1, sizeof *stager);

	stager->source = source;
	stager->digest = digest_start();
	stager->settings = stager_settings(source);
	stager->lists = lists_new();
	return stager;
}

void stager_begin(struct stager *stager, bool whole)
{
	known_free(&stager->known);
	stager->whole = whole;
}

void stager_free(struct stager **stager)
{
	if (*stager == NULL)
		return;
	digest_free(&(*stager)->digest);
	str_free(&(*stager)->text);
	known_free(&(*stager)->known);
	lists_free(&(*stager)->lists);
	free(*stager);
	*stager = NULL;
}

size_t stager_remark_count(const struct stager *stager)
{
	return stager->remark_count;
}

const char *stager_remark(const struct stager *stager, size_t index)
{
	return stager->remarks[index];
}

struct digest stager_content(struct stager *stager, const struct entry *entry)
{
	struct digest_state *digest = stager->digest;

	digest_add(digest, &stager->settings, sizeof stager->settings);
	digest_add(digest, &entry->kind, sizeof entry->kind);
	digest_add(digest, entry->dn, strlen(entry->dn));
	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];
		digest_add(digest, attribute->name, strlen(attribute->name));
		digest_add(digest, &attribute->count, sizeof attribute->count);
		for (size_t v = 0; v < attribute->count; v++)
			digest_add(digest, attribute->values[v].data, attribute->values[v].size);
	}
	return digest_finish(digest);
}

/* References carry the source's name: the same DN in two directories is two entries. */
static struct digest reference(struct stager *stager, const char *space, const char *text, size_t size)
{
	digest_add(stager->digest, stager->source->name, strlen(stager->source->name));
	digest_add(stager->digest, space, strlen(space));
	digest_add(stager->digest, text, size);
	return digest_finish(stager->digest);
}

int stager_reference(struct stager *stager, const char *dn, struct digest *ret)
{
	str_clear(&stager->text);
	if (!text_is_valid(dn, strlen(dn)) || dn_canonical(dn, strlen(dn), &stager->text, NULL) != 0)
		return -1;
	*ret = reference(stager, "dn", str_text(&stager->text), stager->text.size);
	return 0;
}

int stager_names(struct stager *stager, const char *dn, struct digest *reference_of, struct digest *parent_of)
{
	if (stager_reference(stager, dn, reference_of) != 0)
		return -1;
	const char *parent = dn_parent(str_text(&stager->text));
	*parent_of = reference(stager, "dn", parent, strlen(parent));
	return 0;
}

static int fill_names(struct stager *stager, const struct entry *entry, struct staged_entry *ret, struct error *err)
{
	str_clear(&stager->text);
	if (!text_is_valid(entry->dn, strlen(entry->dn)))
		return error_set(err, ERR_DATA, "its DN is not UTF-8");
	if (dn_canonical(entry->dn, strlen(entry->dn), &stager->text, err) != 0)
		return -1;
	ret->reference = reference(stager, "dn", str_text(&stager->text), stager->text.size);
	const char *parent = dn_parent(str_text(&stager->text));
	ret->parent = reference(stager, "dn", parent, strlen(parent));
	return 0;
}

static int fill_person(struct stager *stager, const struct entry *entry, struct arena *arena, struct staged_entry *ret,
		       struct error *err)
{
	const struct entry_config *users = &stager->source->users;
	const char *login = entry_chosen_text(entry, users->login);

	if (login != NULL && (strlen(login) > LOGIN_MOST || text_has_control(login, strlen(login))))
		return error_set(err, ERR_DATA,
				 "its %s cannot be a login: it holds a control character or is longer than %d bytes",
				 users->login, LOGIN_MOST);
	if (login == NULL)
		return error_set(err, ERR_DATA,
				 "it has no %s, which is the login; give it one, or set attributes.login",
				 users->login);
	ret->login = arena_strdup(arena, login);
	ret->email = arena_strdup(arena, entry_chosen_text(entry, users->email));
	ret->name = arena_strdup(arena, entry_chosen_text(entry, users->name));
	stager->alias = reference(stager, "login", login, strlen(login));
	ret->alias = &stager->alias;
	return 0;
}

static bool is_member_attribute(const struct source_config *source, const char *name)
{
	if (source->groups.member[0] != '\0')
		return text_equal_fold(name, source->groups.member);
	return text_equal_fold(name, "member") || text_equal_fold(name, "uniqueMember") ||
	       text_equal_fold(name, "memberUid");
}

static void remark(struct stager *stager, const char *text)
{
	if (stager->remark_count < REMARKS_MOST)
		stager->remarks[stager->remark_count++] = text;
}

/* A member value may carry a unique identifier behind the DN (RFC 4517 3.3.21); it says nothing about who is meant. */
static size_t without_identifier(const char *name, const struct value *value)
{
	const char *mark = text_equal_fold(name, "uniqueMember") ? strrchr(value->data, '#') : NULL;

	return mark != NULL && mark[1] == '\'' && text_ends_with(mark, "'B") ? (size_t)(mark - value->data)
									     : value->size;
}

/* memberUid names a login, everything else a DN. A value that is neither dangles under its own bytes. */
static struct digest member_reference(struct stager *stager, const char *name, const struct value *value,
				      struct arena *arena)
{
	size_t size = without_identifier(name, value);

	str_clear(&stager->text);
	if (text_equal_fold(name, "memberUid"))
		return reference(stager, "login", value->data, value->size);
	if (text_is_valid(value->data, size) && dn_canonical(value->data, size, &stager->text, NULL) == 0)
		return reference(stager, "dn", str_text(&stager->text), stager->text.size);
	remark(stager, arena_printf(arena, "its member \"%s\" is not a DN and counts for nobody",
				    text_is_valid(value->data, value->size) ? value->data : "(not UTF-8)"));
	return reference(stager, "raw", value->data, value->size);
}

struct member {
	struct digest reference;
	const char *text; /* NULL: whom it means is known */
};

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	return memcmp(left->reference.bytes, right->reference.bytes, sizeof left->reference.bytes);
}

static size_t count_members(const struct stager *stager, const struct entry *entry)
{
	size_t count = 0;

	for (size_t i = 0; i < entry->attribute_count; i++)
		if (is_member_attribute(stager->source, entry->attributes[i].name))
			count += entry->attributes[i].count;
	return count;
}

/* Each member once, in the order the database keeps them in. */
static void put_members(struct member *members, size_t count, struct arena *arena, struct staged_entry *ret)
{
	struct digest *references = arena_alloc_array(arena, count + 1, sizeof *references);
	const char **texts = arena_alloc_array(arena, count + 1, sizeof *texts);

	qsort(members, count, sizeof *members, compare_members);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && digest_equal(&members[i].reference, &members[i - 1].reference))
			continue;
		references[ret->member_count] = members[i].reference;
		texts[ret->member_count++] = members[i].text;
	}
	ret->members = references;
	ret->member_texts = texts;
}

/* How member_reference() reads the values of an attribute. */
static unsigned way_of(const char *name)
{
	return text_equal_fold(name, "memberUid") ? 1 : text_equal_fold(name, "uniqueMember") ? 2 : 0;
}

/* What a list is read into: members that are not in the list that is remembered, or all. */
struct listing {
	struct stager *stager;
	struct arena *arena;
	struct list *list;
	struct member *members;
	size_t count;
};

static void read_member(struct listing *listing, const char *name, const struct value *value)
{
	struct stager *stager = listing->stager;
	struct member *member = &listing->members[listing->count++];

	member->reference = member_reference(stager, name, value, listing->arena);
	member->text = known_has(&stager->known, &member->reference) ? NULL
		       : text_is_valid(value->data, value->size)
			   ? arena_strndup(listing->arena, value->data, value->size)
			   : "(not UTF-8)";
}

static void list_member(struct listing *listing, const char *name, const struct value *value)
{
	struct stager *stager = listing->stager;
	struct list_key key = lists_key(stager->lists, way_of(name), value->data, value->size);
	size_t remarks = stager->remark_count;
	struct list_value known;

	if (list_see(listing->list, key, &known)) {
		if (known.odd)
			member_reference(stager, name, value, listing->arena);
		return;
	}
	read_member(listing, name, value);
	known = (struct list_value){listing->members[listing->count - 1].reference, stager->remark_count > remarks};
	list_put(listing->list, key, &known);
}

static void read_members(struct listing *listing, const struct entry *entry)
{
	listing->count = 0;
	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];
		if (!is_member_attribute(listing->stager->source, attribute->name))
			continue;
		for (size_t v = 0; v < attribute->count; v++)
			if (listing->list != NULL)
				list_member(listing, attribute->name, &attribute->values[v]);
			else
				read_member(listing, attribute->name, &attribute->values[v]);
	}
}

static void fill_members(struct stager *stager, const struct entry *entry, struct arena *arena,
			 struct staged_entry *ret)
{
	struct listing listing = {.stager = stager, .arena = arena};
	size_t most = count_members(stager, entry);

	listing.members = arena_alloc_array(arena, most + 1, sizeof *listing.members);
	listing.list = stager->whole ? NULL : lists_find(stager->lists, entry->id);
	if (listing.list != NULL) {
		list_begin(listing.list, &ret->content);
		read_members(&listing, entry);
		ret->differs = list_end(listing.list, arena, &ret->left, &ret->left_count) == 0;
	}
	if (!ret->differs) {
		stager->remark_count = 0;
		listing.list = stager->whole ? NULL : lists_add(stager->lists, entry->id, most);
		if (listing.list != NULL)
			list_begin(listing.list, &ret->content);
		read_members(&listing, entry);
	}
	put_members(listing.members, listing.count, arena, ret);
}

const struct digest *stager_remembers(const struct stager *stager, const char *id)
{
	const struct list *list = lists_find(stager->lists, id);

	return list == NULL ? NULL : list_content(list);
}

void stager_forget(struct stager *stager, const char *id)
{
	lists_forget(stager->lists, id);
}

/* Attributes as a JSON object of arrays; members are edges, not attributes. Values that are not text are left out. */
static int fill_attributes(struct stager *stager, const struct entry *entry, struct arena *arena,
			   struct staged_entry *ret, struct error *err)
{
	struct json *object = json_new_object();
	struct str text = {0};
	int rc = -1;

	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];
		if (entry->kind == ENTRY_GROUP && is_member_attribute(stager->source, attribute->name))
			continue;
		struct json *values = json_new_array();
		for (size_t v = 0; v < attribute->count; v++) {
			const struct value *value = &attribute->values[v];
			if (text_is_valid(value->data, value->size) &&
			    json_append(values, json_new_text(value->data, value->size, err), err) != 0) {
				json_free(&values);
				goto out;
			}
		}
		if (json_put(object, attribute->name, values, err) != 0)
			goto out;
	}
	json_print(object, false, &text);
	ret->attributes = arena_strdup(arena, str_text(&text));
	rc = 0;
out:
	str_free(&text);
	json_free(&object);
	return rc;
}

int stager_fill(struct stager *stager, const struct entry *entry, const struct digest *content, struct arena *arena,
		struct staged_entry *ret, struct error *err)
{
	*ret = (struct staged_entry){.entry = entry, .content = *content};
	stager->remark_count = 0;
	if (strlen(entry->id) > ID_MOST || !text_is_valid(entry->id, strlen(entry->id)))
		return error_set(
		    err, ERR_DATA,
		    "its id is not UTF-8 or longer than %d bytes; choose another attribute in attributes.id", ID_MOST);
	if (fill_names(stager, entry, ret, err) != 0)
		return -1;
	if (entry->kind == ENTRY_USER && fill_person(stager, entry, arena, ret, err) != 0)
		return -1;
	if (entry->kind == ENTRY_GROUP)
		fill_members(stager, entry, arena, ret);
	if (fill_attributes(stager, entry, arena, ret, err) != 0)
		return -1;
	if (stager->whole)
		known_add(&stager->known, &ret->reference);
	return 0;
}

/* Keys that one kind of entry does not have (a group's login) are NULL. */
static void add_text(struct digest_state *digest, const char *text)
{
	if (text != NULL)
		digest_add(digest, text, strlen(text));
}

static void add_entry_settings(struct digest_state *digest, const struct entry_config *entry)
{
	const char *const texts[] = {entry->base,  entry->filter, entry->id,    entry->login,
				     entry->email, entry->name,   entry->member};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		add_text(digest, texts[i]);
	digest_add(digest, entry->present ? "1" : "0", 1);
	digest_add(digest, entry->nested ? "1" : "0", 1);
}

static void add_scope(struct digest_state *digest, const struct source_config *source)
{
	add_text(digest, source->type);
	add_entry_settings(digest, &source->users);
	add_entry_settings(digest, &source->groups);
	add_entry_settings(digest, &source->units);
}

struct digest stager_meaning(const struct source_config *source, const struct digest *rules)
{
	struct digest_state *digest = digest_start();
	struct digest result;

	digest_add(digest, rules->bytes, sizeof rules->bytes);
	add_scope(digest, source);
	result = digest_finish(digest);
	digest_free(&digest);
	return result;
}

struct digest stager_settings(const struct source_config *source)
{
	struct digest_state *digest = digest_start();
	struct digest result;

	add_scope(digest, source);
	add_text(digest, source->file);
	add_text(digest, source->ldap.bind_dn);
	for (size_t i = 0; i < source->ldap.url_count; i++)
		add_text(digest, source->ldap.urls[i]);
	for (size_t i = 0; i < source->attribute_count; i++)
		add_text(digest, source->attributes[i]);
	result = digest_finish(digest);
	digest_free(&digest);
	return result;
}
