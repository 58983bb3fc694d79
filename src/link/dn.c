/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/dnparse.h"

#include "roster/arena.h"
#include "roster/str.h"
#include "roster/text.h"

#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_oid_prefix(const char *at, const char *end)
{
	return end - at > 4 && strncasecmp(at, "oid.", 4) == 0 && at[4] >= '0' && at[4] <= '9';
}

/* RFC 1779 writes "OID.2.5.4.3=..."; libldap knows that only in its LDAPv2 mode, which misreads RFC 4514 escapes. */
static void drop_oid_prefixes(const char *dn, size_t size, struct str *out)
{
	const char *end = dn + size;
	bool at_type = true, quoted = false;

	for (const char *at = dn; at < end; at++) {
		if (at_type && !quoted && has_oid_prefix(at, end))
			at += 4;
		if (*at == '"')
			quoted = !quoted;
		at_type = !quoted && (strchr(",;+", *at) != NULL || (at_type && *at == ' '));
		str_add_char(out, *at);
		if (*at == '\\' && at + 1 < end)
			str_add_char(out, *++at);
	}
}

static size_t count_avas(LDAPDN dn)
{
	size_t count = 0;

	for (size_t rdn = 0; dn[rdn] != NULL; rdn++)
		for (size_t ava = 0; dn[rdn][ava] != NULL; ava++)
			count++;
	return count;
}

static void fill_rdn(struct dn_parts *parts, LDAPRDN rdn, size_t number)
{
	for (size_t i = 0; rdn[i] != NULL; i++) {
		const LDAPAVA *from = rdn[i];

		parts->avas[parts->count++] = (struct dn_ava){
		    .type = from->la_attr.bv_val,
		    .type_size = from->la_attr.bv_len,
		    .value = from->la_value.bv_len > 0 ? from->la_value.bv_val : "",
		    .value_size = from->la_value.bv_len,
		    .rdn = number,
		    .hex = (from->la_flags & LDAP_AVA_BINARY) != 0,
		};
	}
}

static void fill(struct dn_parts *ret, LDAPDN parsed)
{
	if (!parsed)
		return;
	ret->parsed = parsed;
	ret->avas = xcalloc(count_avas(parsed) + 1, sizeof(*ret->avas));
	for (size_t rdn = 0; parsed[rdn] != NULL; rdn++)
		fill_rdn(ret, parsed[rdn], rdn);
}

/* libldap takes "cn=# 2" for a value without octets and forgets the rest; RFC 4514 wants at least one. */
static bool has_empty_hex(const struct dn_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		if (parts->avas[i].hex && parts->avas[i].value_size == 0)
			return true;
	return false;
}

/* Enough of a DN to know it by, without half a character. */
static int shown_size(const char *dn, size_t size)
{
	enum { SHOWN = 300 };

	if (size <= SHOWN)
		return (int)size;
	for (size = SHOWN; ((unsigned char)dn[size] & 0xC0) == 0x80;)
		size--;
	return (int)size;
}

int dnparse(const char *dn, size_t size, struct dn_parts *ret, struct error *err)
{
	struct str plain = {0};
	LDAPDN parsed = NULL;

	*ret = (struct dn_parts){0};
	/* libldap trusts the length that the first byte of a UTF-8 sequence claims. */
	if (!text_is_valid(dn, size))
		return error_set(err, ERR_DATA, "a DN that is not UTF-8");
	drop_oid_prefixes(dn, size, &plain);
	/* libldap looks at the byte behind the end, for the NUL that stands there now; it copies what it keeps. */
	struct berval text = {.bv_len = plain.size, .bv_val = plain.data};
	int code = plain.size > 0 ? ldap_bv2dn(&text, &parsed, LDAP_DN_FORMAT_LDAP) : LDAP_SUCCESS;
	str_free(&plain);
	if (code == LDAP_SUCCESS)
		fill(ret, parsed);
	if (code == LDAP_SUCCESS && !has_empty_hex(ret))
		return 0;
	dnparse_free(ret);
	return error_set(err, ERR_DATA, "\"%.*s\" is not a DN", shown_size(dn, size), dn);
}

void dnparse_free(struct dn_parts *parts)
{
	ldap_dnfree(parts->parsed);
	free(parts->avas);
	*parts = (struct dn_parts){0};
}
