/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include "directory/dn_type.h"
#include "directory/prepare.h"

#include "roster/dnparse.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *entry_kind_filter(enum entry_kind kind)
{
	static const char *const filters[ENTRY_KINDS] = {
	    [ENTRY_USER] = "(|(objectClass=inetOrgPerson)(objectClass=organizationalPerson)(objectClass=person)"
			   "(objectClass=posixAccount))",
	    [ENTRY_GROUP] = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)"
			    "(objectClass=group))",
	    [ENTRY_UNIT] = "(objectClass=organizationalUnit)",
	};
	return filters[kind];
}

const char *entry_kind_name(enum entry_kind kind)
{
	static const char *const names[] = {
	    [ENTRY_USER] = "user",
	    [ENTRY_GROUP] = "group",
	    [ENTRY_UNIT] = "unit",
	};
	return names[kind];
}

const struct attribute *entry_attribute(const struct entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->attribute_count; i++)
		if (text_equal_fold(entry->attributes[i].name, name))
			return &entry->attributes[i];
	return NULL;
}

/* NULL when it is empty or no text. */
static const char *text_of(const struct value *value)
{
	return value->size > 0 && text_is_valid(value->data, value->size) ? value->data : NULL;
}

const char *entry_text(const struct entry *entry, const char *name)
{
	const struct attribute *attribute = entry_attribute(entry, name);

	return attribute && attribute->count > 0 ? text_of(&attribute->values[0]) : NULL;
}

/* --- the chosen one of several values ------------------------------------------------------------------------------ */

static bool same_type(const struct dn_ava *ava, const char *name)
{
	struct str left = {0}, right = {0};

	dn_type_append(ava->type, ava->type_size, &left);
	dn_type_append(name, strlen(name), &right);
	bool same = strcmp(str_text(&left), str_text(&right)) == 0;
	str_free(&left);
	str_free(&right);
	return same;
}

/* Prepare what the RDN of dn says about the attribute; false when it says nothing. */
static bool rdn_value(const char *dn, const char *name, struct str *out)
{
	struct dn_parts parts;
	bool found = false;

	if (dnparse(dn, strlen(dn), &parts, NULL) < 0)
		return false;
	for (size_t i = 0; i < parts.count && parts.avas[i].rdn == 0 && !found; i++) {
		const struct dn_ava *ava = &parts.avas[i];

		found = !ava->hex && same_type(ava, name) && prepare_text(ava->value, ava->value_size, 0, out) == 0;
	}
	dnparse_free(&parts);
	return found;
}

static bool is_prepared(const char *text, const struct str *prepared)
{
	struct str mine = {0};
	bool same = prepare_text(text, strlen(text), 0, &mine) == 0 && strcmp(str_text(&mine), str_text(prepared)) == 0;

	str_free(&mine);
	return same;
}

/* The bytewise smallest text, among those equal to wanted when that is given. */
static const char *smallest(const struct attribute *attribute, const struct str *wanted)
{
	const char *least = NULL;

	for (size_t i = 0; i < attribute->count; i++) {
		const char *text = text_of(&attribute->values[i]);

		if (!text || (wanted && !is_prepared(text, wanted)))
			continue;
		if (!least || strcmp(text, least) < 0)
			least = text;
	}
	return least;
}

const char *entry_chosen_text(const struct entry *entry, const char *name)
{
	const struct attribute *attribute = entry_attribute(entry, name);
	const char *chosen = NULL;
	struct str wanted = {0};

	if (!attribute)
		return NULL;
	if (attribute->count > 1 && rdn_value(entry->dn, name, &wanted))
		chosen = smallest(attribute, &wanted);
	str_free(&wanted);
	return chosen ? chosen : smallest(attribute, NULL);
}

/* --- ids ----------------------------------------------------------------------------------------------------------- */

/* Active Directory stores the first three fields of a GUID little-endian (MS-DTYP section 2.3.4.2). */
static void guid_format(const char *octets, char text[UUID_TEXT])
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)octets[order[i]];
	uuid_format(bytes, text);
}

/* 389 Directory Server groups the digits in its own way: b76385cc-e59011f1-87d6fea3-de8439ba. */
static bool unique_id_parse(const char *text, uint8_t bytes[16])
{
	char digits[UUID_TEXT] = "";

	if (strlen(text) != 35 || text[8] != '-' || text[17] != '-' || text[26] != '-')
		return false;
	snprintf(digits, sizeof(digits), "%.13s-%.9s-%.4s%.8s", text, text + 13, text + 22, text + 27);
	return uuid_parse(digits, bytes);
}

int entry_id(const struct attribute *attribute, struct arena *arena, const char **ret, struct error *err)
{
	char uuid[UUID_TEXT];
	uint8_t bytes[16];

	if (attribute->count != 1)
		return error_set(err, ERR_DATA, "%s has %zu values, an id has one", attribute->name, attribute->count);
	const struct value *value = &attribute->values[0];
	if (text_equal_fold(attribute->name, "objectGUID") && value->size == sizeof(bytes)) {
		guid_format(value->data, uuid);
		*ret = arena_strdup(arena, uuid);
		return 0;
	}
	*ret = text_of(value);
	if (!*ret)
		return error_set(err, ERR_DATA, "%s is empty or not text, choose another attribute as id",
				 attribute->name);
	bool is_unique_id = text_equal_fold(attribute->name, "nsUniqueId") && unique_id_parse(*ret, bytes);
	if (is_unique_id || uuid_parse(*ret, bytes)) {
		uuid_format(bytes, uuid);
		*ret = arena_strdup(arena, uuid);
	}
	return 0;
}

bool attribute_is_secret(const char *name)
{
	static const char *const secrets[] = {
	    "authPassword",
	    "clearPassword",
	    "dBCSPwd",
	    "ipaNTHash",
	    "ipatokenOTPkey",
	    "krbExtraData",
	    "krbMKey",
	    "krbPrincipalKey",
	    "krbPwdHistory",
	    "lmPwdHistory",
	    "ms-Mcs-AdmPwd",
	    "msDS-ManagedPassword",
	    "msLAPS-EncryptedPassword",
	    "msLAPS-Password",
	    "ntPwdHistory",
	    "olcRootPW",
	    "passwordHistory",
	    "pwdHistory",
	    "sambaLMPassword",
	    "sambaNTPassword",
	    "sambaPasswordHistory",
	    "supplementalCredentials",
	    "unicodePwd",
	    "userPKCS12",
	    "userPassword",
	};
	size_t size = strcspn(name, ";");

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (strncasecmp(secrets[i], name, size) == 0 && secrets[i][size] == '\0')
			return true;
	return false;
}
