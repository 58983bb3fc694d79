/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#define LIMITS "lift it for the bind DN (slapd: limits dn.exact=\"...\" "

static const struct ldap_code codes[] = {
    /* The answer is cut: what came stands, nothing follows from what did not. */
    {LDAP_TIMELIMIT_EXCEEDED, true, ERR_NONE, "the server's time limit: " LIMITS "time=unlimited)"},
    {LDAP_SIZELIMIT_EXCEEDED, true, ERR_NONE,
     "the server's size limit: " LIMITS "size=unlimited size.prtotal=unlimited)"},
    {LDAP_ADMINLIMIT_EXCEEDED, true, ERR_NONE,
     "a limit of the server's administrator: " LIMITS "size.unchecked=unlimited size.prtotal=unlimited; 389-DS: "
     "nsLookThroughLimit)"},
    {LDAP_PARTIAL_RESULTS, true, ERR_NONE, "the rest is on another server: use its URL"},
    {LDAP_REFERRAL, true, ERR_NONE, "the entries are on another server: use its URL"},
    /* Nothing can be concluded. */
    {LDAP_BUSY, false, ERR_UNREACHABLE, NULL},
    {LDAP_UNAVAILABLE, false, ERR_UNREACHABLE, NULL},
    {LDAP_SERVER_DOWN, false, ERR_UNREACHABLE, NULL},
    {LDAP_CONNECT_ERROR, false, ERR_UNREACHABLE, NULL},
    {LDAP_TIMEOUT, false, ERR_UNREACHABLE, NULL},
    {LDAP_INVALID_CREDENTIALS, false, ERR_DENIED, "wrong bind_dn or password, or the account is locked or expired"},
    {LDAP_INAPPROPRIATE_AUTH, false, ERR_DENIED,
     "the server does not take this kind of bind: set bind_dn and password"},
    {LDAP_AUTH_METHOD_NOT_SUPPORTED, false, ERR_DENIED, "the server does not take this kind of bind"},
    {LDAP_STRONG_AUTH_REQUIRED, false, ERR_DENIED, "the server wants a bind, or TLS before it"},
    {LDAP_CONFIDENTIALITY_REQUIRED, false, ERR_DENIED, "the server wants TLS: use ldaps:// or starttls"},
    {LDAP_INSUFFICIENT_ACCESS, false, ERR_DENIED, "the bind DN may not read this: see the server's access rules"},
    {LDAP_UNWILLING_TO_PERFORM, false, ERR_DENIED, NULL},
    {LDAP_NO_SUCH_OBJECT, false, ERR_DENIED, "the base does not exist, was renamed, or is hidden from the bind DN"},
    {LDAP_INVALID_DN_SYNTAX, false, ERR_CONFIG, "the base or the bind DN is not a distinguished name"},
    {LDAP_FILTER_ERROR, false, ERR_CONFIG, "the filter is not one of RFC 4515"},
    {LDAP_UNAVAILABLE_CRITICAL_EXTENSION, false, ERR_CONFIG,
     "the server does not know paged results: set page_size to 0"},
};

static const struct ldap_code other = {.code = LDAP_OTHER, .class = ERR_PROTOCOL};

const struct ldap_code *ldap_code_find(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (codes[i].code == code)
			return &codes[i];
	}
	return &other;
}
