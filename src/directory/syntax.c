/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/syntax.h"

#include "directory/prepare.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *attribute;
	enum syntax syntax;
} known[] = {
    {"accountExpires", SYNTAX_INTEGER},
    {"adminCount", SYNTAX_INTEGER},
    {"aliasedObjectName", SYNTAX_DN},
    {"badPwdCount", SYNTAX_INTEGER},
    {"creatorsName", SYNTAX_DN},
    {"directReports", SYNTAX_DN},
    {"distinguishedName", SYNTAX_DN},
    {"entryDN", SYNTAX_DN},
    {"gidNumber", SYNTAX_INTEGER},
    {"groupType", SYNTAX_INTEGER},
    {"homeDirectory", SYNTAX_EXACT},
    {"isMemberOf", SYNTAX_DN},
    {"lastLogonTimestamp", SYNTAX_INTEGER},
    {"loginShell", SYNTAX_EXACT},
    {"managedBy", SYNTAX_DN},
    {"manager", SYNTAX_DN},
    {"member", SYNTAX_DN},
    {"memberNisNetgroup", SYNTAX_EXACT},
    {"memberOf", SYNTAX_DN},
    {"memberUid", SYNTAX_EXACT},
    {"modifiersName", SYNTAX_DN},
    {"msDS-User-Account-Control-Computed", SYNTAX_INTEGER},
    {"objectCategory", SYNTAX_DN},
    {"objectGUID", SYNTAX_EXACT},
    {"objectSid", SYNTAX_EXACT},
    {"owner", SYNTAX_DN},
    {"primaryGroupID", SYNTAX_INTEGER},
    {"primaryGroupToken", SYNTAX_INTEGER},
    {"pwdLastSet", SYNTAX_INTEGER},
    {"roleOccupant", SYNTAX_DN},
    {"sAMAccountType", SYNTAX_INTEGER},
    {"secretary", SYNTAX_DN},
    {"seeAlso", SYNTAX_DN},
    {"shadowExpire", SYNTAX_INTEGER},
    {"shadowFlag", SYNTAX_INTEGER},
    {"shadowInactive", SYNTAX_INTEGER},
    {"shadowLastChange", SYNTAX_INTEGER},
    {"shadowMax", SYNTAX_INTEGER},
    {"shadowMin", SYNTAX_INTEGER},
    {"shadowWarning", SYNTAX_INTEGER},
    {"uSNChanged", SYNTAX_INTEGER},
    {"uSNCreated", SYNTAX_INTEGER},
    {"uidNumber", SYNTAX_INTEGER},
    {"uniqueMember", SYNTAX_DN},
    {"userAccountControl", SYNTAX_INTEGER},
};

enum syntax syntax_of(const char *attribute)
{
	size_t size = strcspn(attribute, ";");

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strncasecmp(known[i].attribute, attribute, size) == 0 && known[i].attribute[size] == '\0')
			return known[i].syntax;
	return SYNTAX_FOLDED;
}

/* One form per number, of any length: no plus sign, no leading zeros, no "-0". */
static int prepare_integer(const char *bytes, size_t size, struct str *out)
{
	const char *at = bytes, *end = bytes + size;
	bool negative = at < end && *at == '-';

	at += negative ? 1 : 0;
	if (at == end)
		return -1;
	for (const char *digit = at; digit < end; digit++)
		if (*digit < '0' || *digit > '9')
			return -1;
	while (end - at > 1 && *at == '0')
		at++;
	if (negative && *at != '0')
		str_add_char(out, '-');
	str_append(out, at, (size_t)(end - at));
	return 0;
}

/* uniqueMember may end with a bit string that tells two holders of one name apart (RFC 4517 section 3.3.21). It is not
 * part of the DN. */
static size_t without_unique_id(const char *bytes, size_t size)
{
	size_t at = size;

	if (size < 4 || memcmp(bytes + size - 2, "'B", 2) != 0)
		return size;
	for (at = size - 2; at > 0 && (bytes[at - 1] == '0' || bytes[at - 1] == '1'); at--)
		;
	return at >= 2 && memcmp(bytes + at - 2, "#'", 2) == 0 ? at - 2 : size;
}

int syntax_prepare(enum syntax syntax, const char *bytes, size_t size, struct str *out)
{
	switch (syntax) {
	case SYNTAX_FOLDED:
		return prepare_text(bytes, size, 0, out);
	case SYNTAX_INTEGER:
		return prepare_integer(bytes, size, out);
	case SYNTAX_DN:
		return dn_canonical(bytes, without_unique_id(bytes, size), out, NULL);
	case SYNTAX_EXACT:
		break;
	}
	str_append(out, bytes, size);
	return 0;
}

static int compare_bytes(const struct value *a, const struct value *b)
{
	size_t shorter = a->size < b->size ? a->size : b->size;
	int order = shorter > 0 ? memcmp(a->data, b->data, shorter) : 0;

	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_integers(const struct value *a, const struct value *b)
{
	bool a_negative = a->data[0] == '-', b_negative = b->data[0] == '-';
	int order;

	if (a_negative != b_negative)
		return a_negative ? -1 : 1;
	if (a->size != b->size)
		order = a->size < b->size ? -1 : 1;
	else
		order = compare_bytes(a, b);
	return a_negative ? -order : order;
}

int syntax_compare(enum syntax syntax, const struct value *a, const struct value *b)
{
	return syntax == SYNTAX_INTEGER ? compare_integers(a, b) : compare_bytes(a, b);
}
