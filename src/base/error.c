/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/error.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_code; /* sysexits(3) */
} classes[ERR_CLASSES] = {
    [ERR_NONE] = {"none", 0},      [ERR_CONFIG] = {"config", 78},
    [ERR_USAGE] = {"usage", 64},   [ERR_UNREACHABLE] = {"unreachable", 69},
    [ERR_DENIED] = {"denied", 77}, [ERR_PROTOCOL] = {"protocol", 69},
    [ERR_DATA] = {"data", 65},     [ERR_CONFLICT] = {"conflict", 75},
    [ERR_GUARD] = {"guard", 1},    [ERR_INTERNAL] = {"internal", 70},
};

/* A message of at most ERROR_TEXT - 1 bytes, composed piece by piece; what is too much is dropped. */
struct message {
	char text[ERROR_TEXT];
	size_t size;
};

/* End a full message with "..." in place of what did not fit, without splitting a character. */
static void message_mark_cut(struct message *message)
{
	static const char mark[] = "...";

	size_t keep = utf8_floor(message->text, sizeof(message->text) - sizeof(mark));
	memcpy(message->text + keep, mark, sizeof(mark));
	message->size = sizeof(message->text) - 1;
}

static void message_vadd(struct message *message, const char *format, va_list args)
{
	size_t room = sizeof(message->text) - message->size;
	int wanted = vsnprintf(message->text + message->size, room, format, args);
	if (wanted < 0) /* the C library could not format: say at least where */
		wanted = snprintf(message->text + message->size, room, "%s", format);
	if ((size_t)wanted >= room)
		message_mark_cut(message);
	else
		message->size += (size_t)wanted;
}

static void __attribute__((format(printf, 2, 3))) message_add(struct message *message, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_vadd(message, format, args);
	va_end(args);
}

int error_vset(struct error *err, enum error_class class, const char *format, va_list args)
{
	struct message message = {.size = 0};

	if (!err)
		return -1;
	/* Composed aside, because an argument may be the old err->text. */
	message_vadd(&message, format, args);
	err->class = class;
	memcpy(err->text, message.text, sizeof(err->text));
	return -1;
}

int error_set(struct error *err, enum error_class class, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_vset(err, class, format, args);
	va_end(args);
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	struct message message = {.size = 0};
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	message_vadd(&message, format, args);
	va_end(args);
	message_add(&message, ": %s", err->text);
	memcpy(err->text, message.text, sizeof(err->text));
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	struct message message = {.size = 0};
	va_list args;

	if (!err)
		return -1;
	message_add(&message, "%s (", err->text);
	va_start(args, format);
	message_vadd(&message, format, args);
	va_end(args);
	message_add(&message, ")");
	memcpy(err->text, message.text, sizeof(err->text));
	return -1;
}

const char *error_class_name(enum error_class class)
{
	return class < ERR_CLASSES ? classes[class].name : "unknown";
}

int error_exit_code(enum error_class class)
{
	return class < ERR_CLASSES ? classes[class].exit_code : classes[ERR_INTERNAL].exit_code;
}
