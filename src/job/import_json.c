/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines: one object a line. */
#include "job/import_lines.h"
#include "roster/json.h"

#include <string.h>

static void refuse(struct import_lines *lines, struct import_record *record, const char *key, const char *why)
{
	record->broken = true;
	import_lines_refuse(lines, record->line, "\"%s\" %s", key, why);
}

/* A text, or a list of texts where a list is due. What is neither is there all the same, without a value. */
static void take_value(struct import_lines *lines, struct import_record *record, const struct json_member *member)
{
	struct import_field *field = &record->fields[record->count++];
	bool list = json_kind_of(member->value) == JSON_KIND_ARRAY;
	size_t count = list ? json_count(member->value) : 1;

	*field = (struct import_field){.key = member->key,
				       .values = arena_alloc_array(lines->arena, count + 1, sizeof *field->values)};
	if (list && !import_key_is_list(member->key) && import_key_is_known(member->key)) {
		refuse(lines, record, member->key, "is one text, not a list");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = json_as_text(list ? json_item(member->value, i) : member->value);
		if (text != NULL)
			field->values[field->count++] = text;
	}
	/* What is wrong with an unknown key is that. */
	if (field->count < count && import_key_is_known(member->key))
		refuse(lines, record, member->key, list ? "has to be a list of texts" : "has to be a text");
}

static void take_object(struct import_lines *lines, int line, const struct json *object)
{
	struct import_record record = {.line = line};
	struct json_member member = {0};

	while (json_each(object, &member)) {
		if (json_kind_of(member.value) == JSON_KIND_NULL)
			continue;
		if (record.count == FIELDS_MOST) {
			import_lines_refuse(lines, line, "it has more than %d keys", FIELDS_MOST);
			return;
		}
		take_value(lines, &record, &member);
	}
	import_record_take(lines, &record);
}

/* Its own "line 1" would only confuse. */
static void refuse_syntax(struct import_lines *lines, int line, const char *text)
{
	static const char first[] = "line 1, ";
	const char *found = strstr(text, first);

	if (found == NULL)
		import_lines_refuse(lines, line, "%s", text);
	else
		import_lines_refuse(lines, line, "%.*s%s", (int)(found - text), text, found + sizeof first - 1);
}

static void take_line(struct import_lines *lines, int line, const char *text, size_t size)
{
	struct json *value = NULL;
	struct error err = {0};

	if (json_parse(text, size, size, &value, &err) != 0)
		refuse_syntax(lines, line, err.text);
	else if (json_kind_of(value) != JSON_KIND_OBJECT)
		import_lines_refuse(lines, line, "a line holds one JSON object; this is of kind %s",
				    json_kind_name(json_kind_of(value)));
	else
		take_object(lines, line, value);
	json_free(&value);
}

void import_json_read(const struct str *text, struct import_lines *lines)
{
	const char *at = str_text(text), *end = at + text->size;

	for (int line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop == NULL ? end : stop) - at);
		if (strspn(at, " \t\r") < size)
			take_line(lines, line, at, size);
		at = stop == NULL ? end : stop + 1;
	}
}
