/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one content synchronization and prints every message as a JSON object on a line of its own, and after the refresh
 * what follows from it. Settings are arguments, KEY=VALUE, named in the table below.
 *
 * Standard input is the other descriptor of the wait: a line there is printed, "close" ends the sync and reads the base
 * on the same connection. SIGUSR1 is the signal. Exit status: 0, or 1 after an error.
 */
#include "arguments.h"
#include "source/ldap/refresh.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *urls[1], *attributes[LIST_MAX + 1];
static const char *password, *cookie;
static size_t attribute_count;
static struct ldap_options options = {
    .urls = urls, .bind_dn = "", .ca_file = "", .connect_ms = 10000, .operation_ms = 10000, .run_ms = 60000};
static struct ldap_sync_search search = {
    .base = "", .scope = SCOPE_SUBTREE, .filter = "(objectClass=*)", .attributes = attributes};
static struct ldap_sync_wait patience = {.ms = 20000, .fd = STDIN_FILENO};
static bool other_settings, names_no_present;

static const struct setting settings[] = {
    {.key = "url", .text = &urls[0]},
    {.key = "bind_dn", .text = &options.bind_dn},
    {.key = "password", .text = &password},
    {.key = "ca_file", .text = &options.ca_file},
    {.key = "base", .text = &search.base},
    {.key = "filter", .text = &search.filter},
    {.key = "cookie", .text = &cookie},
    {.key = "persist", .flag = &search.persist},
    {.key = "reload_hint", .flag = &search.reload_hint},
    {.key = "other_settings", .flag = &other_settings}, /* the cookie is of another search */
    {.key = "names_no_present", .flag = &names_no_present},
    {.key = "heartbeat_ms", .number = &search.heartbeat_ms},
    {.key = "operation_ms", .number = &options.operation_ms},
    {.key = "wait_ms", .number = &patience.ms},
    {.key = "attribute", .list = attributes, .list_count = &attribute_count},
    {0},
};

/* --- lines -------------------------------------------------------------------------------------------------------------- */

static struct json *line_of(const char *kind)
{
	struct json *line = json_new_object();

	json_put_text(line, "kind", kind, NULL);
	return line;
}

static void put_uuid(struct json *line, const struct ldap_uuid *uuid)
{
	char text[UUID_TEXT];

	uuid_format(uuid->bytes, text);
	json_put_text(line, "uuid", text, NULL);
}

static void put_entry(struct json *line, const struct ldap_sync_message *message)
{
	static const char *const states[] = {"present", "add", "modify", "delete"};
	struct json *all = json_new_object();

	json_put_text(line, "state", states[message->state], NULL);
	json_put_text(line, "dn", message->entry.dn, NULL);
	put_uuid(line, &message->uuid);
	for (size_t i = 0; i < message->entry.count; i++) {
		const struct ldap_attribute *attribute = &message->entry.attributes[i];
		struct json *values = json_new_array();
		for (size_t j = 0; j < attribute->count; j++)
			json_append(values, json_new_text(attribute->values[j].data, attribute->values[j].size, NULL),
				    NULL);
		json_put(all, attribute->name, values, NULL);
	}
	json_put(line, "attributes", all, NULL);
}

static void put_ids(struct json *line, const struct ldap_sync_message *message)
{
	struct json *ids = json_new_array();

	for (size_t i = 0; i < message->id_count; i++) {
		char text[UUID_TEXT];
		uuid_format(message->ids[i].bytes, text);
		json_append(ids, json_new_text(text, strlen(text), NULL), NULL);
	}
	json_put(line, "ids", ids, NULL);
}

static void put_done(struct json *line, const struct ldap_sync_message *message)
{
	static const char *const ends[] = {"clean", "refresh required", "newer", "failed"};

	json_put_text(line, "end", ends[message->end], NULL);
	json_put(line, "code", json_new_integer(message->code), NULL);
	json_put_text(line, "class", error_class_name(message->class), NULL);
	json_put_text(line, "reason", message->reason, NULL);
}

static void print_message(const struct ldap_sync_message *message)
{
	static const char *const kinds[] = {"deadline", "descriptor", "signal", "entry", "reference",
					    "ids",      "cookie",     "phase",  "done"};
	struct json *line = line_of(kinds[message->kind]);

	if (message->cookie.data)
		json_put_text(line, "cookie", message->cookie.data, NULL);
	if (message->kind == SYNC_IDS || message->kind == SYNC_PHASE || message->kind == SYNC_DONE)
		json_put(line, "deletes", json_new_boolean(message->deletes), NULL);
	if (message->kind == SYNC_ENTRY)
		put_entry(line, message);
	else if (message->kind == SYNC_REFERENCE)
		json_put_text(line, "reference", message->reference, NULL);
	else if (message->kind == SYNC_IDS)
		put_ids(line, message);
	else if (message->kind == SYNC_PHASE)
		json_put(line, "refresh_done", json_new_boolean(message->refresh_done), NULL);
	else if (message->kind == SYNC_DONE)
		put_done(line, message);
	print_line(line);
}

static void print_refresh(const struct refresh *refresh)
{
	static const char *const verdicts[] = {"nothing", "good", "anew", "newer"},
				 *const acts[] = {"stays", "new", "gone"},
				 *const states[] = {"unseen", "came", "present", "removed"};
	struct json *line = line_of("refresh");
	const struct uuid_slot *slot;
	size_t position = 0;

	json_put_text(line, "verdict", verdicts[refresh->verdict], NULL);
	json_put(line, "absent_is_gone", json_new_boolean(refresh->absent_is_gone), NULL);
	json_put_text(line, "cookie_act", acts[refresh->cookie_act], NULL);
	if (refresh->cookie_act == COOKIE_IS_NEW)
		json_put_text(line, "new_cookie", str_text(&refresh->new_cookie), NULL);
	struct json *named = json_new_object();
	while ((slot = refresh_next(refresh, &position))) {
		char text[UUID_TEXT];
		uuid_format(slot->uuid.bytes, text);
		json_put_text(named, text, states[slot->state], NULL);
	}
	json_put(line, "named", named, NULL);
	print_line(line);
}

static int print_error(const struct error *err)
{
	struct json *line = line_of("error");

	json_put_text(line, "class", error_class_name(err->class), NULL);
	json_put_text(line, "error", err->text, NULL);
	print_line(line);
	return 1;
}

/* --- the run ------------------------------------------------------------------------------------------------------------ */

static void on_signal(int number)
{
	(void)number;
}

static int count_entry(void *context, const struct ldap_entry *entry, struct error *err)
{
	(void)context, (void)entry, (void)err;
	return 0;
}

/* The connection serves an ordinary search once the sync is closed. */
static int read_base(struct ldap_connection *connection, struct error *err)
{
	const struct ldap_search plain = {.base = search.base,
					  .scope = SCOPE_BASE,
					  .filter = "(objectClass=*)",
					  .attributes = attributes,
					  .entry = count_entry};
	struct ldap_outcome outcome;

	if (ldap_connection_search(connection, &plain, &outcome, err))
		return -1;
	struct json *line = line_of("afterwards");
	json_put(line, "entries", json_new_integer((int64_t)outcome.entries), NULL);
	print_line(line);
	return 0;
}

/* true: the sync is to end. */
static bool take_input(void)
{
	char input[64] = "";

	ssize_t size = read(STDIN_FILENO, input, sizeof(input) - 1);
	return size <= 0 || strncmp(input, "close", 5) == 0;
}

/* 1 when there is more to come, 0 at the end, -1. */
static int follow(struct ldap_sync *sync, struct refresh *refresh, struct error *err)
{
	static bool over;
	struct ldap_sync_message message;

	int status = ldap_sync_next(sync, &patience, &message, err);
	if (status < 0)
		return -1;
	print_message(&message);
	if (status > 0 && !over && refresh_take(refresh, &message) == REFRESH_OVER) {
		over = true;
		print_refresh(refresh);
	}
	if (message.kind == SYNC_DESCRIPTOR && take_input())
		return 0;
	return message.kind != SYNC_DONE && message.kind != SYNC_DEADLINE;
}

static int run(struct error *err)
{
	struct refresh_terms terms = {.persist = search.persist,
				      .names_no_present = names_no_present,
				      .stored = {.data = cookie, .size = cookie ? strlen(cookie) : 0}};
	struct ldap_connection *connection = NULL;
	struct ldap_sync *sync = NULL;
	struct refresh refresh = {0};
	int status = -1;

	terms.stored_by.bytes[0] = other_settings;
	refresh_start(&refresh, &terms);
	search.cookie = refresh.cookie;
	if (ldap_connection_open(&options, &connection, err) || ldap_sync_start(connection, &search, &sync, err))
		goto out;
	print_line(line_of("started"));
	while ((status = follow(sync, &refresh, err)) > 0)
		;
	ldap_sync_close(&sync);
	if (!status)
		status = read_base(connection, err);
out:
	ldap_sync_close(&sync);
	ldap_connection_close(&connection);
	refresh_free(&refresh);
	return status;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t blocked, waiting;
	struct error err = {0};

	if (!take_arguments(argc, argv, settings))
		return 2;
	/* Blocked but while it waits: a signal that comes between two calls is not lost. */
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	patience.signals = &waiting;
	options.url_count = urls[0] ? 1 : 0;
	options.password = password;
	options.password_size = password ? strlen(password) : 0;
	return run(&err) ? print_error(&err) : 0;
}
