/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include "roster/log.h"

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

/* --- what the server says of the password (draft-behera-ldap-password-policy section 6.2) -------------------------------- */

static const struct {
	LDAPPasswordPolicyError code;
	const char *what;
} policies[] = {
    {PP_passwordExpired, "the password has expired"},
    {PP_accountLocked, "the account is locked"},
    {PP_changeAfterReset, "the password must be changed first"},
};

/* 0 for what keeps nobody out. */
static int fail_closed(const char *doing, LDAPPasswordPolicyError code, struct error *err)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (policies[i].code == code) {
			error_set(err, ERR_CLOSED, "%s failed: %s", doing, policies[i].what);
			error_hint(err, "open it, then: rosterctl sync");
			return 1;
		}
	return 0;
}

/* 1 when it says what keeps us out. */
static int judge_policy(LDAP *handle, LDAPControl **controls, const char *doing, struct error *err)
{
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL);
	LDAPPasswordPolicyError code = PP_noError;
	ber_int_t expires = -1, grace = -1;

	if (!control || ldap_parse_passwordpolicy_control(handle, control, &expires, &grace, &code) != LDAP_SUCCESS)
		return 0;
	if (grace >= 0)
		log_warn("%s: the password has expired, and is good for %d more connections", doing, (int)grace);
	return fail_closed(doing, code, err);
}

/* 1 when the account is closed, and err says so; otherwise 0 with a code. */
static int bind_with_password(const struct attempt *attempt, const char *doing, int *ret, struct error *err)
{
	const struct ldap_options *options = attempt->options;
	LDAP *handle = attempt->connection->handle;
	struct berval password = {.bv_len = options->password_size, .bv_val = (char *)options->password};
	LDAPControl ask = {.ldctl_oid = (char *)LDAP_CONTROL_PASSWORDPOLICYREQUEST};
	LDAPControl *asked[] = {&ask, NULL}, **controls = NULL;
	LDAPMessage *message = NULL;
	int id, keeps_out = 0;

	*ret = ldap_sasl_bind(handle, options->bind_dn, LDAP_SASL_SIMPLE, &password, asked, NULL, &id);
	if (*ret != LDAP_SUCCESS)
		return 0;
	if (ldap_result(handle, id, LDAP_MSG_ALL, NULL, &message) <= 0) {
		*ret = LDAP_SERVER_DOWN;
		ldap_get_option(handle, LDAP_OPT_RESULT_CODE, ret);
		return 0;
	}
	int parsed = ldap_parse_result(handle, message, ret, NULL, NULL, NULL, &controls, 1);
	if (parsed != LDAP_SUCCESS)
		*ret = parsed;
	else
		keeps_out = judge_policy(handle, controls, doing, err);
	ldap_controls_free(controls);
	return keeps_out;
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
		if (bind_with_password(attempt, doing, &code, err))
			return -1;
	} else {
		snprintf(doing, sizeof(doing), "anonymous bind");
		code = ldap_sasl_bind_s(handle, "", LDAP_SASL_SIMPLE, &nothing, NULL, NULL, NULL);
	}
	return code == LDAP_SUCCESS ? 0 : fail_bind(attempt, doing, code, err);
}
