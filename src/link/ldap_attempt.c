/* SPDX-License-Identifier: Apache-2.0 */
/* What each step of an attempt to connect needs: options, and words for what went wrong. */
#include "link/ldap_private.h"

#include "roster/str.h"

#include <stdio.h>
#include <string.h>

void ldap_diagnostic(LDAP *handle, char *ret, size_t size)
{
	char *text = NULL;

	ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	/* libldap prints this for the GnuTLS errors it has no text for. */
	bool empty = !text || strcmp(text, "(unknown error code)") == 0;
	snprintf(ret, size, "%s%s", empty ? "" : ": ", empty ? "" : text);
	ldap_memfree(text);
}

int ldap_attempt_fail(const struct attempt *attempt, const char *doing, int code, struct error *err)
{
	const struct ldap_code *meaning = ldap_code_find(code);
	char detail[512];

	if (watchdog_fired(attempt->connection->watchdog))
		return error_set(err, ERR_UNREACHABLE, "%s: no answer within %s (timeouts.connect)", doing,
				 duration_text(attempt->options->connect_ms));
	ldap_diagnostic(attempt->connection->handle, detail, sizeof(detail));
	error_set(err, meaning->class, "%s failed: %s (%d)%s", doing, ldap_err2string(code), code, detail);
	return meaning->hint ? error_hint(err, "%s", meaning->hint) : -1;
}

int ldap_attempt_option(struct attempt *attempt, int option, const void *value, struct error *err)
{
	if (ldap_set_option(attempt->connection->handle, option, value) == LDAP_OPT_SUCCESS)
		return 0;
	return error_set(err, ERR_INTERNAL, "libldap refuses option 0x%x", (unsigned)option);
}
