/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/scope.h"
#include "source/ldap/stamp.h"

#include <string.h>

/* The usual ones: RFC 4519 names, and the logins of RFC 2307. */
static const char *const member_attributes[] = {"member", "uniqueMember", "memberUid"};

size_t scope_find(const struct scope *scope, const char *name)
{
	size_t i = 0;

	while (i < scope->count && strcasecmp(scope->attributes[i], name) != 0)
		i++;
	return i;
}

static void add(struct scope *scope, const char *name)
{
	if (name && *name && !attribute_is_secret(name) && scope_find(scope, name) == scope->count)
		scope->attributes[scope->count++] = name;
}

static void add_members(struct scope *scope, const char *configured)
{
	if (*configured) {
		add(scope, configured);
		return;
	}
	for (size_t i = 0; i < sizeof(member_attributes) / sizeof(*member_attributes); i++)
		add(scope, member_attributes[i]);
}

static const char *text_or(const char *text, const char *fallback)
{
	return text && *text ? text : fallback;
}

/* By which Windows names who is in a group. */
static void add_security_id(struct scope *scope)
{
	add(scope, "objectSid");
	if (scope->kind == ENTRY_USER)
		add(scope, "primaryGroupID");
}

static size_t count_of(const char *const names[])
{
	size_t count = 0;

	while (names[count])
		count++;
	return count;
}

static void fill(struct scope *scope, const struct source_config *config, const struct dialect *dialect,
		 struct arena *arena)
{
	const struct entry_config *entries[ENTRY_KINDS] = {&config->users, &config->groups, &config->units};
	const struct entry_config *entry = entries[scope->kind];
	/* login, email, name, members, id, objectClass, objectSid, primaryGroupID, two times, two of URLs, and the NULL. */
	enum { OURS = 13 };

	scope->base = text_or(entry->base, "");
	scope->filter = text_or(entry->filter, entry_kind_filter(scope->kind));
	scope->id = entry->id;
	scope->attributes = arena_alloc_array(arena, config->attribute_count + count_of(dialect->account) + OURS,
					      sizeof(*scope->attributes));
	for (size_t i = 0; i < config->attribute_count; i++)
		add(scope, config->attributes[i]);
	add(scope, entry->login);
	add(scope, entry->email);
	add(scope, entry->name);
	if (scope->kind == ENTRY_GROUP)
		add_members(scope, text_or(entry->member, ""));
	scope->kept = scope->count;
	for (size_t i = 0; scope->kind == ENTRY_USER && dialect->account[i]; i++)
		add(scope, dialect->account[i]);
	scope->told = scope->count;
	if (strcmp(dialect->name, DIALECT_AD) == 0) {
		add_security_id(scope);
		scope->extended_dns = scope->kind == ENTRY_GROUP;
	} else if (scope->kind == ENTRY_GROUP) {
		add(scope, "memberURL");
		add(scope, "labeledURI");
	}
	for (size_t i = 0; i < 2 && strcmp(text_or(config->ldap.changes, ""), "timestamp") == 0; i++)
		add(scope, stamp_attributes[i]);
	scope->is_computed = scope->kind == ENTRY_USER && strcmp(dialect->name, DIALECT_OPENLDAP) == 0 &&
			     scope_find(scope, "memberOf") < scope->kept;
	add(scope, scope->id);
	add(scope, "objectClass");
}

static bool same(const struct scope *a, const struct scope *b)
{
	return strcasecmp(a->base, b->base) == 0 && strcmp(a->filter, b->filter) == 0;
}

size_t scope_list(const struct source_config *config, const struct dialect *dialect, struct arena *arena,
		  struct scope scopes[ENTRY_KINDS])
{
	size_t count = 0;

	for (int kind = 0; kind < ENTRY_KINDS; kind++) {
		struct scope *scope = &scopes[count];
		if (kind == ENTRY_UNIT && !config->units.present)
			continue;
		*scope = (struct scope){.kind = (enum entry_kind)kind};
		fill(scope, config, dialect, arena);
		bool repeated = false;
		for (size_t i = 0; i < count; i++)
			repeated = repeated || same(&scopes[i], scope);
		count += repeated ? 0 : 1;
	}
	return count;
}

size_t scope_plain_size(const char *name)
{
	static const char option[] = ";range=";
	const char *at = strchr(name, ';');

	return at && strncasecmp(at, option, sizeof(option) - 1) == 0 ? (size_t)(at - name) : strlen(name);
}

bool scope_is_range(const struct scope *scope, const char *name)
{
	char plain[128];
	size_t size = scope_plain_size(name);

	if (name[size] == '\0' || size >= sizeof(plain))
		return false;
	memcpy(plain, name, size);
	plain[size] = '\0';
	return scope_find(scope, plain) < scope->count;
}
