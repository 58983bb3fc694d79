/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/decode.h"

#include <string.h>

const struct needy_class needy_classes[NEEDY_CLASSES] = {
    {"groupOfNames", "member"},
    {"groupOfUniqueNames", "uniqueMember"},
};

static bool value_is(const struct ldap_value *value, const char *text)
{
	return value->size == strlen(text) && strncasecmp(value->data, text, value->size) == 0;
}

/* Size of a NameAndOptionalUID without its "#'0101'B" (RFC 4517 section 3.3.21). */
static size_t size_without_uid(const char *data, size_t size)
{
	if (size < 4 || data[size - 1] != 'B' || data[size - 2] != '\'')
		return size;
	size_t at = size - 2;
	while (at > 0 && (data[at - 1] == '0' || data[at - 1] == '1'))
		at--;
	return at >= 2 && data[at - 1] == '\'' && data[at - 2] == '#' ? at - 2 : size;
}

static size_t skip_identifiers(const char **text)
{
	struct extended_dn parts;
	const char *whole = *text;

	extended_dn_split(whole, &parts);
	*text = parts.dn;
	return (size_t)(parts.dn - whole);
}

/* Name and values stay in the message; only what has to become shorter is copied. */
static struct attribute convert(const struct ldap_attribute *from, const struct scope *scope, struct arena *arena)
{
	struct attribute to = {.name = from->name, .count = from->count};
	bool may_hold_uid = text_equal_fold(from->name, "uniqueMember");
	/* Members are named by their identifier, everybody else as rules and people know him. */
	bool plainly = scope->extended_dns && !text_equal_fold(from->name, "member");

	to.values = arena_alloc_array(arena, from->count, sizeof(*to.values));
	for (size_t i = 0; i < from->count; i++) {
		const char *data = from->values[i].data;
		size_t size = may_hold_uid ? size_without_uid(data, from->values[i].size) : from->values[i].size;
		if (size != from->values[i].size)
			data = arena_strndup(arena, data, size);
		else if (plainly && size > 0 && data[0] == '<')
			size -= skip_identifiers(&data);
		to.values[i] = (struct value){.data = data, .size = size};
	}
	return to;
}

static void decode_id(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	const struct ldap_attribute *id = ldap_entry_attribute(from, scope->id);
	struct error err = {0};

	if (!id && decoder->named) {
		decoder->entry.id = arena_strdup(decoder->arena, decoder->named);
		return;
	}
	if (!id) {
		decoder->fault = arena_printf(decoder->arena,
					      "it has no %s: set attributes.id of the %ss to an attribute that never "
					      "changes, or let the bind DN read it",
					      scope->id, entry_kind_name(scope->kind));
		return;
	}
	const struct attribute attribute = convert(id, scope, decoder->arena);
	if (entry_id(&attribute, decoder->arena, &decoder->entry.id, &err))
		decoder->fault = arena_strdup(decoder->arena, err.text);
}

/* A group whose members an access rule hides must not look like an empty one. */
static void check_members(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	const struct ldap_attribute *classes = ldap_entry_attribute(from, "objectClass");

	for (size_t i = 0; i < NEEDY_CLASSES; i++) {
		const char *attribute = needy_classes[i].attribute;
		bool has_class = !classes; /* hidden as well: it may be any */
		for (size_t j = 0; classes && j < classes->count; j++)
			has_class = has_class || value_is(&classes->values[j], needy_classes[i].class);
		if (!has_class || scope_find(scope, attribute) == scope->count ||
		    ldap_entry_attribute(from, attribute) || seen_has(&decoder->empty[i], decoder->entry.id))
			continue;
		decoder->hides_members = true;
		decoder->fault =
		    arena_printf(decoder->arena, "it shows no %s, which %s: let the bind DN read %s", attribute,
				 classes ? "its class requires" : "may be hidden like its objectClass", attribute);
		return;
	}
}

/* A domain controller keeps it for whoever has an objectSid: where an access rule hides it, who is closed would look open. */
static void check_account(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	if (scope_find(scope, "objectSid") == scope->count || !ldap_entry_attribute(from, "objectSid") ||
	    scope_find(scope, "userAccountControl") == scope->count || ldap_entry_attribute(from, "userAccountControl"))
		return;
	decoder->fault = "it shows no userAccountControl, which says whether the account is closed: let roster's "
			 "account read userAccountControl, accountExpires and primaryGroupID";
}

/* Who he is to Windows, and which group it counts him in though the group does not list him. */
static void decode_security_id(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	const struct ldap_attribute *id = ldap_entry_attribute(from, "objectSid"),
				    *primary = ldap_entry_attribute(from, "primaryGroupID");
	struct str text = {0};

	if (scope_find(scope, "objectSid") == scope->count || !id)
		return;
	const struct value octets = {.data = id->values[0].data, .size = id->values[0].size};
	if (security_id_format(&octets, &text) == 0) {
		decoder->entry.security_id = arena_strdup(decoder->arena, str_text(&text));
		if (primary)
			decoder->entry.primary_group =
			    security_id_beside(decoder->entry.security_id, primary->values[0].data, decoder->arena);
	}
	str_free(&text);
}

/* What says something of the account is told, and passed on only when it is asked for as well. */
static void decode_attributes(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	struct entry *entry = &decoder->entry;
	struct attribute *told = arena_alloc_array(decoder->arena, scope->told + 1, sizeof(*told));
	struct entry of_account = {.attributes = told};

	for (size_t i = 0; i < from->count; i++) {
		const struct ldap_attribute *attribute = &from->attributes[i];
		size_t at = scope_find(scope, attribute->name);
		if (at < scope->kept)
			entry->attributes[entry->attribute_count++] = convert(attribute, scope, decoder->arena);
		else if (scope_is_range(scope, attribute->name))
			decoder->ranged = true;
		if (at < scope->told && scope->kept < scope->told && of_account.attribute_count < scope->told)
			told[of_account.attribute_count++] = convert(attribute, scope, decoder->arena);
	}
	if (of_account.attribute_count > 0)
		entry_account(&of_account, decoder->arena, &entry->account);
}

void decode(struct decoder *decoder, const struct scope *scope, const struct ldap_entry *from)
{
	arena_reset(decoder->arena);
	decoder->fault = NULL;
	decoder->ranged = decoder->hides_members = false;
	decoder->entry = (struct entry){.kind = scope->kind, .dn = from->dn};
	if (scope->extended_dns)
		skip_identifiers(&decoder->entry.dn);
	decoder->entry.attributes = arena_alloc_array(decoder->arena, from->count, sizeof(struct attribute));
	decode_id(decoder, scope, from);
	if (!decoder->fault && !text_is_valid(from->dn, from->dn_size))
		decoder->fault = "its DN is not valid UTF-8";
	if (decoder->fault)
		return;
	decode_attributes(decoder, scope, from);
	decode_security_id(decoder, scope, from);
	if (scope->kind == ENTRY_GROUP && !decoder->ranged)
		check_members(decoder, scope, from);
	if (scope->kind == ENTRY_USER)
		check_account(decoder, scope, from);
}
