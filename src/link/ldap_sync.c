/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_sync_private.h"
#include "link/ldap_sync_values.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* --- requests ----------------------------------------------------------------------------------------------------------- */

/* A server that takes nothing any more must not keep us in the middle of a request. */
static void guard(const struct ldap_sync *sync, bool on)
{
	watchdog_set(sync->connection->watchdog, on ? deadline_after(sync->connection->operation_ms) : NO_DEADLINE);
}

static int fail_request(const char *what, int code, struct error *err)
{
	const struct ldap_code *meaning = ldap_code_find(code);

	error_set(err, meaning->class, "%s: %s (%d)", what, ldap_err2string(code), code);
	return meaning->hint ? error_hint(err, "%s", meaning->hint) : -1;
}

/* Every error of the operation passes here, once. */
static int fail(struct ldap_sync *sync, struct error *err)
{
	sync->going = false;
	sync->connection->lost = true;
	return error_prefix(err, "sync of \"%s\" for %s at %s", sync->base, sync->filter, sync->connection->url);
}

static int send_search(struct ldap_sync *sync, const struct ldap_sync_search *search, struct error *err)
{
	struct str value = {0};
	int code;

	sync_request_encode(search, &value);
	LDAPControl control = {.ldctl_oid = (char *)LDAP_CONTROL_SYNC,
			       .ldctl_value = {.bv_len = value.size, .bv_val = value.data},
			       .ldctl_iscritical = 1};
	LDAPControl *controls[] = {&control, NULL};
	guard(sync, true);
	code = ldap_search_ext(sync->connection->handle, search->base, ldap_scope_code(search->scope), search->filter,
			       (char **)search->attributes, 0, controls, NULL, NULL, LDAP_NO_LIMIT, &sync->id);
	guard(sync, false);
	str_free(&value);
	return code == LDAP_SUCCESS ? 0 : fail_request("cannot ask", code, err);
}

/* --- the syncs of a connection ------------------------------------------------------------------------------------------ */

/* Whether all that goes on over it are refreshes, which come to an end by themselves. */
static bool may_share(const struct ldap_connection *connection)
{
	const struct ldap_sync *sync = connection->syncs;

	while (sync && sync->going && !sync->persist)
		sync = sync->next;
	return connection->syncs && !sync && !connection->lost;
}

static struct ldap_sync *sync_of(const struct ldap_connection *connection, int id)
{
	struct ldap_sync *sync = connection->syncs;

	while (sync && sync->id != id)
		sync = sync->next;
	return sync;
}

static void link_sync(struct ldap_sync *sync)
{
	sync->next = sync->connection->syncs;
	sync->connection->syncs = sync;
	sync->connection->broken = true;
}

/* clean: nothing of it comes any more. */
static void unlink_sync(struct ldap_sync *sync, bool clean)
{
	struct ldap_sync **link = &sync->connection->syncs;

	while (*link && *link != sync)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = sync->next;
	sync->connection->lost = sync->connection->lost || !clean;
	sync->connection->broken = sync->connection->lost || sync->connection->syncs;
}

/* --- start and end ------------------------------------------------------------------------------------------------------ */

int ldap_sync_start(struct ldap_connection *connection, const struct ldap_sync_search *search, struct ldap_sync **ret,
		    struct error *err)
{
	*ret = NULL;
	if (connection->broken && !(may_share(connection) && !search->persist))
		return error_set(err, ERR_INTERNAL,
				 "the connection to %s ended with an earlier search or carries another",
				 connection->url);
	ldap_log_sync(connection, search);
	struct ldap_sync *sync = xcalloc(1, sizeof(*sync));
	sync->connection = connection;
	sync->base = xstrdup(search->base);
	sync->filter = xstrdup(search->filter);
	sync->persist = search->persist;
	sync->heartbeat_ms = search->heartbeat_ms;
	link_sync(sync);
	if (ldap_get_option(connection->handle, LDAP_OPT_DESC, &sync->fd) != LDAP_OPT_SUCCESS || sync->fd < 0)
		error_set(err, ERR_INTERNAL, "libldap does not tell its socket");
	else if (!send_search(sync, search, err))
		sync->going = true;
	if (sync->going) {
		*ret = sync;
		return 0;
	}
	fail(sync, err);
	ldap_sync_close(&sync);
	return -1;
}

static void forget_message(struct ldap_sync *sync)
{
	if (sync->ber)
		ber_free(sync->ber, 0);
	ldap_msgfree(sync->message);
	sync->ber = NULL;
	sync->message = NULL;
	arena_reset(sync->connection->arena);
}

static bool abandon(const struct ldap_sync *sync, int id)
{
	guard(sync, true);
	int code = ldap_abandon_ext(sync->connection->handle, id, NULL, NULL);
	guard(sync, false);
	return code == LDAP_SUCCESS;
}

void ldap_sync_close(struct ldap_sync **sync)
{
	struct ldap_sync *closing = *sync;

	if (!closing)
		return;
	forget_message(closing);
	/* What still comes for an abandoned request libldap throws away. */
	unlink_sync(closing, closing->going && abandon(closing, closing->id) &&
				 (!closing->asked || abandon(closing, closing->heartbeat_id)));
	free(closing->base);
	free(closing->filter);
	free(closing);
	*sync = NULL;
}

int ldap_sync_socket(const struct ldap_sync *sync)
{
	return sync->fd;
}

/* --- is the server there? ----------------------------------------------------------------------------------------------- */

/* How long the server may still be silent before there is something to do; INT64_MAX: as long as it likes. */
static int64_t silence_left(const struct ldap_sync *sync)
{
	int64_t most = sync->connection->operation_ms;

	if (sync->persisting && !sync->asked)
		most = sync->heartbeat_ms > 0 ? sync->heartbeat_ms : INT64_MAX;
	return most > sync->silent_ms ? most - sync->silent_ms : 0;
}

/* Any answer will do, also that the base is gone or hidden. */
static int ask(struct ldap_sync *sync, struct error *err)
{
	char attribute[] = "contextCSN";
	char *attributes[] = {attribute, NULL};

	guard(sync, true);
	int code = ldap_search_ext(sync->connection->handle, sync->base, LDAP_SCOPE_BASE, "(objectClass=*)", attributes,
				   0, NULL, NULL, NULL, LDAP_NO_LIMIT, &sync->heartbeat_id);
	guard(sync, false);
	if (code != LDAP_SUCCESS)
		return fail_request("cannot ask whether it is there", code, err);
	sync->asked = true;
	sync->silent_ms = 0;
	return 0;
}

static int check_silence(struct ldap_sync *sync, struct error *err)
{
	if (silence_left(sync) > 0)
		return 0;
	if (sync->persisting && !sync->asked)
		return ask(sync, err);
	return error_set(err, ERR_UNREACHABLE, "the server was silent for %s (timeouts.operation)",
			 duration_text(sync->connection->operation_ms));
}

/* --- messages ----------------------------------------------------------------------------------------------------------- */

static int fail_read(const struct ldap_sync *sync, struct error *err)
{
	LDAP *handle = sync->connection->handle;
	char detail[256];
	int code = LDAP_SERVER_DOWN;

	if (watchdog_fired(sync->connection->watchdog))
		return error_set(err, ERR_UNREACHABLE,
				 "the server was silent for %s in the middle of a message (timeouts.operation)",
				 duration_text(sync->connection->operation_ms));
	ldap_get_option(handle, LDAP_OPT_RESULT_CODE, &code);
	ldap_diagnostic(handle, detail, sizeof(detail));
	return error_set(err, ldap_code_find(code)->class, "%s (%d)%s", ldap_err2string(code), code, detail);
}

/* The next message of any request without waiting for one to begin: its type, 0 or -1. */
static int receive(struct ldap_sync *sync, struct error *err)
{
	struct timeval now = {0};

	forget_message(sync);
	guard(sync, true);
	int type = ldap_result(sync->connection->handle, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &sync->message);
	guard(sync, false);
	if (type < 0 || watchdog_fired(sync->connection->watchdog))
		return fail_read(sync, err);
	if (type > 0)
		sync->silent_ms = 0;
	return type;
}

/* RFC 4511 section 4.4.1: message id 0 is the notice of disconnection. */
static int fail_disconnected(const struct ldap_sync *sync, struct error *err)
{
	struct ldap_response response = {0};
	char what[320] = "";

	if (!ldap_response_parse(sync->connection, sync->message, &response, NULL))
		ldap_response_describe(&response, what, sizeof(what));
	ldap_response_free(&response);
	return error_set(err, ERR_UNREACHABLE, "the server ends the connection: %s", what);
}

static void note_progress(struct ldap_sync *sync, const struct ldap_sync_message *message)
{
	if (message->kind == SYNC_PHASE && message->refresh_done)
		sync->persisting = sync->persist;
	if (message->kind != SYNC_DONE)
		return;
	sync->going = false;
	/* An answer that is still to come would be taken for one of the next search. */
	unlink_sync(sync, !sync->asked || abandon(sync, sync->heartbeat_id));
	sync->asked = false;
}

/* 1, or -1. What came is read as that of the sync it is for. */
static int take_answer(struct ldap_sync *sync, int type, struct ldap_sync_message *ret, struct error *err)
{
	if (ret->of != sync) {
		forget_message(ret->of);
		ret->of->message = sync->message;
		sync->message = NULL;
	}
	if (ldap_sync_read(ret->of, type, ret, err))
		return -1;
	note_progress(ret->of, ret);
	return 1;
}

/* 1 with a message for the caller, 0 when the server has nothing to say now. */
static int take_message(struct ldap_sync *sync, struct ldap_sync_message *ret, struct error *err)
{
	int type;

	while ((type = receive(sync, err)) > 0) {
		int id = ldap_msgid(sync->message);
		if (id == 0)
			return fail_disconnected(sync, err);
		if (sync->asked && id == sync->heartbeat_id && type == LDAP_RES_SEARCH_RESULT)
			sync->asked = false;
		ret->of = id == sync->id ? sync : sync_of(sync->connection, id);
		if (!ret->of)
			continue;
		return take_answer(sync, type, ret, err);
	}
	return type;
}

/* --- waiting ------------------------------------------------------------------------------------------------------------ */

/* Wait for the server (unless only others are asked for), the other descriptor, a signal or the time: 1 when the caller
 * has to know, and ret->kind says why; 0 to look again; -1. */
static int wait_for(struct ldap_sync *sync, const struct ldap_sync_wait *wait, int64_t ms, bool server,
		    struct ldap_sync_message *ret, struct error *err)
{
	struct pollfd fds[] = {{.fd = server ? sync->fd : -1, .events = POLLIN}, {.fd = wait->fd, .events = POLLIN}};
	/* So that no number of milliseconds is too large for a time_t or for the clock. */
	int64_t bounded = ms < 3600000 ? ms : 3600000;
	struct timespec time = {.tv_sec = (time_t)(bounded / 1000), .tv_nsec = (long)(bounded % 1000) * 1000000};
	int64_t began = monotonic_ms();

	int ready = ppoll(fds, 2, &time, wait->signals);
	if (server)
		sync->silent_ms += monotonic_ms() - began;
	if (ready < 0 && errno != EINTR)
		return error_set(err, ERR_INTERNAL, "cannot wait: %m");
	if (ready < 0)
		ret->kind = SYNC_SIGNAL;
	else if (fds[1].revents)
		ret->kind = SYNC_DESCRIPTOR;
	else
		return 0;
	return 1;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int await_message(struct ldap_sync *sync, const struct ldap_sync_wait *wait, struct ldap_sync_message *ret,
			 struct error *err)
{
	int64_t deadline = deadline_after(wait->ms);
	int status = 0;

	ret->kind = SYNC_DEADLINE;
	if (wait->fd >= 0 || wait->signals)
		status = wait_for(sync, wait, 0, false, ret, err);
	while (!status) {
		status = take_message(sync, ret, err);
		if (status)
			return status;
		if (check_silence(sync, err))
			return -1;
		int64_t time = deadline - monotonic_ms();
		if (time <= 0)
			return 0;
		status = wait_for(sync, wait, least(time, silence_left(sync)), true, ret, err);
	}
	return status < 0 ? -1 : 0;
}

int ldap_sync_next(struct ldap_sync *sync, const struct ldap_sync_wait *wait, struct ldap_sync_message *ret,
		   struct error *err)
{
	*ret = (struct ldap_sync_message){0};
	if (!sync->going)
		return error_set(err, ERR_INTERNAL, "the sync with %s has ended", sync->connection->url);
	int status = await_message(sync, wait, ret, err);
	return status < 0 ? fail(ret->of ? ret->of : sync, err) : status;
}
