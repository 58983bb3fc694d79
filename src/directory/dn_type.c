/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/dn_type.h"

#include <string.h>

struct alias {
	const char *from, *to;
};

/* RFC 4514 section 3, RFC 4519 and RFC 4524; "gn" as servers call it (slapd), "e" as certificates and what was made from them
 * do (no server tested takes it in a name). */
static const struct alias names[] = {
    {"commonname", "cn"},
    {"countryname", "c"},
    {"domaincomponent", "dc"},
    {"e", "email"},
    {"emailaddress", "email"},
    {"friendlycountryname", "co"},
    {"gn", "givenname"},
    {"localityname", "l"},
    {"organizationalunitname", "ou"},
    {"organizationname", "o"},
    {"pkcs9email", "email"},
    {"rfc822mailbox", "mail"},
    {"stateorprovincename", "st"},
    {"streetaddress", "street"},
    {"surname", "sn"},
    {"userid", "uid"},
};

static const struct alias oids[] = {
    {"2.5.4.3", "cn"},
    {"2.5.4.4", "sn"},
    {"2.5.4.5", "serialnumber"},
    {"2.5.4.6", "c"},
    {"2.5.4.7", "l"},
    {"2.5.4.8", "st"},
    {"2.5.4.9", "street"},
    {"2.5.4.10", "o"},
    {"2.5.4.11", "ou"},
    {"2.5.4.12", "title"},
    {"2.5.4.13", "description"},
    {"2.5.4.17", "postalcode"},
    {"2.5.4.41", "name"},
    {"2.5.4.42", "givenname"},
    {"2.5.4.43", "initials"},
    {"0.9.2342.19200300.100.1.1", "uid"},
    {"0.9.2342.19200300.100.1.3", "mail"},
    {"0.9.2342.19200300.100.1.25", "dc"},
    {"0.9.2342.19200300.100.1.43", "co"},
    {"1.2.840.113549.1.9.1", "email"},
};

/* But for these two no alias is shorter than "userid": "cn", "ou", "dc" need not be looked for. */
enum { SHORTEST_ALIAS = 6 };

static bool is_short_alias(const char *lower, size_t size)
{
	return (size == 1 && lower[0] == 'e') || (size == 2 && lower[0] == 'g' && lower[1] == 'n');
}

static const char *find(const struct alias *aliases, size_t count, const char *from, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(aliases[i].from, from, size) == 0 && aliases[i].from[size] == '\0')
			return aliases[i].to;
	return NULL;
}

const char *dn_type_short(const char *lower, size_t size)
{
	if (size < SHORTEST_ALIAS && !is_short_alias(lower, size))
		return NULL;
	if (lower[0] >= '0' && lower[0] <= '9')
		return find(oids, sizeof(oids) / sizeof(*oids), lower, size);
	return find(names, sizeof(names) / sizeof(*names), lower, size);
}

void dn_type_append(const char *type, size_t size, struct str *out)
{
	size_t start = out->size;

	for (size_t i = 0; i < size; i++)
		str_add_char(out, ascii_lower(type[i]));
	const char *shorter = size > 0 ? dn_type_short(out->data + start, size) : NULL;
	if (!shorter)
		return;
	out->size = start;
	str_add(out, shorter);
}
