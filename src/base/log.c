/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/log.h"

#include "base/utf8.h"
#include "roster/arena.h"
#include "roster/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct field {
	char *name, *value;
};

/* What setup and bind have said; the log belongs to the whole process. */
static struct {
	enum log_level least;
	enum log_format format;
	struct field *fields; /* in the order they were first bound */
	size_t field_count;
} settings = {.least = LOG_INFO_LEVEL, .format = LOG_AUTO};

static const char *level_name(enum log_level level)
{
	static const char *const names[] = {
	    [LOG_DEBUG_LEVEL] = "debug", [LOG_INFO_LEVEL] = "info",   [LOG_CHANGE_LEVEL] = "change",
	    [LOG_WARN_LEVEL] = "warn",   [LOG_ERROR_LEVEL] = "error",
	};
	return names[level];
}

enum log_level log_level_named(const char *name)
{
	for (enum log_level level = LOG_DEBUG_LEVEL; level <= LOG_ERROR_LEVEL; level++)
		if (strcmp(level_name(level), name) == 0)
			return level;
	return LOG_INFO_LEVEL;
}

enum log_format log_format_named(const char *name)
{
	static const char *const names[] = {
	    [LOG_AUTO] = "auto", [LOG_HUMAN] = "text",      [LOG_LOGFMT] = "logfmt",
	    [LOG_JSON] = "json", [LOG_JOURNAL] = "journal",
	};

	for (enum log_format format = LOG_AUTO; format <= LOG_JOURNAL; format++)
		if (strcmp(names[format], name) == 0)
			return format;
	return LOG_AUTO;
}

void log_setup(enum log_level least, enum log_format format)
{
	settings.least = least;
	settings.format = format;
}

static void field_remove(size_t index)
{
	free(settings.fields[index].name);
	free(settings.fields[index].value);
	settings.field_count--;
	memmove(&settings.fields[index], &settings.fields[index + 1],
		(settings.field_count - index) * sizeof(settings.fields[0]));
	if (settings.field_count == 0) {
		free(settings.fields);
		settings.fields = NULL;
	}
}

static void field_add(const char *name, const char *value)
{
	settings.fields = xrealloc(settings.fields, settings.field_count + 1, sizeof(settings.fields[0]));
	settings.fields[settings.field_count++] = (struct field){xstrdup(name), xstrdup(value)};
}

void log_bind(const char *name, const char *value)
{
	size_t index = 0;

	while (index < settings.field_count && strcmp(settings.fields[index].name, name) != 0)
		index++;
	if (index == settings.field_count) {
		if (value)
			field_add(name, value);
		return;
	}
	if (!value) {
		field_remove(index);
		return;
	}
	char *copy = xstrdup(value); /* first, for value may be the old one */
	free(settings.fields[index].value);
	settings.fields[index].value = copy;
}

/* Characters that would move a terminal's cursor, end a line, or turn the reading direction of what follows. */
static bool is_unprintable(uint32_t code)
{
	bool control = code < 0x20 || (code >= 0x7F && code <= 0x9F);
	bool separator = code == 0x2028 || code == 0x2029;
	bool direction = code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
			 (code >= 0x2066 && code <= 0x2069);
	return control || separator || direction;
}

/* Append one character the way JSON strings write it (RFC 8259 section 7). */
static void add_escaped(struct str *out, uint32_t code)
{
	if (code == '\n')
		str_add(out, "\\n");
	else if (code == '\r')
		str_add(out, "\\r");
	else if (code == '\t')
		str_add(out, "\\t");
	else
		str_printf(out, "\\u%04x", (unsigned)code);
}

/* Append text so that it stays on its line: one escaping for all formats; `special` are escaped by a backslash too. */
static void add_text(struct str *out, const char *text, const char *special)
{
	const uint32_t replacement = 0xFFFD;
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t code = 0;
		size_t size = utf8_decode(text, left, &code);
		if (size == 0 || is_unprintable(code)) {
			add_escaped(out, size == 0 ? replacement : code);
		} else {
			if (code < 0x80 && strchr(special, (int)code))
				str_add_char(out, '\\');
			str_append(out, text, size);
		}
		text += size > 0 ? size : 1;
		left -= size > 0 ? size : 1;
	}
}

static void add_quoted(struct str *out, const char *text)
{
	str_add_char(out, '"');
	add_text(out, text, "\"\\");
	str_add_char(out, '"');
}

/* A logfmt value needs no quotes when it is made of characters no reader can take for something else. */
static void add_value(struct str *out, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+,";

	if (value[0] != '\0' && value[strspn(value, plain)] == '\0')
		str_add(out, value);
	else
		add_quoted(out, value);
}

static void add_time(struct str *out)
{
	struct timespec now;
	struct tm parts;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	str_printf(out, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static void add_fields(struct str *line)
{
	for (size_t i = 0; i < settings.field_count; i++) {
		str_printf(line, "%s%s=", i == 0 ? "  " : " ", settings.fields[i].name);
		add_value(line, settings.fields[i].value);
	}
}

/* The journal knows the time, and takes the level from what stands in front: sd-daemon(3). */
static void format_journal(struct str *line, enum log_level level, const char *message)
{
	static const int priorities[] = {
	    [LOG_DEBUG_LEVEL] = 7, [LOG_INFO_LEVEL] = 6,  [LOG_CHANGE_LEVEL] = 5,
	    [LOG_WARN_LEVEL] = 4,  [LOG_ERROR_LEVEL] = 3,
	};

	str_printf(line, "<%d>", priorities[level]);
	add_text(line, message, "");
	add_fields(line);
}

static void format_human(struct str *line, enum log_level level, const char *message)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[16];

	localtime_r(&now, &parts);
	strftime(text, sizeof(text), "%H:%M:%S", &parts);
	str_printf(line, "%s %-6s ", text, level_name(level));
	add_text(line, message, "");
	add_fields(line);
}

static void format_logfmt(struct str *line, enum log_level level, const char *message)
{
	str_add(line, "ts=");
	add_time(line);
	str_printf(line, " level=%s msg=", level_name(level));
	add_quoted(line, message);
	for (size_t i = 0; i < settings.field_count; i++) {
		str_printf(line, " %s=", settings.fields[i].name);
		add_value(line, settings.fields[i].value);
	}
}

static void format_json(struct str *line, enum log_level level, const char *message)
{
	str_add(line, "{\"ts\":\"");
	add_time(line);
	str_printf(line, "\",\"level\":\"%s\",\"msg\":", level_name(level));
	add_quoted(line, message);
	for (size_t i = 0; i < settings.field_count; i++) {
		str_add_char(line, ',');
		add_quoted(line, settings.fields[i].name);
		str_add_char(line, ':');
		add_quoted(line, settings.fields[i].value);
	}
	str_add_char(line, '}');
}

/* One write per line, so that lines of several processes do not mix. Who cannot log cannot say so either. */
static void write_line(const struct str *line)
{
	size_t done = 0;

	while (done < line->size) {
		ssize_t wrote = write(STDERR_FILENO, line->data + done, line->size - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return;
		done += (size_t)wrote;
	}
}

static void write_message(enum log_level level, const char *message)
{
	enum log_format format = settings.format;
	struct str line = {0};

	if (format == LOG_AUTO)
		format = isatty(STDERR_FILENO) ? LOG_HUMAN : LOG_LOGFMT;
	if (format == LOG_HUMAN)
		format_human(&line, level, message);
	else if (format == LOG_JSON)
		format_json(&line, level, message);
	else if (format == LOG_JOURNAL)
		format_journal(&line, level, message);
	else
		format_logfmt(&line, level, message);
	str_add_char(&line, '\n');
	write_line(&line);
	str_free(&line);
}

bool log_wants(enum log_level level)
{
	return level >= settings.least;
}

void log_write(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char *message;
	va_list args;

	if (!log_wants(level))
		return;
	va_start(args, format);
	int size = vasprintf(&message, format, args);
	va_end(args);
	if (size < 0)
		die("a log line could not be formatted");
	write_message(level, message);
	free(message);
	errno = saved;
}
