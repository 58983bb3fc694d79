/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/dnparse.h"

#include "roster/arena.h"
#include "roster/str.h"

#include <ldap.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool has_oid_prefix(const char *at, const char *end)
{
	return end - at > 4 && strncasecmp(at, "oid.", 4) == 0 && at[4] >= '0' && at[4] <= '9';
}

static bool mentions_oid_prefix(const char *dn, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (has_oid_prefix(dn + i, dn + size))
			return true;
	return false;
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

static int parse(const char *dn, size_t size, struct dn_parts *ret, struct error *err)
{
	/* libldap copies what it keeps and does not write to its input, but wants it without const. */
	struct berval text = {.bv_len = size, .bv_val = (char *)(uintptr_t)dn};
	LDAPDN parsed = NULL;

	if (ldap_bv2dn(&text, &parsed, LDAP_DN_FORMAT_LDAP) != LDAP_SUCCESS)
		return error_set(err, ERR_DATA, "\"%.*s\" is not a DN", size > 300 ? 300 : (int)size, dn);
	if (parsed == NULL)
		return 0;
	ret->parsed = parsed;
	ret->avas = xcalloc(count_avas(parsed) + 1, sizeof(*ret->avas));
	for (size_t rdn = 0; parsed[rdn] != NULL; rdn++)
		fill_rdn(ret, parsed[rdn], rdn);
	return 0;
}

int dnparse(const char *dn, size_t size, struct dn_parts *ret, struct error *err)
{
	struct str plain = {0};
	int result;

	*ret = (struct dn_parts){0};
	if (!mentions_oid_prefix(dn, size))
		return parse(dn, size, ret, err);
	drop_oid_prefixes(dn, size, &plain);
	result = parse(str_text(&plain), plain.size, ret, err);
	str_free(&plain);
	return result;
}

void dnparse_free(struct dn_parts *parts)
{
	ldap_dnfree(parts->parsed);
	free(parts->avas);
	*parts = (struct dn_parts){0};
}
