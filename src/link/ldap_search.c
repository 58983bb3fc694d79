/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/time.h>

/* What is waited for once so many messages came without a pause. */
enum { PATIENT_AFTER = 64, PATIENCE_BYTES = 64 * 1024, PATIENCE_MICROSECONDS = 2000 };

/* One search under way. */
struct reading {
	struct ldap_connection *connection;
	const struct ldap_search *search;
	struct ldap_outcome *outcome;
	int message_id;
	unsigned long pages;   /* ended */
	struct berval *cookie; /* of the next page; NULL before the first and after the last */
	bool goes_on;          /* more of what changed is to come */
	bool patient;
	unsigned since_pause; /* messages */
};

void ldap_response_free(struct ldap_response *response)
{
	ldap_memfree(response->matched);
	ldap_memfree(response->text);
	ldap_memvfree((void **)response->referrals);
	ldap_controls_free(response->controls);
	*response = (struct ldap_response){0};
}

int ldap_response_parse(const struct ldap_connection *connection, LDAPMessage *message, struct ldap_response *ret,
			struct error *err)
{
	int code = ldap_parse_result(connection->handle, message, &ret->code, &ret->matched, &ret->text,
				     &ret->referrals, &ret->controls, 0);

	if (code == LDAP_SUCCESS)
		return 0;
	return error_set(err, ERR_PROTOCOL, "malformed result: %s (%d)", ldap_err2string(code), code);
}

void ldap_response_describe(const struct ldap_response *response, char *ret, size_t size)
{
	const char *text = response->text && *response->text ? response->text : NULL;

	snprintf(ret, size, "%s (%d)%s%s", ldap_err2string(response->code), response->code, text ? ": " : "",
		 text ? text : "");
}

/* --- entries --------------------------------------------------------------------------------------------------------- */

static struct ldap_attribute *next_attribute(struct ldap_connection *connection, size_t count)
{
	if (count == connection->attribute_room) {
		connection->attribute_room = count ? 2 * count : 32;
		connection->attributes =
		    xrealloc(connection->attributes, connection->attribute_room, sizeof(*connection->attributes));
	}
	return &connection->attributes[count];
}

static void take_values(struct ldap_attribute *attribute, struct arena *arena, const struct berval *values)
{
	size_t count = 0;

	while (values && values[count].bv_val)
		count++;
	attribute->count = count;
	attribute->values = arena_alloc_array(arena, count, sizeof(*attribute->values));
	for (size_t i = 0; i < count; i++) {
		attribute->values[i].data = values[i].bv_val;
		attribute->values[i].size = values[i].bv_len;
	}
}

int ldap_entry_decode(struct ldap_connection *connection, LDAPMessage *message, BerElement **ber,
		      struct ldap_entry *ret)
{
	struct berval name = {0}, *values = NULL;
	int code;

	if (ldap_get_dn_ber(connection->handle, message, ber, &name) != LDAP_SUCCESS)
		return -1;
	*ret = (struct ldap_entry){.dn = name.bv_val ? name.bv_val : "", .dn_size = name.bv_len};
	while ((code = ldap_get_attribute_ber(connection->handle, message, *ber, &name, &values)) == LDAP_SUCCESS &&
	       name.bv_val) {
		struct ldap_attribute *attribute = next_attribute(connection, ret->count++);
		attribute->name = name.bv_val;
		take_values(attribute, connection->arena, values);
		ber_memfree(values);
		values = NULL;
	}
	ret->attributes = connection->attributes;
	return code == LDAP_SUCCESS ? 0 : -1;
}

const struct ldap_attribute *ldap_entry_attribute(const struct ldap_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->count; i++)
		if (text_equal_fold(entry->attributes[i].name, name))
			return entry->attributes[i].count ? &entry->attributes[i] : NULL;
	return NULL;
}

static int take_entry(struct reading *reading, LDAPMessage *message, struct error *err)
{
	struct ldap_entry entry;
	BerElement *ber = NULL;
	int status;

	arena_reset(reading->connection->arena);
	if (ldap_entry_decode(reading->connection, message, &ber, &entry)) {
		status =
		    error_set(err, ERR_PROTOCOL, "the server at %s sent a malformed entry", reading->connection->url);
	} else {
		reading->outcome->entries++;
		status = reading->search->entry(reading->search->context, &entry, err);
	}
	ber_free(ber, 0);
	return status;
}

/* --- how it ends ------------------------------------------------------------------------------------------------------ */

static int fail_search(const struct reading *reading, struct error *err)
{
	return error_prefix(err, "search of \"%s\" for %s at %s", reading->search->base, reading->search->filter,
			    reading->connection->url);
}

static void incomplete(const struct reading *reading, const char *what, const char *hint)
{
	snprintf(reading->outcome->reason, sizeof(reading->outcome->reason),
		 "%s after %lu entries of \"%s\" for %s at %s: %s", what, reading->outcome->entries,
		 reading->search->base, reading->search->filter, reading->connection->url, hint);
}

static bool is_passed_over(const struct ldap_search *search, const char *url)
{
	LDAPURLDesc *parts = NULL;
	bool passed = false;

	if (search->passes_over && ldap_url_parse(url, &parts) == LDAP_URL_SUCCESS)
		passed = parts->lud_dn && search->passes_over(search->context, parts->lud_dn);
	ldap_free_urldesc(parts);
	return passed;
}

/* A reference says that part of the tree is elsewhere. libldap would follow it as nobody, so we never do. */
static int take_reference(const struct reading *reading, LDAPMessage *message, struct error *err)
{
	char what[256];
	char **urls = NULL;

	if (ldap_parse_reference(reading->connection->handle, message, &urls, NULL, 0) != LDAP_SUCCESS)
		return error_set(err, ERR_PROTOCOL, "malformed search reference");
	const char *url = urls && urls[0] ? urls[0] : "another server";
	if (!is_passed_over(reading->search, url) && reading->outcome->references++ == 0) {
		snprintf(what, sizeof(what), "a part of the tree is at %s", url);
		incomplete(reading, what, "make it a source of its own, or a base that leaves it out");
	}
	ldap_memvfree((void **)urls);
	return 0;
}

/* A part of what changed: is it the last one? */
static int end_part(struct reading *reading, const struct ldap_response *result, struct error *err)
{
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_X_DIRSYNC, result->controls, NULL);
	struct ldap_dirsync *dirsync = reading->search->dirsync;
	struct berval cookie = {0};
	int more = 0;

	if (!control ||
	    ldap_parse_dirsync_control(reading->connection->handle, control, &more, &cookie) != LDAP_SUCCESS)
		return error_set(err, ERR_PROTOCOL, "the server says what changed, and not how far that goes");
	str_clear(&dirsync->cookie);
	str_append(&dirsync->cookie, cookie.bv_val ? cookie.bv_val : "", cookie.bv_len);
	ber_memfree(cookie.bv_val);
	reading->goes_on = more != 0;
	reading->outcome->complete = more == 0;
	return 0;
}

/* A page ended well: was it the last one? RFC 2696 section 3. */
static int end_page(struct reading *reading, const struct ldap_response *result, struct error *err)
{
	if (reading->search->dirsync)
		return end_part(reading, result, err);
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, result->controls, NULL);
	struct berval cookie = {0};
	ber_int_t estimate;

	bool first = reading->pages++ == 0;
	if (reading->search->page_size == 0 || (!control && first)) {
		reading->outcome->complete = true;
		return 0;
	}
	if (!control) {
		incomplete(reading, "a page came without its cookie", "the server lost its place; read again");
		return 0;
	}
	if (ldap_parse_pageresponse_control(reading->connection->handle, control, &estimate, &cookie) != LDAP_SUCCESS)
		return error_set(err, ERR_PROTOCOL, "malformed response to paged results");
	if (cookie.bv_len > 0)
		reading->cookie = ber_bvdup(&cookie);
	else
		reading->outcome->complete = true;
	ber_memfree(cookie.bv_val);
	return 0;
}

static int judge_code(const struct reading *reading, const struct ldap_response *result, struct error *err)
{
	const struct ldap_code *meaning = ldap_code_find(result->code);
	char what[320];

	ldap_response_describe(result, what, sizeof(what));
	if (!meaning->incomplete) {
		error_set(err, meaning->class, "%s", what);
		if (result->matched && *result->matched)
			return error_hint(err, "%s; \"%s\" exists", meaning->hint ? meaning->hint : "",
					  result->matched);
		return meaning->hint ? error_hint(err, "%s", meaning->hint) : -1;
	}
	if (result->referrals && result->referrals[0])
		snprintf(what, sizeof(what), "%s (%d) to %s", ldap_err2string(result->code), result->code,
			 result->referrals[0]);
	incomplete(reading, what, meaning->hint);
	return 0;
}

static int take_result(struct reading *reading, LDAPMessage *message, int type, struct error *err)
{
	struct ldap_response result = {0};

	reading->connection->broken = false;
	int status = ldap_response_parse(reading->connection, message, &result, err);
	reading->outcome->code = result.code;
	reading->outcome->is_cut = result.code == LDAP_SIZELIMIT_EXCEEDED;
	if (!status && result.code != LDAP_SUCCESS)
		status = judge_code(reading, &result, err);
	else if (!status && type != LDAP_RES_SEARCH_RESULT)
		status = error_set(err, ERR_PROTOCOL, "the answer is a message of type 0x%x, not of a search",
				   (unsigned)type);
	else if (!status)
		status = end_page(reading, &result, err);
	ldap_response_free(&result);
	return status;
}

/* --- the loop --------------------------------------------------------------------------------------------------------- */

static int fail_wait(const struct reading *reading, struct error *err)
{
	const struct ldap_connection *connection = reading->connection;
	char detail[256];
	int code = LDAP_SERVER_DOWN;

	if (monotonic_ms() >= connection->run_end)
		return error_set(err, ERR_UNREACHABLE, "the read took longer than %s (timeouts.run)",
				 duration_text(connection->run_ms));
	if (watchdog_fired(connection->watchdog))
		return error_set(err, ERR_UNREACHABLE, "the server was silent for %s (timeouts.operation)",
				 duration_text(connection->operation_ms));
	ldap_get_option(connection->handle, LDAP_OPT_RESULT_CODE, &code);
	ldap_diagnostic(connection->handle, detail, sizeof(detail));
	return error_set(err, ldap_code_find(code)->class, "%s (%d)%s", ldap_err2string(code), code, detail);
}

static void be_patient(struct reading *reading, bool patient)
{
	if (reading->patient != patient)
		ldap_socket_patience(reading->connection->fd, patient ? PATIENCE_BYTES : 1);
	reading->patient = patient;
}

/* A server that writes entry by entry wakes us for each, and pays for it: many come faster when we are woken for several at
 * once. What is less than that is waited for a moment, and then taken as it is. */
static int await(struct reading *reading, LDAPMessage **ret)
{
	LDAP *handle = reading->connection->handle;
	struct timeval moment = {.tv_usec = PATIENCE_MICROSECONDS};

	if (reading->since_pause++ >= PATIENT_AFTER) {
		be_patient(reading, true);
		int type = ldap_result(handle, reading->message_id, LDAP_MSG_ONE, &moment, ret);
		if (type != 0)
			return type;
		reading->since_pause = 0;
	}
	be_patient(reading, false);
	return ldap_result(handle, reading->message_id, LDAP_MSG_ONE, NULL, ret);
}

/* The type of the next message, or -1. The watchdog is on duty only while we wait: how long the caller takes for an
 * entry is no silence of the server. */
static int next_message(struct reading *reading, LDAPMessage **ret, struct error *err)
{
	struct ldap_connection *connection = reading->connection;
	int64_t deadline = deadline_after(connection->operation_ms);

	*ret = NULL;
	watchdog_set(connection->watchdog, deadline < connection->run_end ? deadline : connection->run_end);
	int type = await(reading, ret);
	watchdog_set(connection->watchdog, NO_DEADLINE);
	if (type > 0 && deadline - connection->operation_ms < connection->run_end)
		return type;
	ldap_msgfree(*ret);
	*ret = NULL;
	return fail_wait(reading, err);
}

int ldap_scope_code(enum ldap_scope scope)
{
	static const int scopes[] = {LDAP_SCOPE_BASE, LDAP_SCOPE_ONELEVEL, LDAP_SCOPE_SUBTREE};

	return scopes[scope];
}

enum { CONTROLS_MOST = 4, DIRSYNC_BYTES_MOST = 1048576 };

static int add_dirsync(LDAP *handle, const struct ldap_dirsync *dirsync, LDAPControl **ret)
{
	struct berval cookie = {.bv_val = (char *)str_text(&dirsync->cookie), .bv_len = dirsync->cookie.size};

	return ldap_create_dirsync_control(handle, (int)dirsync->flags, DIRSYNC_BYTES_MOST, &cookie, ret);
}

/* All of them are critical: an answer without them would be another one. */
static int create_controls(const struct reading *reading, LDAPControl *controls[CONTROLS_MOST])
{
	LDAP *handle = reading->connection->handle;
	const struct ldap_search *search = reading->search;
	LDAPControl **first = controls;
	int code = LDAP_SUCCESS;

	if (search->page_size > 0)
		code = ldap_create_page_control(handle, (ber_int_t)search->page_size, reading->cookie, 1, controls++);
	if (code == LDAP_SUCCESS && search->dirsync)
		code = add_dirsync(handle, search->dirsync, controls++);
	if (code == LDAP_SUCCESS && search->show_deleted)
		code = ldap_create_show_deleted_control(handle, controls++);
	if (code == LDAP_SUCCESS && search->extended_dns)
		code = ldap_create_extended_dn_control(handle, 1, controls++);
	for (size_t i = 0; i < CONTROLS_MOST && first[i]; i++)
		first[i]->ldctl_iscritical = 1;
	return code;
}

static int send_search(struct reading *reading, struct error *err)
{
	LDAP *handle = reading->connection->handle;
	const struct ldap_search *search = reading->search;
	LDAPControl *controls[CONTROLS_MOST + 1] = {NULL};
	int code = create_controls(reading, controls);

	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(handle, search->base, ldap_scope_code(search->scope), search->filter,
				       (char **)search->attributes, 0, controls, NULL, NULL, search->most,
				       &reading->message_id);
	for (size_t i = 0; i < CONTROLS_MOST && controls[i]; i++)
		ldap_control_free(controls[i]);
	ber_bvfree(reading->cookie);
	reading->cookie = NULL;
	if (code == LDAP_SUCCESS)
		return 0;
	const struct ldap_code *meaning = ldap_code_find(code);
	error_set(err, meaning->class, "%s (%d)", ldap_err2string(code), code);
	return meaning->hint ? error_hint(err, "%s", meaning->hint) : -1;
}

/* From the request of one page to its result. */
static int read_page(struct reading *reading, struct error *err)
{
	LDAPMessage *message;

	reading->connection->broken = true;
	if (send_search(reading, err))
		return fail_search(reading, err);
	for (;;) {
		int type = next_message(reading, &message, err), status = 0;
		if (type < 0)
			return fail_search(reading, err);
		/* The callback's own error is not the search's: it gets no prefix. */
		if (type == LDAP_RES_SEARCH_ENTRY)
			status = take_entry(reading, message, err);
		else if ((type == LDAP_RES_SEARCH_REFERENCE ? take_reference(reading, message, err)
							    : take_result(reading, message, type, err)))
			status = fail_search(reading, err);
		ldap_msgfree(message);
		if (status)
			return -1;
		if (type != LDAP_RES_SEARCH_ENTRY && type != LDAP_RES_SEARCH_REFERENCE)
			return 0;
	}
}

int ldap_connection_search(struct ldap_connection *connection, const struct ldap_search *search,
			   struct ldap_outcome *ret, struct error *err)
{
	struct reading reading = {.connection = connection, .search = search, .outcome = ret};

	*ret = (struct ldap_outcome){0};
	if (connection->broken)
		return error_set(err, ERR_INTERNAL, "the connection to %s ended with an earlier search",
				 connection->url);
	ldap_log_search(connection, search);
	do {
		if (read_page(&reading, err))
			return -1;
	} while (reading.cookie || reading.goes_on);
	be_patient(&reading, false);
	if (ret->references > 0)
		ret->complete = false;
	return 0;
}
