/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE_MAX = 120, FIRST_ROOM = 8 };

/* One line for a terminal: control characters, which could move its cursor, become '?'; hints keep line breaks. */
static char *printable(struct arena *arena, const char *text, bool multiline)
{
	char *copy = arena_strdup(arena, text);

	for (char *at = copy; at && *at; at++)
		if (iscntrl((unsigned char)*at) && !(multiline && *at == '\n'))
			*at = *at == '\t' ? ' ' : '?';
	return copy;
}

/* Without the space around it, and not longer than a line of a terminal. */
static const char *shown_line(struct arena *arena, const char *line)
{
	if (!line)
		return NULL;
	line += strspn(line, " \t");
	size_t size = strlen(line);
	while (size > 0 && isspace((unsigned char)line[size - 1]))
		size--;
	if (size == 0)
		return NULL;
	if (size <= LINE_SIZE_MAX)
		return printable(arena, arena_strndup(arena, line, size), false);
	for (size = LINE_SIZE_MAX; size > 0 && ((unsigned char)line[size] & 0xC0) == 0x80;)
		size--;
	return printable(arena, arena_printf(arena, "%.*s ...", (int)size, line), false);
}

/* Room doubles at every power of two, so that struct findings needs no capacity. */
static void make_room(struct findings *findings, struct arena *arena)
{
	size_t count = findings->count;
	bool full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);

	if (!full)
		return;
	size_t room = count == 0 ? FIRST_ROOM : 2 * count;
	struct finding *items = arena_alloc_array(arena, room, sizeof(*items));
	if (count > 0)
		memcpy(items, findings->items, count * sizeof(*items));
	findings->items = items;
}

void findings_add(struct findings *findings, struct arena *arena, const struct finding *finding)
{
	make_room(findings, arena);
	findings->items[findings->count++] = (struct finding){
	    .warning = finding->warning,
	    .position = finding->position,
	    .source_line = shown_line(arena, finding->source_line),
	    .text = printable(arena, finding->text, false),
	    .hint = printable(arena, finding->hint, true),
	};
	if (!finding->warning)
		findings->errors++;
}

static void print_hint(const char *hint, struct str *out)
{
	str_add(out, "    hint: ");
	for (; *hint; hint++) {
		str_add_char(out, *hint);
		if (*hint == '\n')
			str_add(out, "          ");
	}
	str_add_char(out, '\n');
}

void findings_print(const struct findings *findings, struct str *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		str_add(out, finding->position.file);
		if (finding->position.line > 0)
			str_printf(out, ":%d", finding->position.line);
		str_printf(out, ": %s%s\n", finding->warning ? "warning: " : "", finding->text);
		if (finding->source_line)
			str_printf(out, "    %s\n", finding->source_line);
		if (finding->hint)
			print_hint(finding->hint, out);
	}
}

int findings_error(const struct findings *findings, struct error *err)
{
	const struct finding *first = findings->items;

	if (findings->errors == 0)
		return 0;
	while (first->warning)
		first++;
	if (first->position.line > 0)
		error_set(err, ERR_CONFIG, "%s:%d: %s", first->position.file, first->position.line, first->text);
	else
		error_set(err, ERR_CONFIG, "%s: %s", first->position.file, first->text);
	return findings->errors > 1 ? error_hint(err, "and %zu more", findings->errors - 1) : -1;
}

int findings_count(const struct findings *findings, struct error *err)
{
	if (findings->errors == 0)
		return 0;
	return error_set(err, ERR_CONFIG, "%zu mistake%s in the configuration", findings->errors,
			 findings->errors == 1 ? "" : "s");
}

/* The place of a file among those that were read; their count when it is none of them. */
static size_t document_rank(struct document *const *documents, size_t count, const char *file)
{
	size_t rank = 0;

	while (rank < count && documents[rank]->file != file)
		rank++;
	return rank;
}

static const char *line_at(struct document *const *documents, size_t count, struct position position)
{
	size_t rank = document_rank(documents, count, position.file);

	return rank < count ? document_line(documents[rank], position.line) : NULL;
}

const char *report_line(const struct loader *loader, struct position position)
{
	return line_at(loader->documents, loader->document_count, position);
}

static void report(struct loader *loader, bool warning, struct position position, const char *hint, const char *text)
{
	findings_add(loader->findings, loader->arena,
		     &(struct finding){warning, position, report_line(loader, position), text, hint});
}

static char *formatted(struct str *text, const char *format, va_list args)
{
	char *bytes = xvasprintf(format, args);

	str_add(text, bytes);
	free(bytes);
	return text->data;
}

void report_error(struct loader *loader, struct position position, const char *hint, const char *format, ...)
{
	struct str text = {0};
	va_list args;

	va_start(args, format);
	report(loader, false, position, hint, formatted(&text, format, args));
	va_end(args);
	str_free(&text);
}

void report_warning(struct loader *loader, struct position position, const char *hint, const char *format, ...)
{
	struct str text = {0};
	va_list args;

	va_start(args, format);
	report(loader, true, position, hint, formatted(&text, format, args));
	va_end(args);
	str_free(&text);
}

struct position node_position(const struct conf_node *node)
{
	return (struct position){node->file, node->line};
}

struct position child_position(const struct conf_node *node, const char *name)
{
	const struct conf_node *child = conf_child(node, name);
	return node_position(child ? child : node);
}

/* --- order: files as they were read, lines in them, then as found -------------------------------------------------- */

struct ranked {
	struct finding finding;
	size_t document, found;
};

static int ranked_compare(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->document != right->document)
		return left->document < right->document ? -1 : 1;
	if (left->finding.position.line != right->finding.position.line)
		return left->finding.position.line < right->finding.position.line ? -1 : 1;
	return left->found < right->found ? -1 : left->found > right->found;
}

void findings_sort(struct loader *loader)
{
	struct findings *findings = loader->findings;
	if (findings->count == 0)
		return;
	struct ranked *ranked = arena_alloc_array(loader->arena, findings->count, sizeof(*ranked));

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		ranked[i] = (struct ranked){
		    .finding = *finding,
		    .document = document_rank(loader->documents, loader->document_count, finding->position.file),
		    .found = i,
		};
	}
	qsort(ranked, findings->count, sizeof(*ranked), ranked_compare);
	for (size_t i = 0; i < findings->count; i++)
		findings->items[i] = ranked[i].finding;
}

/* --- about a configuration that has been read ---------------------------------------------------------------------- */

/* As far down the path as there are settings. */
static const struct conf_node *node_at(const struct conf_node *root, const char *path)
{
	const struct conf_node *node = root;

	for (size_t size; *path; path += size + (path[size] == '.')) {
		const struct conf_node *child = NULL;
		size = strcspn(path, ".");
		for (size_t i = 0; node->type == CONF_GROUP && i < node->count && !child; i++)
			if (strlen(node->children[i]->name) == size && memcmp(node->children[i]->name, path, size) == 0)
				child = node->children[i];
		if (!child)
			break;
		node = child;
	}
	return node;
}

static bool stands_behind(const struct config_written *written, const struct finding *a, const struct finding *b)
{
	size_t left = document_rank(written->documents, written->document_count, a->position.file);
	size_t right = document_rank(written->documents, written->document_count, b->position.file);

	return left != right ? left > right : a->position.line > b->position.line;
}

void config_report(const struct config *config, const char *path, const char *text, struct arena *arena,
		   struct findings *findings)
{
	const struct config_written *written = config->written;
	struct finding finding = {.position = node_position(node_at(written->root, path)), .text = text};

	finding.source_line = line_at(written->documents, written->document_count, finding.position);
	findings_add(findings, arena, &finding);
	finding = findings->items[findings->count - 1];
	size_t at = findings->count - 1;
	for (; at > 0 && stands_behind(written, &findings->items[at - 1], &finding); at--)
		findings->items[at] = findings->items[at - 1];
	findings->items[at] = finding;
}
