/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include <string.h>

/* libldap takes subordinate for a scope as well, which no server expands. */
static bool has_scope(int scope, enum ldap_scope *ret)
{
	*ret = scope == LDAP_SCOPE_SUBTREE ? SCOPE_SUBTREE : scope == LDAP_SCOPE_ONELEVEL ? SCOPE_CHILDREN : SCOPE_BASE;
	return scope == LDAP_SCOPE_DEFAULT || scope == ldap_scope_code(*ret);
}

int ldap_url_split(const char *url, struct arena *arena, struct ldap_url *ret)
{
	LDAPURLDesc *parts = NULL;

	*ret = (struct ldap_url){0};
	if (ldap_url_parse(url, &parts) != LDAP_URL_SUCCESS)
		return -1;
	bool here = strcmp(parts->lud_scheme, "ldap") == 0 && (!parts->lud_host || !*parts->lud_host) &&
		    has_scope(parts->lud_scope, &ret->scope);
	ret->base = arena_strdup(arena, parts->lud_dn ? parts->lud_dn : "");
	ret->filter = arena_strdup(arena, parts->lud_filter ? parts->lud_filter : "(objectClass=*)");
	ret->has_attributes = parts->lud_attrs && parts->lud_attrs[0];
	ldap_free_urldesc(parts);
	return here ? 0 : -1;
}
