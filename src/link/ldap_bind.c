/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_credentials(const struct attempt *attempt, struct error *err)
{
	const struct ldap_options *options = attempt->options;

	if (options->external && strcmp(attempt->url->lud_scheme, "ldapi") != 0)
		return error_set(err, ERR_CONFIG, "sasl external works over ldapi:// only");
	if (options->external || !*options->bind_dn)
		return 0;
	/* RFC 4513 section 5.1.2: a name without a password binds as nobody, and looks like success. */
	if (options->password_size == 0)
		return error_set(err, ERR_CONFIG, "the password of %s is empty", options->bind_dn);
	if (!attempt->secure && !attempt->socket.local && !options->allow_plaintext)
		return error_set(err, ERR_CONFIG,
				 "the password of %s is not sent in clear text (use ldaps:// or starttls, or set "
				 "allow_plaintext)",
				 options->bind_dn);
	return 0;
}

/* Active Directory says why in its text: "... data 533, v4f7c". Nothing but a person changes any of these. */
static const struct {
	const char *data, *what;
} closed[] = {
    {"data 533", "the account is disabled"},
    {"data 701", "the account has expired"},
    {"data 773", "the password must be changed first"},
    {"data 775", "the account is locked"},
};

static int fail_bind(const struct attempt *attempt, const char *doing, int code, struct error *err)
{
	char detail[512];

	ldap_diagnostic(attempt->connection->handle, detail, sizeof(detail));
	ldap_attempt_fail(attempt, doing, code, err);
	for (size_t i = 0; code == LDAP_INVALID_CREDENTIALS && i < sizeof(closed) / sizeof(*closed); i++) {
		if (!strstr(detail, closed[i].data))
			continue;
		error_set(err, ERR_CLOSED, "%s failed: %s", doing, closed[i].what);
		return error_hint(err, "open it, then: rosterctl sync");
	}
	return -1;
}

/* There is nothing to ask for: all that is needed is in the keytab. */
static int answer_nothing(LDAP *handle, unsigned flags, void *defaults, void *questions)
{
	(void)handle, (void)flags, (void)defaults, (void)questions;
	return LDAP_SUCCESS;
}

/* It seals what follows: less than that is refused, and so is TLS besides, by Active Directory. */
static int bind_by_gssapi(struct attempt *attempt, struct error *err)
{
	const char *keytab = attempt->options->keytab;
	char name[4096];

	if (access(keytab, R_OK))
		return error_set(err, ERR_CONFIG, "cannot read the keytab %s: %m", keytab);
	snprintf(name, sizeof(name), "FILE:%s", keytab);
	setenv("KRB5_CLIENT_KTNAME", name, 1);
	setenv("KRB5CCNAME", "MEMORY:roster", 1);
	if (ldap_attempt_option(attempt, LDAP_OPT_X_SASL_SECPROPS, "noplain,noanonymous,minssf=56", err) ||
	    ldap_attempt_option(attempt, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON, err))
		return -1;
	int code = ldap_sasl_interactive_bind_s(attempt->connection->handle, NULL, "GSSAPI", NULL, NULL,
						LDAP_SASL_QUIET, answer_nothing, NULL);
	return code == LDAP_SUCCESS ? 0 : fail_bind(attempt, "SASL GSSAPI bind", code, err);
}

int ldap_attempt_bind(struct attempt *attempt, struct error *err)
{
	const struct ldap_options *options = attempt->options;
	struct berval password = {.bv_len = options->password_size, .bv_val = (char *)options->password};
	char empty[] = "";
	struct berval nothing = {.bv_len = 0, .bv_val = empty};
	LDAP *handle = attempt->connection->handle;
	char doing[256];
	int code;

	if (options->keytab)
		return bind_by_gssapi(attempt, err);
	if (check_credentials(attempt, err))
		return -1;
	if (options->external) {
		snprintf(doing, sizeof(doing), "SASL EXTERNAL bind as uid %u", (unsigned)geteuid());
		code = ldap_sasl_bind_s(handle, NULL, "EXTERNAL", &nothing, NULL, NULL, NULL);
	} else if (*options->bind_dn) {
		snprintf(doing, sizeof(doing), "bind as %s", options->bind_dn);
		code = ldap_sasl_bind_s(handle, options->bind_dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
	} else {
		snprintf(doing, sizeof(doing), "anonymous bind");
		code = ldap_sasl_bind_s(handle, "", LDAP_SASL_SIMPLE, &nothing, NULL, NULL, NULL);
	}
	return code == LDAP_SUCCESS ? 0 : fail_bind(attempt, doing, code, err);
}
