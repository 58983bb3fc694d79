/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/record.h"

#include <string.h>
#include <strings.h>

/* More distinct attributes than any schema puts into one entry; keeps a hostile file from taking quadratic time. */
enum { ATTRIBUTE_LIMIT = 4096 };

/* A line taken apart: "name: value". */
struct pair {
	const char *name, *value;
	size_t name_size, value_size;
	bool base64, url;
};

struct builder {
	struct ldif_records *records;
	struct arena *arena;
	struct ldif_record *record;
	struct str scratch;
	size_t size, lines;
};

static void note_problem(struct builder *builder, const struct ldif_line *line, const char *problem)
{
	if (!builder->record->problem)
		builder->record->problem = arena_printf(builder->arena, "line %lu %s", line->number, problem);
}

/* --- one line ------------------------------------------------------------------------------------------------------ */

static bool split(const struct ldif_line *line, struct pair *ret)
{
	const char *colon = memchr(line->text, ':', line->size), *end = line->text + line->size;

	if (!colon)
		return false;
	*ret = (struct pair){.name = line->text, .name_size = (size_t)(colon - line->text), .value = colon + 1};
	ret->base64 = colon[1] == ':';
	ret->url = colon[1] == '<';
	if (ret->base64 || ret->url)
		ret->value++;
	while (*ret->value == ' ')
		ret->value++;
	ret->value_size = (size_t)(end - ret->value);
	return true;
}

static bool is_named(const struct pair *pair, const char *name)
{
	return strlen(name) == pair->name_size && strncasecmp(pair->name, name, pair->name_size) == 0;
}

static bool is_attribute_name(const struct pair *pair)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-;._";
	size_t size = strspn(pair->name, allowed);

	return size == pair->name_size && size > 0 && strchr("-;._", pair->name[0]) == NULL;
}

/* ";binary" says how a value travels, not which attribute it belongs to (RFC 4522 section 3). */
static const char *copy_name(struct builder *builder, const struct pair *pair)
{
	char *name = arena_strndup(builder->arena, pair->name, pair->name_size);
	char *option = strrchr(name, ';');

	if (option && text_equal_fold(option, ";binary"))
		*option = '\0';
	return name;
}

/* 0 with the value, decoded and copied; -1 when the line does not hold one. */
static int read_value(struct builder *builder, const struct ldif_line *line, const struct pair *pair, struct value *ret)
{
	const char *bytes = pair->value;
	size_t size = pair->value_size;

	if (pair->base64) {
		str_clear(&builder->scratch);
		if (base64_decode(bytes, size, &builder->scratch) < 0) {
			note_problem(builder, line, "is not valid base64");
			return -1;
		}
		bytes = str_text(&builder->scratch);
		size = builder->scratch.size;
	} else if (memchr(bytes, '\0', size)) {
		note_problem(builder, line, "holds a NUL byte outside base64");
		return -1;
	}
	*ret = (struct value){.data = arena_strndup(builder->arena, bytes, size), .size = size};
	return 0;
}

/* --- the record ---------------------------------------------------------------------------------------------------- */

/* Room for one more element behind count; it doubles whenever count is a power of two. */
static void *grow(struct arena *arena, void *old, size_t count, size_t size)
{
	void *new;

	if (count > 0 && (count & (count - 1)) != 0)
		return old;
	new = arena_alloc_array(arena, count > 0 ? 2 * count : 1, size);
	if (count > 0)
		memcpy(new, old, count * size);
	return new;
}

static struct attribute *find_attribute(struct ldif_record *record, const char *name)
{
	/* Values of one attribute usually stand together. */
	for (size_t i = record->attribute_count; i > 0; i--)
		if (text_equal_fold(record->attributes[i - 1].name, name))
			return &record->attributes[i - 1];
	return NULL;
}

static void add_value(struct builder *builder, const struct ldif_line *line, const struct pair *pair)
{
	struct ldif_record *record = builder->record;
	struct attribute *attribute;
	struct value value;
	const char *name;

	if (!is_attribute_name(pair)) {
		note_problem(builder, line, "does not begin with an attribute name");
		return;
	}
	if (read_value(builder, line, pair, &value) < 0)
		return;
	name = copy_name(builder, pair);
	attribute = find_attribute(record, name);
	if (!attribute && record->attribute_count == ATTRIBUTE_LIMIT) {
		note_problem(builder, line, "is one attribute too many for an entry");
		return;
	}
	if (!attribute) {
		record->attributes =
		    grow(builder->arena, record->attributes, record->attribute_count, sizeof(*record->attributes));
		attribute = &record->attributes[record->attribute_count++];
		*attribute = (struct attribute){.name = name};
	}
	attribute->values = grow(builder->arena, attribute->values, attribute->count, sizeof(value));
	attribute->values[attribute->count++] = value;
}

static void set_dn(struct builder *builder, const struct ldif_line *line, const struct pair *pair)
{
	struct value value;

	if (read_value(builder, line, pair, &value) < 0)
		return;
	if (text_is_valid(value.data, value.size))
		builder->record->dn = value.data;
	else
		note_problem(builder, line, "holds a DN that is not UTF-8");
}

static const char *copy_text(struct builder *builder, const struct pair *pair)
{
	if (!text_is_valid(pair->value, pair->value_size))
		return "(not text)";
	return arena_strndup(builder->arena, pair->value, pair->value_size);
}

/* The first line tells what the record is. */
static void begin(struct builder *builder, const struct ldif_line *line, const struct pair *pair)
{
	struct ldif_record *record = builder->record;

	if (is_named(pair, "dn")) {
		set_dn(builder, line, pair);
	} else if (is_named(pair, "result")) {
		record->kind = LDIF_RESULT;
		record->text = copy_text(builder, pair);
	} else if (is_named(pair, "ref")) {
		record->kind = LDIF_REFERENCE;
		record->text = copy_text(builder, pair);
	} else {
		note_problem(builder, line, "should begin a record with \"dn:\"");
		add_value(builder, line, pair);
	}
}

static int refuse_unfit(const struct builder *builder, const struct ldif_line *line, const struct pair *pair,
			struct error *err)
{
	if (pair->url)
		return error_set(
		    err, ERR_DATA,
		    "line %lu wants a value to be fetched from a URL (\":<\"), which is refused; write the "
		    "value itself",
		    line->number);
	if (builder->lines == 1 && builder->record->dn && (is_named(pair, "changetype") || is_named(pair, "control")))
		return error_set(err, ERR_DATA,
				 "line %lu: this file is a list of changes, not the content of a directory; export it "
				 "without changetype",
				 line->number);
	return 0;
}

static bool fits(struct builder *builder, const struct ldif_line *line)
{
	builder->size += line->size;
	if (!line->too_long && builder->size <= builder->records->limit)
		return true;
	note_problem(builder, line, "makes the record longer than roster reads");
	return false;
}

static int add_line(struct builder *builder, const struct ldif_line *line, struct error *err)
{
	struct pair pair;

	builder->record->cut |= line->cut;
	if (!fits(builder, line)) {
		builder->lines++;
		return 0;
	}
	if (!split(line, &pair)) {
		note_problem(builder, line, line->text[0] == ' ' ? "continues nothing" : "has no colon");
		builder->lines++;
		return 0;
	}
	if (refuse_unfit(builder, line, &pair, err) < 0)
		return -1;
	/* "search: 2" precedes the result of ldapsearch and says nothing. */
	if (builder->lines == 0 && is_named(&pair, "search"))
		return 0;
	if (builder->lines++ == 0)
		begin(builder, line, &pair);
	else if (builder->record->kind == LDIF_ENTRY)
		add_value(builder, line, &pair);
	return 0;
}

/* 1 when the line was the version and is done with. */
static int take_version(struct ldif_records *records, const struct ldif_line *line, struct error *err)
{
	bool first = !records->started;
	struct pair pair;

	records->started = true;
	if (!first || !split(line, &pair) || !is_named(&pair, "version"))
		return 0;
	if (strcmp(pair.value, "1") != 0)
		return error_set(err, ERR_DATA, "line %lu: LDIF version \"%s\" is not known, 1 is", line->number,
				 pair.value);
	return 1;
}

/* 1 with the first line of the next record, 0 at the end, -1 on error. */
static int find_start(struct ldif_records *records, struct ldif_line *line, struct error *err)
{
	int more, version;

	do {
		more = ldif_lines_next(records->lines, line, err);
		if (more <= 0)
			return more;
		version = line->size > 0 ? take_version(records, line, err) : 0;
		if (version < 0)
			return -1;
	} while (line->size == 0 || version == 1);
	return 1;
}

int ldif_record_next(struct ldif_records *records, struct arena *arena, struct ldif_record *ret, struct error *err)
{
	struct builder builder = {.records = records, .arena = arena, .record = ret};
	struct ldif_line line;
	int more = find_start(records, &line, err);

	*ret = (struct ldif_record){.line = more == 1 ? line.number : 0};
	while (more == 1 && line.size > 0) {
		more = add_line(&builder, &line, err) < 0 ? -1 : ldif_lines_next(records->lines, &line, err);
	}
	if (more >= 0 && ret->line > 0 && ret->kind == LDIF_ENTRY && !ret->dn && !ret->problem)
		ret->problem = "has no dn";
	str_free(&builder.scratch);
	return more < 0 ? -1 : ret->line > 0;
}
