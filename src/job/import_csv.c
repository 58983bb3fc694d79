/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180): the first line names the columns; an empty cell says nothing; lists are separated by semicolons. */
#include "job/import_lines.h"

#include <string.h>

struct csv {
	struct import_lines *lines;
	const char *at, *end;
	int line;                       /* of what comes next */
	const char *cells[FIELDS_MOST]; /* of one row; from the arena */
	size_t count;
	const char *columns[FIELDS_MOST];
	size_t column_count;
};

/* A cell in quotes, which may hold lines; at stands behind the first quote. false when it has no end. */
static bool take_quoted(struct csv *csv, struct str *cell)
{
	while (csv->at < csv->end) {
		char c = *csv->at++;
		if (c == '"' && (csv->at == csv->end || *csv->at != '"'))
			return true;
		csv->at += c == '"';
		csv->line += c == '\n';
		str_add_char(cell, c);
	}
	return false;
}

static bool at_line_end(const struct csv *csv)
{
	return csv->at == csv->end || *csv->at == '\n' ||
	       (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n');
}

/* What is wrong with the cell, or NULL. */
static const char *take_cell(struct csv *csv, struct str *cell)
{
	if (csv->at < csv->end && *csv->at == '"') {
		csv->at++;
		if (!take_quoted(csv, cell))
			return "a cell in quotes has no end";
		return at_line_end(csv) || *csv->at == ',' ? NULL : "text follows the quote that ends a cell";
	}
	while (!at_line_end(csv) && *csv->at != ',') {
		if (*csv->at == '"')
			return "a quote in a cell that does not begin with one";
		str_add_char(cell, *csv->at++);
	}
	return NULL;
}

static void skip_line(struct csv *csv)
{
	const char *stop = csv->at < csv->end ? memchr(csv->at, '\n', (size_t)(csv->end - csv->at)) : NULL;

	csv->at = stop == NULL ? csv->end : stop + 1;
	csv->line++;
}

/* The cells of the next row; what is wrong with it, or NULL. */
static const char *take_row(struct csv *csv)
{
	struct str cell = {0};
	const char *wrong = NULL;

	for (csv->count = 0;;) {
		str_clear(&cell);
		wrong = csv->count == FIELDS_MOST ? "it has too many cells" : take_cell(csv, &cell);
		if (wrong != NULL)
			break;
		csv->cells[csv->count++] = arena_strdup(csv->lines->arena, str_text(&cell));
		if (csv->at == csv->end || *csv->at != ',')
			break;
		csv->at++;
	}
	str_free(&cell);
	skip_line(csv);
	return wrong;
}

/* false when the columns cannot be used, and with them nothing else. */
static bool take_columns(struct csv *csv)
{
	const char *wrong = take_row(csv);
	bool good = wrong == NULL;

	if (!good)
		import_lines_refuse(csv->lines, 1, "%s", wrong);
	for (size_t i = 0; i < csv->count; i++) {
		const char *name = csv->cells[i], *near = import_key_near(name);
		csv->columns[csv->column_count++] = name;
		for (size_t o = 0; o < i; o++)
			if (strcmp(csv->columns[o], name) == 0) {
				import_lines_refuse(csv->lines, 1, "column \"%s\" is there twice", name);
				good = false;
			}
		if (import_key_is_known(name))
			continue;
		good = false;
		if (near != NULL)
			import_lines_refuse(csv->lines, 1, "unknown column \"%s\"; did you mean \"%s\"?", name, near);
		else
			import_lines_refuse(csv->lines, 1, "unknown column \"%s\"", name);
	}
	return good;
}

/* "a; b;c" */
static void split(struct csv *csv, const char *text, struct import_field *field)
{
	size_t most = 1;

	for (const char *at = text; *at != '\0'; at++)
		most += *at == ';';
	field->values = arena_alloc_array(csv->lines->arena, most, sizeof *field->values);
	for (const char *at = text;; at++) {
		at += strspn(at, " ");
		size_t size = strcspn(at, ";"), kept = size;
		while (kept > 0 && at[kept - 1] == ' ')
			kept--;
		if (kept > 0)
			field->values[field->count++] = arena_printf(csv->lines->arena, "%.*s", (int)kept, at);
		at += size;
		if (*at == '\0')
			return;
	}
}

static void take_record(struct csv *csv, int line)
{
	struct import_record record = {.line = line};

	for (size_t i = 0; i < csv->count; i++) {
		struct import_field *field = &record.fields[record.count];
		if (csv->cells[i][0] == '\0')
			continue;
		*field = (struct import_field){.key = csv->columns[i]};
		if (import_key_is_list(field->key)) {
			split(csv, csv->cells[i], field);
		} else {
			field->values = arena_alloc_array(csv->lines->arena, 1, sizeof *field->values);
			field->values[field->count++] = csv->cells[i];
		}
		record.count++;
	}
	import_record_take(csv->lines, &record);
}

void import_csv_read(const struct str *text, struct import_lines *lines)
{
	struct csv csv = {.lines = lines, .at = str_text(text), .end = str_text(text) + text->size, .line = 1};

	if (!take_columns(&csv))
		return;
	while (csv.at < csv.end) {
		int line = csv.line;
		if (at_line_end(&csv)) {
			skip_line(&csv);
			continue;
		}
		const char *wrong = take_row(&csv);
		if (wrong != NULL)
			import_lines_refuse(lines, line, "%s", wrong);
		else if (csv.count != csv.column_count)
			import_lines_refuse(lines, line, "cells: %zu, but the first line names %zu columns", csv.count,
					    csv.column_count);
		else
			take_record(&csv, line);
	}
}
