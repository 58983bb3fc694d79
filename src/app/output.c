/* SPDX-License-Identifier: Apache-2.0 */
#include "app/output.h"

#include "roster/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NUMBER_MOST = 400, SECONDS_SIZE = 19 };

/* --- tables ---------------------------------------------------------------------------------------------------------- */

struct table *table_new(struct arena *arena, const char *name, const char *const headings[])
{
	struct table *table = arena_alloc(arena, sizeof *table);

	table->arena = arena;
	table->name = name;
	for (; headings[table->columns] != NULL && table->columns < COLUMNS_MOST; table->columns++)
		table->headings[table->columns] = headings[table->columns];
	return table;
}

void table_add(struct table *table, const char *const cells[])
{
	size_t columns = (size_t)table->columns;

	if (table->rows == table->room) {
		table->room = table->room * 2 + 16;
		const char **grown = arena_alloc_array(table->arena, table->room * columns, sizeof *grown);
		if (table->rows > 0)
			memcpy(grown, table->cells, table->rows * columns * sizeof *grown);
		table->cells = grown;
	}
	memcpy(table->cells + table->rows * columns, cells, columns * sizeof *cells);
	table->rows++;
}

struct table *table_of_rows(struct arena *arena, const char *name, const struct pg_rows *rows)
{
	const char *headings[COLUMNS_MOST + 1] = {NULL}, *cells[COLUMNS_MOST];
	int columns = pg_columns(rows) < COLUMNS_MOST ? pg_columns(rows) : COLUMNS_MOST;

	for (int c = 0; c < columns; c++)
		headings[c] = pg_column_name(rows, c);
	struct table *table = table_new(arena, name, headings);
	for (int c = 0; c < columns; c++)
		table->kinds[c] = pg_column_kind(rows, c);
	for (size_t r = 0; r < pg_count(rows); r++) {
		for (int c = 0; c < columns; c++)
			cells[c] = pg_is_null(rows, r, c) ? NULL : pg_text(rows, r, c);
		table_add(table, cells);
	}
	return table;
}

static const char *cell(const struct table *table, size_t row, int column)
{
	return table->cells[row * (size_t)table->columns + (size_t)column];
}

/* --- for people ------------------------------------------------------------------------------------------------------ */

void output_add_text(struct str *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		str_add_char(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

void output_add_list(struct str *out, const char *list, const char *between)
{
	struct str item = {0};
	bool first = true;

	while (pg_array_next(&list, &item)) {
		str_add(out, first ? "" : between);
		str_add(out, str_text(&item));
		first = false;
	}
	str_free(&item);
}

/* Columns a text takes on a terminal: its characters. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xC0) != 0x80;
	return width;
}

static void add_heading(struct str *out, const char *heading)
{
	for (; *heading != '\0'; heading++)
		str_add_char(out, *heading == '_' ? ' ' : *heading);
}

/* As people read it: yes and no, a time without fractions. */
static void add_cell(struct str *out, const struct table *table, size_t row, int column)
{
	const char *text = cell(table, row, column);
	struct str list = {0};

	if (text == NULL)
		return;
	if (table->kinds[column] == PG_KIND_LIST) {
		output_add_list(&list, text, ", ");
		output_add_text(out, str_text(&list));
		str_free(&list);
	} else if (table->kinds[column] == PG_KIND_BOOLEAN)
		str_add(out, text[0] == 't' ? "yes" : "no");
	else if (table->kinds[column] == PG_KIND_TIME && strlen(text) > SECONDS_SIZE)
		str_append(out, text, SECONDS_SIZE);
	else
		output_add_text(out, text);
}

static void measure(const struct table *table, int widths[])
{
	struct str text = {0};

	for (int c = 0; c < table->columns; c++) {
		widths[c] = width_of(table->headings[c]);
		for (size_t r = 0; r < table->rows; r++) {
			str_clear(&text);
			add_cell(&text, table, r, c);
			int width = width_of(str_text(&text));
			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	str_free(&text);
}

static void pad(struct str *out, int count)
{
	while (count-- > 0)
		str_add_char(out, ' ');
}

/* One line of a table; row -1 is the headings. Numbers stand to the right, and no line ends in spaces. */
static void add_line(struct str *out, const struct table *table, const int widths[], long row)
{
	struct str text = {0};
	int owed = 0;

	for (int c = 0; c < table->columns; c++) {
		str_clear(&text);
		if (row < 0)
			add_heading(&text, table->headings[c]);
		else
			add_cell(&text, table, (size_t)row, c);
		int rest = widths[c] - width_of(str_text(&text));
		bool right = table->kinds[c] == PG_KIND_NUMBER;
		if (text.size > 0) {
			pad(out, owed + (right ? rest : 0));
			str_add(out, str_text(&text));
			owed = GAP + (right ? 0 : rest);
		} else {
			owed += widths[c] + GAP;
		}
	}
	str_free(&text);
}

static void add_record(struct str *out, const struct table *table, size_t row)
{
	int width = 0;
	struct str text = {0};

	for (int c = 0; c < table->columns; c++)
		width = width_of(table->headings[c]) > width ? width_of(table->headings[c]) : width;
	for (int c = 0; c < table->columns; c++) {
		str_clear(&text);
		add_cell(&text, table, row, c);
		if (text.size == 0)
			continue;
		add_heading(out, table->headings[c]);
		pad(out, width - width_of(table->headings[c]) + GAP);
		str_printf(out, "%s\n", str_text(&text));
	}
	str_free(&text);
}

static void add_table(struct str *out, const struct app *app, const struct table *table)
{
	int widths[COLUMNS_MOST];

	if (table->rows == 0)
		return;
	measure(table, widths);
	str_add(out, app->color ? "\033[1m" : "");
	add_line(out, table, widths, -1);
	str_add(out, app->color ? "\033[0m\n" : "\n");
	for (size_t r = 0; r < table->rows; r++) {
		add_line(out, table, widths, (long)r);
		str_add_char(out, '\n');
	}
}

static void print_text(const struct app *app, struct table *const tables[], size_t count)
{
	struct str out = {0};
	size_t rows = 0;

	for (size_t t = 0; t < count; t++) {
		rows += tables[t]->rows;
		if (out.size > 0 && tables[t]->rows > 0)
			str_add_char(&out, '\n');
		for (size_t r = 0; tables[t]->record && r < tables[t]->rows; r++)
			add_record(&out, tables[t], r);
		if (!tables[t]->record)
			add_table(&out, app, tables[t]);
	}
	fputs(str_text(&out), stdout);
	if (rows == 0 && count > 0 && tables[0]->nothing != NULL)
		fprintf(stderr, "%s\n", tables[0]->nothing);
	else if (rows == 0)
		fprintf(stderr, "there are no %s\n", count == 0 ? "rows" : tables[0]->name);
	str_free(&out);
}

/* --- for programs ---------------------------------------------------------------------------------------------------- */

static void add_plain(struct str *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '\t')
			str_add(out, "\\t");
		else if (*text == '\n')
			str_add(out, "\\n");
		else if (*text == '\\')
			str_add(out, "\\\\");
		else
			str_add_char(out, *text);
	}
}

/* Lines of several tables are told apart by the name in front. */
static void print_plain(const struct table *table, bool named)
{
	struct str out = {0}, list = {0};

	for (size_t r = 0; r < table->rows; r++) {
		if (named)
			str_printf(&out, "%s\t", table->name);
		for (int c = 0; c < table->columns; c++) {
			str_add(&out, c == 0 ? "" : "\t");
			str_clear(&list);
			if (table->kinds[c] == PG_KIND_LIST && cell(table, r, c) != NULL)
				output_add_list(&list, cell(table, r, c), ", ");
			add_plain(&out, table->kinds[c] == PG_KIND_LIST ? str_text(&list) : cell(table, r, c));
		}
		str_add_char(&out, '\n');
	}
	fputs(str_text(&out), stdout);
	str_free(&out);
	str_free(&list);
}

void output_add_csv(struct str *out, const char *text)
{
	bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	str_add(out, quoted ? "\"" : "");
	str_add(out, formula ? "'" : "");
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '"')
			str_add_char(out, '"');
		str_add_char(out, *at);
	}
	str_add(out, quoted ? "\"" : "");
}

static void add_csv_cell(struct str *out, const struct table *table, size_t row, int column)
{
	const char *text = cell(table, row, column);
	struct str list = {0};

	if (text == NULL)
		return;
	if (table->kinds[column] == PG_KIND_LIST)
		output_add_list(&list, text, ", ");
	else if (table->kinds[column] == PG_KIND_BOOLEAN)
		str_add(&list, text[0] == 't' ? "true" : "false");
	else
		str_add(&list, text);
	output_add_csv(out, str_text(&list));
	str_free(&list);
}

int output_csv(const struct table *table)
{
	struct str out = {0};

	for (int c = 0; c < table->columns; c++)
		str_printf(&out, "%s%s", c == 0 ? "" : ",", table->headings[c]);
	str_add(&out, "\r\n");
	for (size_t r = 0; r < table->rows; r++) {
		for (int c = 0; c < table->columns; c++) {
			str_add(&out, c == 0 ? "" : ",");
			add_csv_cell(&out, table, r, c);
		}
		str_add(&out, "\r\n");
	}
	fputs(str_text(&out), stdout);
	str_free(&out);
	return 0;
}

static struct json *json_of_list(const char *list)
{
	struct json *array = json_new_array();
	struct str item = {0};

	while (pg_array_next(&list, &item))
		json_append(array, json_new_text(str_text(&item), item.size, NULL), NULL);
	str_free(&item);
	return array;
}

static struct json *json_of_cell(const struct table *table, size_t row, int column, struct error *err)
{
	const char *text = cell(table, row, column);
	struct json *number = NULL;

	if (text == NULL)
		return json_new_null();
	if (table->kinds[column] == PG_KIND_BOOLEAN)
		return json_new_boolean(text[0] == 't');
	if (table->kinds[column] == PG_KIND_LIST)
		return json_of_list(text);
	if (table->kinds[column] == PG_KIND_NUMBER)
		return json_parse(text, strlen(text), NUMBER_MOST, &number, err) == 0 ? number : NULL;
	return json_new_text(text, strlen(text), err);
}

static int put_table(struct json *document, const struct table *table, struct error *err)
{
	struct json *array = json_new_array();

	for (size_t r = 0; r < table->rows; r++) {
		struct json *object = json_new_object();
		for (int c = 0; c < table->columns; c++) {
			if (json_put(object, table->headings[c], json_of_cell(table, r, c, err), err) != 0) {
				json_free(&object);
				json_free(&array);
				return -1;
			}
		}
		json_append(array, object, NULL);
	}
	return json_put(document, table->name, array, err);
}

int output_json(struct json *object, struct error *err)
{
	struct str text = {0};
	int rc = json_put(object, "schema", json_new_integer(1), err);

	json_print(object, true, &text);
	if (rc == 0)
		printf("%s\n", str_text(&text));
	str_free(&text);
	json_free(&object);
	return rc;
}

static int print_json(struct table *const tables[], size_t count, struct error *err)
{
	struct json *document = json_new_object();

	for (size_t t = 0; t < count; t++) {
		if (put_table(document, tables[t], err) != 0) {
			json_free(&document);
			return -1;
		}
	}
	return output_json(document, err);
}

int app_print_tables(struct app *app, struct table *const tables[], size_t count, struct error *err)
{
	if (app->format == OUTPUT_JSON)
		return print_json(tables, count, err);
	if (app->format == OUTPUT_TEXT)
		print_text(app, tables, count);
	for (size_t t = 0; app->format == OUTPUT_PLAIN && t < count; t++)
		print_plain(tables[t], count > 1);
	return 0;
}

int app_print_rows(struct app *app, const char *name, const struct pg_rows *rows, struct error *err)
{
	struct table *table = table_of_rows(app->arena, name, rows);

	return app_print_tables(app, &table, 1, err);
}

void app_done(struct app *app, const char *format, ...)
{
	struct json *object;
	va_list args;

	va_start(args, format);
	char *text = xvasprintf(format, args);
	va_end(args);
	if (app->format == OUTPUT_JSON) {
		object = json_new_object();
		json_put_text(object, "done", text, NULL);
		output_json(object, NULL);
	} else {
		fprintf(stderr, "done: %s\n", text);
	}
	free(text);
}
