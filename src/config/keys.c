/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the key table. */
#include "config/keys.h"

#include <string.h>

unsigned int key_type_of(const char *type)
{
	if (strcmp(type, TARGET_WEBHOOK) == 0)
		return KEY_WEBHOOK;
	if (strcmp(type, TARGET_EXEC) == 0)
		return KEY_EXEC;
	if (strcmp(type, TARGET_NATS) == 0)
		return KEY_NATS;
	if (dialect_find(type)->is_api)
		return KEY_REST;
	return strcmp(type, "ldif") == 0 ? KEY_LDIF : KEY_LDAP;
}

bool key_applies(const struct key *key, unsigned int type)
{
	return type == 0 || (key->flags & KEY_TYPES) == 0 || (key->flags & type) != 0;
}

const char *key_leaf(const struct key *key)
{
	const char *dot = strrchr(key->entry.path, '.');
	return dot ? dot + 1 : key->entry.path;
}

bool key_is_child(const struct key *key, const char *pattern)
{
	const char *leaf = key_leaf(key);
	size_t size = leaf == key->entry.path ? 0 : (size_t)(leaf - key->entry.path) - 1;
	return strlen(pattern) == size && memcmp(pattern, key->entry.path, size) == 0;
}

const struct key *key_child(const char *pattern, const char *name)
{
	const struct key *any = NULL;
	size_t count;
	const struct key *table = keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (!key_is_child(&table[i], pattern))
			continue;
		if (strcmp(key_leaf(&table[i]), "*") == 0)
			any = &table[i];
		else if (strcmp(key_leaf(&table[i]), name) == 0)
			return &table[i];
	}
	return any;
}

enum key_record key_record(const struct key *key)
{
	if (text_starts_with(key->entry.path, "sources.*."))
		return RECORD_SOURCE;
	if (text_starts_with(key->entry.path, "targets.*."))
		return RECORD_TARGET;
	return text_starts_with(key->entry.path, "rules.*.") ? RECORD_RULE : RECORD_CONFIG;
}

size_t key_names(const char *pattern, const char **names, size_t room)
{
	size_t count = 0, all;
	const struct key *table = keys_all(&all);

	for (size_t i = 0; i < all && count < room; i++)
		if (key_is_child(&table[i], pattern) && strcmp(key_leaf(&table[i]), "*") != 0)
			names[count++] = key_leaf(&table[i]);
	return count;
}
