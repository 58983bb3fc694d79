/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one LDAP source as a job would and prints what it hands on, one JSON object per line; the last line is the
 * result. Settings are arguments, KEY=VALUE, named in the table below. Exit status: 0 complete or incomplete, 1 failed.
 */
#include "arguments.h"
#include "roster/log.h"
#include "source/registry.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char *urls[LIST_MAX], *attributes[LIST_MAX];
static struct source_config config = {
    .name = "test",
    .type = "ldap",
    .dialect = "",
    .attributes = attributes,
    .server =
	{.urls = urls, .ca_file = "", .connect_ms = 10000, .operation_ms = 10000, .run_ms = 60000, .page_size = 500},
    .ldap = {.bind_dn = "", .password = {""}, .sasl = ""},
    .users = {.id = "entryUUID", .login = "uid", .email = "mail", .name = "cn"},
    .groups = {.id = "entryUUID", .name = "cn", .member = ""},
    .units = {.id = "entryUUID", .name = "ou"},
};
static int64_t slow_ms, stop_after = -1;
static bool quiet, debug;

static const struct setting settings[] = {
    {.key = "dialect", .text = &config.dialect},
    {.key = "bind_dn", .text = &config.ldap.bind_dn},
    {.key = "password", .text = &config.ldap.password.text},
    {.key = "sasl", .text = &config.ldap.sasl},
    {.key = "ca_file", .text = &config.server.ca_file},
    {.key = "users.base", .text = &config.users.base},
    {.key = "users.filter", .text = &config.users.filter},
    {.key = "users.id", .text = &config.users.id},
    {.key = "groups.base", .text = &config.groups.base},
    {.key = "groups.filter", .text = &config.groups.filter},
    {.key = "groups.id", .text = &config.groups.id},
    {.key = "groups.member", .text = &config.groups.member},
    {.key = "units.base", .text = &config.units.base},
    {.key = "units", .flag = &config.units.present},
    {.key = "starttls", .flag = &config.ldap.starttls},
    {.key = "allow_plaintext", .flag = &config.ldap.allow_plaintext},
    {.key = "connect_ms", .number = &config.server.connect_ms},
    {.key = "operation_ms", .number = &config.server.operation_ms},
    {.key = "run_ms", .number = &config.server.run_ms},
    {.key = "page_size", .number = &config.server.page_size},
    {.key = "slow_ms", .number = &slow_ms},       /* the sink takes so long for each entry */
    {.key = "stop_after", .number = &stop_after}, /* the sink fails after so many entries */
    {.key = "quiet", .flag = &quiet},             /* print the result only */
    {.key = "debug", .flag = &debug},
    {.key = "url", .list = urls, .list_count = &config.server.url_count},
    {.key = "attribute", .list = attributes, .list_count = &config.attribute_count},
    {0},
};

/* Text as it is, other octets as {"base64": ...}. */
static struct json *octets(const struct value *value)
{
	struct json *text = json_new_text(value->data, value->size, NULL);
	struct str encoded = {0};

	if (text)
		return text;
	text = json_new_object();
	base64_encode(&encoded, value->data, value->size);
	json_put_text(text, "base64", str_text(&encoded), NULL);
	str_free(&encoded);
	return text;
}

static int print_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	static int64_t count;

	(void)sink;
	const struct timespec pause = {.tv_sec = slow_ms / 1000, .tv_nsec = slow_ms % 1000 * 1000000};
	if (slow_ms > 0)
		nanosleep(&pause, NULL);
	if (count++ == stop_after)
		return error_set(err, ERR_CONFLICT, "the sink has had enough");
	if (quiet)
		return 0;
	struct json *line = json_new_object(), *all = json_new_object();
	json_put_text(line, "kind", entry_kind_name(entry->kind), NULL);
	json_put_text(line, "id", entry->id, NULL);
	json_put_text(line, "dn", entry->dn, NULL);
	for (size_t i = 0; i < entry->attribute_count; i++) {
		struct json *values = json_new_array();
		for (size_t j = 0; j < entry->attributes[i].count; j++) {
			const struct value *value = &entry->attributes[i].values[j];
			if (value->data[value->size] != '\0')
				return error_set(err, ERR_INTERNAL, "no NUL behind a value of %s", entry->dn);
			json_append(values, octets(value), NULL);
		}
		json_put(all, entry->attributes[i].name, values, NULL);
	}
	json_put(line, "attributes", all, NULL);
	print_line(line);
	return 0;
}

static int print_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			    struct error *err)
{
	const struct value name = {.data = what, .size = strlen(what)};
	struct json *line = json_new_object();

	(void)sink, (void)err;
	json_put(line, "unreadable", octets(&name), NULL);
	if (id)
		json_put_text(line, "id", id, NULL);
	json_put_text(line, "why", why, NULL);
	print_line(line);
	return 0;
}

static void print_result(const struct read_result *result, const struct error *err)
{
	struct json *line = json_new_object();
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	json_put_text(line, "result", completeness_name(result->completeness), NULL);
	json_put_text(line, "reason", result->reason, NULL);
	json_put(line, "entries", json_new_integer((int64_t)result->entries), NULL);
	json_put(line, "unreadable", json_new_integer((int64_t)result->unreadable), NULL);
	json_put_text(line, "class", error_class_name(err->class), NULL);
	json_put_text(line, "error", err->text, NULL);
	json_put(line, "cpu_ms",
		 json_new_integer((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
				  (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000),
		 NULL);
	print_line(line);
}

int main(int argc, char **argv)
{
	struct entry_sink sink = {.entry = print_entry, .unreadable = print_unreadable};
	const struct source_ops *driver = source_driver("ldap");
	struct read_result result = {0};
	struct source *source = NULL;
	struct error err = {0};

	if (!take_arguments(argc, argv, settings))
		return 2;
	if (debug)
		log_setup(LOG_DEBUG_LEVEL, LOG_LOGFMT);
	int status = driver->open(&config, &source, &err);
	if (!status)
		status = driver->read_all(source, &sink, &result, &err);
	driver->close(&source);
	print_result(&result, &err);
	return status ? 1 : 0;
}
