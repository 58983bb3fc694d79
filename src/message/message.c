/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/message.h"

#include "roster/arena.h"
#include "roster/brief.h"
#include "roster/json.h"

#include <inttypes.h>
#include <stdlib.h>

static const char tail[] = "]}";

struct message {
	const struct message_names *names;
	struct str changes, resources;
	size_t count, listed;
	bool is_brief;
	struct brief brief; /* the changes */
	struct str written; /* the last part as a brief */
};

struct message *message_new(const struct message_names *names)
{
	struct message *message = xcalloc(1, sizeof *message);

	message->names = names;
	return message;
}

void message_free(struct message **message)
{
	if (*message == NULL)
		return;
	str_free(&(*message)->changes);
	str_free(&(*message)->resources);
	str_free(&(*message)->brief.text);
	str_free(&(*message)->written);
	free(*message);
	*message = NULL;
}

static void add_key(struct str *out, const char *key)
{
	str_printf(out, ",\"%s\":", key);
}

static void add_optional(struct str *out, const char *text)
{
	if (text == NULL)
		str_add(out, "null");
	else
		json_add_text(out, text);
}

/* "{3,17}" as the names of 3 and 17. */
static void add_names(struct str *out, const char *list, const char *const names[], size_t count)
{
	char *rest = NULL;
	bool first = true;

	str_add_char(out, '[');
	for (const char *at = list + 1; *at != '\0' && *at != '}'; at = *rest == ',' ? rest + 1 : rest) {
		size_t id = strtoul(at, &rest, 10);
		if (rest == at)
			break;
		if (!first)
			str_add_char(out, ',');
		first = false;
		if (id < count && names[id] != NULL)
			json_add_text(out, names[id]);
		else
			str_printf(out, "\"deleted %zu\"", id);
	}
	str_add_char(out, ']');
}

static void add_resource(struct str *out, int64_t resource, const char *name)
{
	str_printf(out, "{\"id\":%" PRId64, resource);
	add_key(out, "name");
	json_add_text(out, name);
}

void message_write_user(const struct told *row, struct str *out)
{
	str_add(out, ",\"user\":{\"id\":");
	json_add_text(out, row->user);
	add_key(out, "login");
	json_add_text(out, row->login);
	add_key(out, "email");
	add_optional(out, row->email);
	add_key(out, "name");
	add_optional(out, row->name);
	add_key(out, "external_ids");
	str_add(out, row->external_ids);
	str_add_char(out, '}');
}

void message_write_access(const struct told *row, const struct message_names *names, struct str *out)
{
	str_add(out, ",\"permissions\":{\"before\":");
	add_names(out, row->permissions_before, names->permissions, names->permission_count);
	add_key(out, "after");
	add_names(out, row->permissions_after, names->permissions, names->permission_count);
	str_add(out, "},\"roles\":{\"before\":");
	add_names(out, row->roles_before, names->roles, names->role_count);
	add_key(out, "after");
	add_names(out, row->roles_after, names->roles, names->role_count);
	str_add(out, "}}");
}

void message_write_resource(int64_t resource, const char *name, struct str *out)
{
	str_add(out, "{\"resource\":");
	add_resource(out, resource, name);
	str_add_char(out, '}');
}

static struct str *begin_change(struct message *message)
{
	if (message->count++ > 0)
		str_add_char(&message->changes, ',');
	return &message->changes;
}

void message_add(struct message *message, const struct told *row)
{
	struct str *out = begin_change(message);

	message_write_resource(row->resource, row->resource_name, out);
	message_write_user(row, out);
	message_write_access(row, message->names, out);
}

void message_add_change(struct message *message, const struct told_change *change)
{
	struct str *out = begin_change(message);

	str_append(out, change->resource.text, change->resource.size);
	str_append(out, change->user.text, change->user.size);
	str_append(out, change->access.text, change->access.size);
	if (message->is_brief)
		brief_add_change(&message->brief, change);
}

void message_list(struct message *message, int64_t resource, const char *name, bool ends)
{
	if (message->listed++ > 0)
		str_add_char(&message->resources, ',');
	add_resource(&message->resources, resource, name);
	str_printf(&message->resources, ",\"ends\":%s}", ends ? "true" : "false");
}

size_t message_count(const struct message *message)
{
	return message->count;
}

size_t message_size(const struct message *message)
{
	return message->changes.size + message->resources.size;
}

static void add_causes(struct str *out, const struct message_window *window)
{
	str_add(out, ",\"causes\":[");
	for (size_t i = 0; i < window->cause_count; i++) {
		const struct message_cause *cause = &window->causes[i];
		str_printf(out, "%s{\"revision\":%" PRId64 ",\"at\":", i == 0 ? "" : ",", cause->revision);
		json_add_text(out, cause->at);
		add_key(out, "cause");
		json_add_text(out, cause->cause);
		str_add_char(out, '}');
	}
	str_add_char(out, ']');
}

static void write_head(const struct message *message, const struct message_window *window, int part, bool last,
		       struct str *out)
{
	str_printf(out, "{\"schema\":1,\"type\":\"access.%s\",\"history\":", window->snapshot ? "snapshot" : "changed");
	json_add_text(out, window->history);
	add_key(out, "target");
	json_add_text(out, window->target);
	str_printf(out, ",\"window\":%" PRId64 ",\"part\":%d,\"last\":%s,\"after\":%" PRId64 ",\"revision\":%" PRId64,
		   window->number, part, last ? "true" : "false", window->after, window->revision);
	add_causes(out, window);
	if (window->snapshot) {
		str_printf(out, ",\"complete\":%s,\"resources\":[", window->complete ? "true" : "false");
		str_append(out, message->resources.data, message->resources.size);
		str_add_char(out, ']');
	}
	str_add(out, ",\"changes\":[");
}

static void write_brief(struct message *message, const char *head, size_t size)
{
	struct brief brief = {.text = message->written};

	str_clear(&brief.text);
	if (message->is_brief) {
		brief_add_text(&brief, head, size);
		str_append(&brief.text, message->brief.text.data, message->brief.text.size);
		brief_add_text(&brief, tail, sizeof tail - 1);
	}
	message->written = brief.text;
	brief_clear(&message->brief);
}

void message_write(struct message *message, const struct message_window *window, int part, bool last, struct str *out)
{
	size_t start = out->size;

	write_head(message, window, part, last, out);
	write_brief(message, out->data + start, out->size - start);
	str_append(out, message->changes.data, message->changes.size);
	str_add(out, tail);
	str_clear(&message->changes);
	str_clear(&message->resources);
	message->count = message->listed = 0;
}

void message_be_brief(struct message *message, bool brief)
{
	message->is_brief = brief;
}

const struct str *message_brief(const struct message *message)
{
	return &message->written;
}
