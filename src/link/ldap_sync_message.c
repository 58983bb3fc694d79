/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_sync_private.h"
#include "link/ldap_sync_values.h"

#include <string.h>

/* --- entries and references ------------------------------------------------------------------------------------------- */

/* 1, 0 when the control is not there, -1 when it is malformed. */
static int read_state(const struct ldap_sync *sync, LDAPControl **controls, struct ldap_sync_message *ret)
{
	const LDAPControl *control = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);

	if (!control)
		return 0;
	const struct berval *value = &control->ldctl_value;
	return sync_state_decode(value->bv_val, value->bv_len, sync->connection->arena, ret) ? -1 : 1;
}

static int read_entry(struct ldap_sync *sync, struct ldap_sync_message *ret, struct error *err)
{
	LDAPControl **controls = NULL;
	int status = -1;

	ret->kind = SYNC_ENTRY;
	/* Before the attributes: what ends those in memory overwrites where the controls begin. */
	if (ldap_get_entry_controls(sync->connection->handle, sync->message, &controls) == LDAP_SUCCESS)
		status = read_state(sync, controls, ret);
	ldap_controls_free(controls);
	if (status == 0)
		return error_set(err, ERR_PROTOCOL, "an entry came without its synchronization state");
	if (status < 0 || ldap_entry_decode(sync->connection, sync->message, &sync->ber, &ret->entry))
		return error_set(err, ERR_PROTOCOL, "malformed entry");
	return 0;
}

static int read_reference(struct ldap_sync *sync, struct ldap_sync_message *ret, struct error *err)
{
	LDAPControl **controls = NULL;
	char **urls = NULL;
	int status = -1;

	ret->kind = SYNC_REFERENCE;
	ret->reference = "";
	if (ldap_parse_reference(sync->connection->handle, sync->message, &urls, &controls, 0) == LDAP_SUCCESS)
		status = read_state(sync, controls, ret);
	if (urls && urls[0])
		ret->reference = arena_strdup(sync->connection->arena, urls[0]);
	ldap_memvfree((void **)urls);
	ldap_controls_free(controls);
	return status < 0 ? error_set(err, ERR_PROTOCOL, "malformed search reference") : 0;
}

/* --- what is between the entries -------------------------------------------------------------------------------------- */

static int read_intermediate(const struct ldap_sync *sync, struct ldap_sync_message *ret, struct error *err)
{
	struct berval *value = NULL;
	char *name = NULL;
	int status;

	if (ldap_parse_intermediate(sync->connection->handle, sync->message, &name, &value, NULL, 0) != LDAP_SUCCESS)
		status = error_set(err, ERR_PROTOCOL, "malformed intermediate response");
	else if (!name || strcmp(name, LDAP_SYNC_INFO) != 0)
		status = error_set(err, ERR_PROTOCOL, "an intermediate response that nobody asked for: %s",
				   name ? name : "without a name");
	else if (!value || sync_info_decode(value->bv_val, value->bv_len, sync->connection->arena, ret))
		status = error_set(err, ERR_PROTOCOL, "malformed synchronization info");
	else
		status = 0;
	ldap_memfree(name);
	ber_bvfree(value);
	return status;
}

/* --- the result --------------------------------------------------------------------------------------------------------- */

static enum ldap_sync_end judge(const struct ldap_response *response)
{
	if (response->code == LDAP_SUCCESS)
		return SYNC_CLEAN;
	if (response->code == LDAP_SYNC_REFRESH_REQUIRED)
		return SYNC_REFRESH_REQUIRED;
	/* slapd has no code of its own for this, and 53 says many other things. */
	if (response->code == LDAP_UNWILLING_TO_PERFORM && response->text &&
	    strcasestr(response->text, "newer than provider"))
		return SYNC_COOKIE_NEWER;
	return SYNC_FAILED;
}

static const char *hint_of(const struct ldap_response *response)
{
	switch (judge(response)) {
	case SYNC_REFRESH_REQUIRED:
		return "everything has to be read anew";
	case SYNC_COOKIE_NEWER:
		return "the server was restored from a backup or lags behind: use another URL, or read everything anew";
	default:
		break;
	}
	if (response->code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION)
		return "the server does not offer content synchronization (slapd: overlay syncprov; 389-DS: the "
		       "plug-ins Content Synchronization and Retro Changelog)";
	return ldap_code_find(response->code)->hint;
}

static const char *describe(const struct ldap_sync *sync, const struct ldap_response *response)
{
	const char *hint = hint_of(response);
	const char *to = response->referrals && response->referrals[0] ? response->referrals[0] : NULL;
	char what[320];

	ldap_response_describe(response, what, sizeof(what));
	return arena_printf(sync->connection->arena, "sync of \"%s\" for %s at %s: %s%s%s%s%s%s", sync->base,
			    sync->filter, sync->connection->url, what, to ? " to " : "", to ? to : "", hint ? " (" : "",
			    hint ? hint : "", hint ? ")" : "");
}

static int read_done(const struct ldap_sync *sync, const struct ldap_response *response, struct ldap_sync_message *ret,
		     struct error *err)
{
	const LDAPControl *control = ldap_control_find(LDAP_CONTROL_SYNC_DONE, response->controls, NULL);

	ret->kind = SYNC_DONE;
	ret->code = response->code;
	ret->end = judge(response);
	ret->reason = ret->end == SYNC_CLEAN ? "" : describe(sync, response);
	ret->class = ret->end == SYNC_CLEAN ? ERR_NONE : ldap_code_find(response->code)->class;
	/* Without it a refresh cannot be told from the end of a plain search. */
	if (!control && ret->end == SYNC_CLEAN && !sync->persist)
		return error_set(err, ERR_PROTOCOL, "the result came without the control that ends a synchronization");
	if (!control)
		return 0;
	const struct berval *value = &control->ldctl_value;
	if (sync_done_decode(value->bv_val, value->bv_len, sync->connection->arena, ret))
		return error_set(err, ERR_PROTOCOL, "malformed control of the result");
	return 0;
}

/* Samba refuses the control with an extended response, which libldap hands on as it is. */
static int read_result(const struct ldap_sync *sync, int type, struct ldap_sync_message *ret, struct error *err)
{
	struct ldap_response response = {0};
	char what[320];

	int status = ldap_response_parse(sync->connection, sync->message, &response, err);
	if (!status && type == LDAP_RES_SEARCH_RESULT) {
		status = read_done(sync, &response, ret, err);
	} else if (!status) {
		ldap_response_describe(&response, what, sizeof(what));
		status = error_set(err, ERR_PROTOCOL, "the answer is a message of type 0x%x, not of a search: %s",
				   (unsigned)type, what);
	}
	ldap_response_free(&response);
	return status;
}

int ldap_sync_read(struct ldap_sync *sync, int type, struct ldap_sync_message *ret, struct error *err)
{
	switch (type) {
	case LDAP_RES_SEARCH_ENTRY:
		return read_entry(sync, ret, err);
	case LDAP_RES_SEARCH_REFERENCE:
		return read_reference(sync, ret, err);
	case LDAP_RES_INTERMEDIATE:
		return read_intermediate(sync, ret, err);
	default:
		return read_result(sync, type, ret, err);
	}
}
