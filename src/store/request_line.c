/* SPDX-License-Identifier: Apache-2.0 */
/* The change list of a request: written by who carries it out, read by who asked. */
#include "roster/json.h"
#include "roster/request.h"
#include "store/private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_IN_BATCH = 500, LINE_MOST = 16 * 1024 * 1024 };

/* The texts of a change and their keys; what is empty is left out. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
    {"kind", offsetof(struct change, kind)},         {"action", offsetof(struct change, action)},
    {"login", offsetof(struct change, login)},       {"dn", offsetof(struct change, dn)},
    {"id", offsetof(struct change, external_id)},    {"anchor", offsetof(struct change, anchor)},
    {"role", offsetof(struct change, role)},         {"rule", offsetof(struct change, rule)},
    {"position", offsetof(struct change, position)}, {"via", offsetof(struct change, via)},
    {"was", offsetof(struct change, was)},
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

/* --- writing ---------------------------------------------------------------------------------------------------------- */

struct request_writer {
	struct change_sink sink;
	struct store *store;
	int64_t id;
	int64_t next;       /* number of the next line */
	struct json *lines; /* not sent yet */
};

int request_writer_flush(struct request_writer *writer, struct error *err)
{
	char id[NUMBER_TEXT], first[NUMBER_TEXT];
	size_t count = json_count(writer->lines);
	struct str text = {0};
	int rc = 0;

	if (count == 0)
		return 0;
	json_print(writer->lines, false, &text);
	const char *params[] = {number_text(writer->id, id), number_text(writer->next, first), str_text(&text)};
	rc = pg_query(writer->store->pg, "select request_lines_add($1, $2, $3)", params, 3, NULL, err);
	writer->next += (int64_t)count;
	json_free(&writer->lines);
	writer->lines = json_new_array();
	str_free(&text);
	return rc;
}

static int write_line(struct change_sink *sink, const struct change *change, struct error *err)
{
	struct request_writer *writer = (struct request_writer *)sink;
	struct json *line = json_new_object();
	int rc = json_put(line, "held", json_new_boolean(change->held), err) == 0
		     ? json_put(line, "rejected", json_new_boolean(change->rejected), err)
		     : -1;

	for (size_t i = 0; rc == 0 && i < TEXTS; i++) {
		const char *text = *(const char *const *)((const char *)change + texts[i].offset);
		if (text[0] != '\0')
			rc = json_put_text(line, texts[i].key, text, err);
	}
	if (json_append(writer->lines, line, err) != 0 || rc != 0)
		return -1;
	return json_count(writer->lines) < LINES_IN_BATCH ? 0 : request_writer_flush(writer, err);
}

int request_writer_open(const struct database_config *database, int64_t id, struct request_writer **ret,
			struct error *err)
{
	struct request_writer *writer = xcalloc(1, sizeof *writer);

	*writer = (struct request_writer){.sink.change = write_line, .id = id, .next = 1, .lines = json_new_array()};
	if (store_open(database, STORE_DAEMON, &writer->store, err) != 0) {
		request_writer_close(&writer);
		return -1;
	}
	*ret = writer;
	return 0;
}

int request_writer_progress(struct request_writer *writer, const char *text, struct error *err)
{
	char id[NUMBER_TEXT];
	const char *params[] = {number_text(writer->id, id), text};

	return pg_query(writer->store->pg, "select request_progress($1, $2)", params, 2, NULL, err);
}

struct change_sink *request_writer_sink(struct request_writer *writer)
{
	return &writer->sink;
}

void request_writer_close(struct request_writer **writer)
{
	if (*writer == NULL)
		return;
	store_close(&(*writer)->store);
	json_free(&(*writer)->lines);
	free(*writer);
	*writer = NULL;
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

static int read_line(const char *text, struct change_sink *sink, struct error *err)
{
	struct json *line = NULL;
	struct change change = {.held = false};
	int rc = json_parse(text, strlen(text), LINE_MOST, &line, err);

	if (rc == 0 && (json_get_boolean(line, "held", &change.held, err) < 0 ||
			json_get_boolean(line, "rejected", &change.rejected, err) < 0))
		rc = -1;
	for (size_t i = 0; rc == 0 && i < TEXTS; i++) {
		const char **place = (const char **)((char *)&change + texts[i].offset);
		*place = "";
		rc = json_get_text(line, texts[i].key, place, err) < 0 ? -1 : 0;
	}
	if (rc == 0)
		rc = sink->change(sink, &change, err);
	json_free(&line);
	return rc;
}

static int read_batch(const struct pg_rows *rows, void *context, struct error *err)
{
	for (size_t i = 0; i < pg_count(rows); i++)
		if (read_line(pg_text(rows, i, 0), context, err) != 0)
			return -1;
	return 0;
}

int request_lines_walk(struct store *store, int64_t id, struct change_sink *sink, struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(id, number)};

	if (store_begin(store, err) != 0)
		return -1;
	if (pg_stream(store->pg, "select * from request_line_list($1)", params, 1,
		      &(struct pg_reader){.batch = read_batch, .context = sink}, err) != 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}
