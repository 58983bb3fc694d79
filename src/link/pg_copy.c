/* SPDX-License-Identifier: Apache-2.0 */
#include "link/pg_private.h"
#include "roster/pg.h"
#include "roster/text.h"

#include <stdio.h>
#include <string.h>

/* What the server reads while we write the next. */
enum { COPY_CHUNK = 32 * 1024 };

int pg_copy_start(struct pg *pg, const char *sql, struct error *err)
{
	PGresult *result = PQexec(pg->connection, sql);
	int rc = 0;

	if (PQresultStatus(result) != PGRES_COPY_IN)
		rc = pg_fault(pg, result, err);
	PQclear(result);
	str_clear(&pg->copy);
	pg->field_open = false;
	return rc;
}

static void next_field(struct pg *pg)
{
	if (pg->field_open)
		str_add_char(&pg->copy, '\t');
	pg->field_open = true;
}

/* The escape of the COPY text format for this byte, or 0. */
static char copy_escape(char c)
{
	switch (c) {
	case '\\':
		return '\\';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	default:
		return 0;
	}
}

void pg_copy_bytes(struct pg *pg, const char *text, size_t size)
{
	size_t start = 0;

	next_field(pg);
	for (size_t i = 0; i < size; i++) {
		char escape = copy_escape(text[i]);
		if (escape == 0)
			continue;
		str_append(&pg->copy, text + start, i - start);
		str_add_char(&pg->copy, '\\');
		str_add_char(&pg->copy, escape);
		start = i + 1;
	}
	str_append(&pg->copy, text + start, size - start);
}

void pg_copy_text(struct pg *pg, const char *text)
{
	if (text != NULL) {
		pg_copy_bytes(pg, text, strlen(text));
	} else {
		next_field(pg);
		str_add(&pg->copy, "\\N");
	}
}

void pg_copy_integer(struct pg *pg, int64_t number)
{
	char text[32];
	int size = snprintf(text, sizeof text, "%lld", (long long)number);

	next_field(pg);
	str_append(&pg->copy, text, (size_t)size);
}

void pg_copy_uuid(struct pg *pg, const uint8_t bytes[16])
{
	char text[UUID_TEXT];

	if (bytes == NULL) {
		pg_copy_text(pg, NULL);
		return;
	}
	uuid_format(bytes, text);
	next_field(pg);
	str_append(&pg->copy, text, UUID_TEXT - 1);
}

void pg_copy_array_begin(struct pg *pg)
{
	next_field(pg);
	str_add_char(&pg->copy, '{');
	pg->item_open = false;
}

static void next_item(struct pg *pg)
{
	if (pg->item_open)
		str_add_char(&pg->copy, ',');
	pg->item_open = true;
}

void pg_copy_array_uuid(struct pg *pg, const uint8_t bytes[16])
{
	char text[UUID_TEXT];

	uuid_format(bytes, text);
	next_item(pg);
	str_append(&pg->copy, text, UUID_TEXT - 1);
}

/* Quoted for the array first, then escaped for COPY: a backslash of the value becomes four. */
void pg_copy_array_text(struct pg *pg, const char *text)
{
	next_item(pg);
	if (text == NULL) {
		str_add(&pg->copy, "NULL");
		return;
	}
	str_add_char(&pg->copy, '"');
	for (; *text != '\0'; text++) {
		char escape = copy_escape(*text);
		if (*text == '"')
			str_add(&pg->copy, "\\\\\"");
		else if (*text == '\\')
			str_add(&pg->copy, "\\\\\\\\");
		else if (escape != 0)
			str_printf(&pg->copy, "\\%c", escape);
		else
			str_add_char(&pg->copy, *text);
	}
	str_add_char(&pg->copy, '"');
}

void pg_copy_array_end(struct pg *pg)
{
	str_add_char(&pg->copy, '}');
}

static int send_chunk(struct pg *pg, struct error *err)
{
	int rc = PQputCopyData(pg->connection, str_text(&pg->copy), (int)pg->copy.size);

	str_clear(&pg->copy);
	return rc == 1 ? 0 : pg_fault(pg, NULL, err);
}

int pg_copy_row(struct pg *pg, struct error *err)
{
	str_add_char(&pg->copy, '\n');
	pg->field_open = false;
	return pg->copy.size < COPY_CHUNK ? 0 : send_chunk(pg, err);
}

/* What the server says at the end of a COPY; the last fault counts, all results are taken off the wire. */
static int collect(struct pg *pg, struct error *err)
{
	int rc = 0;

	for (PGresult *result; (result = PQgetResult(pg->connection)) != NULL; PQclear(result))
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			rc = pg_fault(pg, result, err);
	return rc;
}

int pg_copy_end(struct pg *pg, struct error *err)
{
	if (pg->copy.size > 0 && send_chunk(pg, err) != 0)
		return -1;
	if (PQputCopyEnd(pg->connection, NULL) != 1)
		return pg_fault(pg, NULL, err);
	return collect(pg, err);
}

void pg_copy_abort(struct pg *pg, const char *why)
{
	str_clear(&pg->copy);
	if (PQputCopyEnd(pg->connection, why) == 1)
		collect(pg, NULL);
}

void pg_array(const char *const items[], size_t count, struct str *out)
{
	str_add_char(out, '{');
	for (size_t i = 0; i < count; i++) {
		str_add(out, i == 0 ? "\"" : ",\"");
		for (const char *c = items[i]; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				str_add_char(out, '\\');
			str_add_char(out, *c);
		}
		str_add_char(out, '"');
	}
	str_add_char(out, '}');
}

bool pg_array_next(const char **at, struct str *item)
{
	const char *c = *at;

	str_clear(item);
	c += *c == '{' || *c == ',';
	if (*c == '}' || *c == '\0')
		return false;
	bool quoted = *c == '"';
	c += quoted;
	for (; *c != '\0' && (quoted ? *c != '"' : *c != ',' && *c != '}'); c++) {
		c += *c == '\\' && c[1] != '\0';
		str_add_char(item, *c);
	}
	*at = c + (*c == '"');
	return true;
}
