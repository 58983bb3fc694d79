/* SPDX-License-Identifier: Apache-2.0 */
#include "job/members.h"

#include "roster/json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the database indexes must fit into a page of its indexes; nobody has longer ones on purpose. */
enum { ID_MOST = 512, LOGIN_MOST = 256 };

/* Behind 1900. Whoever lives to see the year 9999 is told by his directory. */
enum { YEAR_MOST = 8099 };

struct stager *stager_new(const struct source_config *source)
{
	struct stager *stager = xcalloc(1, sizeof *stager);

	stager->source = source;
	stager->digest = digest_start();
	stager->settings = stager_settings(source);
	stager->lists = lists_new();
	return stager;
}

void stager_settle(struct stager *stager, const struct source_config *source)
{
	stager->source = source;
	stager->settings = stager_settings(source);
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

/* Keys that one kind of entry does not have (a group's login) are NULL. */
static void add_text(struct digest_state *digest, const char *text)
{
	if (text != NULL)
		digest_add(digest, text, strlen(text));
}

static void add_account(struct digest_state *digest, const struct entry *entry)
{
	const struct account *account = &entry->account;

	add_text(digest, account->closed);
	if (account->ends_by != NULL)
		digest_add(digest, &account->ends, sizeof account->ends);
	add_text(digest, entry->security_id);
	add_text(digest, entry->primary_group);
}

struct digest stager_content(struct stager *stager, const struct entry *entry)
{
	struct digest_state *digest = stager->digest;

	digest_add(digest, &stager->settings, sizeof stager->settings);
	digest_add(digest, &entry->kind, sizeof entry->kind);
	digest_add(digest, entry->dn, strlen(entry->dn));
	add_account(digest, entry);
	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];
		digest_add(digest, attribute->name, strlen(attribute->name));
		digest_add(digest, &attribute->count, sizeof attribute->count);
		for (size_t v = 0; v < attribute->count; v++)
			digest_add(digest, attribute->values[v].data, attribute->values[v].size);
	}
	return digest_finish(digest);
}

static int fill_names(struct stager *stager, const struct entry *entry, struct staged_entry *ret, struct error *err)
{
	return stager_names(stager, entry->dn, &ret->reference, &ret->parent, err);
}

/* What is over already says so; what will be is looked at when the time comes. */
static void fill_account(const struct account *account, struct arena *arena, struct staged_entry *ret)
{
	char text[64];
	time_t ends = (time_t)account->ends;
	struct tm tm;

	ret->closed = arena_strdup(arena, account->closed);
	if (account->ends_by == NULL || gmtime_r(&ends, &tm) == NULL || tm.tm_year > YEAR_MOST || tm.tm_year < 0)
		return;
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S+00", &tm);
	ret->ends = arena_strdup(arena, text);
	ret->ends_by = account->ends_by;
	if (ret->closed == NULL && ends <= time(NULL))
		ret->closed = arena_printf(arena, "%s was %s", account->ends_by, text);
}

/* Without spaces at its ends, which nobody sees and no directory minds; NULL for NULL. */
static const char *trimmed(const char *text, struct arena *arena)
{
	if (text == NULL)
		return NULL;
	text += strspn(text, " ");
	size_t size = strlen(text);
	while (size > 0 && text[size - 1] == ' ')
		size--;
	return arena_strndup(arena, text, size);
}

/* It goes into letters, and their headers. */
static const char *usable_email(struct stager *stager, const struct entry_config *users, const struct entry *entry,
				struct arena *arena)
{
	const char *email = entry_chosen_text(entry, users->email);

	if (email == NULL || !text_has_control(email, strlen(email)))
		return arena_strdup(arena, email);
	stager_note(stager, arena_printf(arena, "its %s holds a control character, and is left out", users->email));
	return NULL;
}

/* One value, and no doubt whose it is; otherwise the entry is linked with nobody. */
static const char *usable_link(struct stager *stager, const struct entry *entry, struct arena *arena)
{
	const char *name = stager->source->link, *proof = source_link_proof(stager->source);
	const struct attribute *attribute = *name ? entry_attribute(entry, name) : NULL;
	const char *text = attribute ? trimmed(entry_chosen_text(entry, name), arena) : NULL;

	if (!text || !*text)
		return NULL;
	if (proof && (!entry_chosen_text(entry, proof) || !text_equal_fold(entry_chosen_text(entry, proof), "true"))) {
		stager_note(stager, arena_printf(arena, "its %s is not verified, and links it with nobody", name));
		return NULL;
	}
	if (attribute->count > 1 || strlen(text) > LOGIN_MOST || text_has_hidden(text, strlen(text))) {
		stager_note(stager, arena_printf(arena,
						 "its %s links it with nobody: it has several values, or one that is "
						 "too long or holds a character that is not seen",
						 name));
		return NULL;
	}
	return text;
}

static int fill_person(struct stager *stager, const struct entry *entry, struct arena *arena, struct staged_entry *ret,
		       struct error *err)
{
	const struct entry_config *users = &stager->source->users;
	const char *login = trimmed(entry_chosen_text(entry, users->login), arena);

	if (login != NULL && (strlen(login) > LOGIN_MOST || text_has_hidden(login, strlen(login))))
		return error_set(err, ERR_DATA,
				 "its %s cannot be a login: it holds a character that is not seen, or is longer than "
				 "%d bytes",
				 users->login, LOGIN_MOST);
	if (login == NULL || login[0] == '\0')
		return error_set(err, ERR_DATA,
				 "it has no %s, which is the login; give it one, or set attributes.login",
				 users->login);
	ret->login = login;
	ret->email = usable_email(stager, users, entry, arena);
	ret->name = arena_strdup(arena, entry_chosen_text(entry, users->name));
	ret->link = usable_link(stager, entry, arena);
	stager->alias = stager_name(stager, "login", login, strlen(login));
	ret->alias = &stager->alias;
	fill_account(&entry->account, arena, ret);
	return 0;
}

/* Where there are security identifiers, or ids, members are named by them and never by login. */
static void fill_identity(struct stager *stager, const struct entry *entry, struct staged_entry *ret)
{
	if (stager_has_paths(stager)) {
		stager->alias = stager_name(stager, "id", entry->id, strlen(entry->id));
		ret->alias = &stager->alias;
	}
	if (entry->security_id != NULL) {
		stager->alias = stager_security_id(stager, entry->security_id, strlen(entry->security_id));
		ret->alias = &stager->alias;
	}
	if (entry->primary_group != NULL) {
		stager->primary_group = stager_security_id(stager, entry->primary_group, strlen(entry->primary_group));
		ret->primary_group = &stager->primary_group;
	}
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

/* Values that are not text are left out; those of the option binary (RFC 4522) never are text. */
static int fill_values(struct stager *stager, const struct attribute *attribute, struct arena *arena,
		       struct json *values, struct error *err)
{
	size_t left_out = 0;

	for (size_t v = 0; v < attribute->count; v++) {
		const struct value *value = &attribute->values[v];
		if (!text_is_valid(value->data, value->size))
			left_out++;
		else if (json_append(values, json_new_text(value->data, value->size, err), err) != 0)
			return -1;
	}
	if (left_out > 0 && strstr(attribute->name, ";binary") == NULL)
		stager_note(stager,
			    arena_printf(arena,
					 "%zu of the values of its %s cannot be used: not UTF-8, or with a NUL in it",
					 left_out, attribute->name));
	return 0;
}

/* Attributes as a JSON object of arrays; members are edges, not attributes. */
static int fill_attributes(struct stager *stager, const struct entry *entry, struct arena *arena,
			   struct staged_entry *ret, struct error *err)
{
	struct json *object = json_new_object();
	struct str text = {0};
	int rc = -1;

	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];
		if (entry->kind == ENTRY_GROUP && members_attribute(stager->source, attribute->name))
			continue;
		struct json *values = json_new_array();
		if (fill_values(stager, attribute, arena, values, err) != 0) {
			json_free(&values);
			goto out;
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
	fill_identity(stager, entry, ret);
	if (entry->kind == ENTRY_GROUP)
		members_fill(stager, entry, arena, ret);
	if (entry->kind == ENTRY_GROUP && stager_has_paths(stager))
		ret->name = arena_strdup(arena, entry_chosen_text(entry, stager->source->groups.name));
	if (fill_attributes(stager, entry, arena, ret, err) != 0)
		return -1;
	if (stager->whole)
		known_add(&stager->known,
			  entry->security_id != NULL || stager_has_paths(stager) ? ret->alias : &ret->reference);
	return 0;
}

static void add_entry_settings(struct digest_state *digest, const struct entry_config *entry)
{
	const char *const texts[] = {entry->base, entry->filter, entry->id,      entry->login, entry->email,
				     entry->name, entry->member, entry->enabled, entry->place};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		add_text(digest, texts[i]);
	digest_add(digest, entry->present ? "1" : "0", 1);
	digest_add(digest, entry->nested ? "1" : "0", 1);
}

static void add_scope(struct digest_state *digest, const struct source_config *source)
{
	add_text(digest, source->type);
	add_text(digest, source->dialect);
	add_entry_settings(digest, &source->users);
	add_entry_settings(digest, &source->groups);
	add_entry_settings(digest, &source->units);
	add_text(digest, source->link);
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
	const int version = NAMES_VERSION;
	struct digest result;

	digest_add(digest, &version, sizeof version); /* the content of every entry has it by these settings */
	add_scope(digest, source);
	add_text(digest, source->file);
	add_text(digest, source->ldap.bind_dn);
	for (size_t i = 0; i < source->server.url_count; i++)
		add_text(digest, source->server.urls[i]);
	add_text(digest, source->client.issuer);
	add_text(digest, source->client.id);
	for (size_t i = 0; i < source->attribute_count; i++)
		add_text(digest, source->attributes[i]);
	result = digest_finish(digest);
	digest_free(&digest);
	return result;
}
