/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/error.h"

#include "roster/str.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_code; /* sysexits(3) */
} classes[ERR_CLASSES] = {
    [ERR_NONE] = {"none", 0},          [ERR_CONFIG] = {"config", 78},           [ERR_SCHEMA] = {"schema", 78},
    [ERR_USAGE] = {"usage", 64},       [ERR_UNREACHABLE] = {"unreachable", 69}, [ERR_DENIED] = {"denied", 77},
    [ERR_UNPROVEN] = {"unproven", 77}, [ERR_CLOSED] = {"closed", 77},           [ERR_PROTOCOL] = {"protocol", 69},
    [ERR_DATA] = {"data", 65},         [ERR_CONFLICT] = {"conflict", 75},       [ERR_GUARD] = {"guard", 1},
    [ERR_ABSENT] = {"absent", 3},      [ERR_INTERNAL] = {"internal", 70},
};

/* A message of at most ERROR_TEXT - 1 bytes, composed piece by piece; what is too much is dropped. */
struct phrase {
	char text[ERROR_TEXT];
	size_t size;
};

/* End a full message with "..." in place of what did not fit, without splitting a character. */
static void phrase_mark_cut(struct phrase *phrase)
{
	static const char mark[] = "...";

	size_t keep = utf8_floor(phrase->text, sizeof(phrase->text) - sizeof(mark));
	memcpy(phrase->text + keep, mark, sizeof(mark));
	phrase->size = sizeof(phrase->text) - 1;
}

static void phrase_vadd(struct phrase *phrase, const char *format, va_list args)
{
	size_t room = sizeof(phrase->text) - phrase->size;
	int wanted = vsnprintf(phrase->text + phrase->size, room, format, args);
	if (wanted < 0) /* the C library could not format: say at least where */
		wanted = snprintf(phrase->text + phrase->size, room, "%s", format);
	if ((size_t)wanted >= room)
		phrase_mark_cut(phrase);
	else
		phrase->size += (size_t)wanted;
}

static void __attribute__((format(printf, 2, 3))) phrase_add(struct phrase *phrase, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	phrase_vadd(phrase, format, args);
	va_end(args);
}

int error_vset(struct error *err, enum error_class class, const char *format, va_list args)
{
	struct phrase phrase = {.size = 0};

	if (!err)
		return -1;
	/* Composed aside, because an argument may be the old err->text. */
	phrase_vadd(&phrase, format, args);
	err->class = class;
	memcpy(err->text, phrase.text, sizeof(err->text));
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
	struct phrase phrase = {.size = 0};
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	phrase_vadd(&phrase, format, args);
	va_end(args);
	/* Two on the way up may say the same: once is enough. */
	if (strncmp(err->text, phrase.text, phrase.size) == 0 && text_starts_with(err->text + phrase.size, ": "))
		return -1;
	phrase_add(&phrase, ": %s", err->text);
	memcpy(err->text, phrase.text, sizeof(err->text));
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	struct phrase phrase = {.size = 0};
	va_list args;

	if (!err)
		return -1;
	phrase_add(&phrase, "%s (", err->text);
	va_start(args, format);
	phrase_vadd(&phrase, format, args);
	va_end(args);
	phrase_add(&phrase, ")");
	memcpy(err->text, phrase.text, sizeof(err->text));
	return -1;
}

const char *error_class_name(enum error_class class)
{
	return class < ERR_CLASSES ? classes[class].name : "unknown";
}

enum error_class error_class_named(const char *name)
{
	enum error_class class = ERR_NONE;

	while (class < ERR_INTERNAL && strcmp(classes[class].name, name) != 0)
		class ++;
	return class;
}

int error_exit_code(enum error_class class)
{
	return class < ERR_CLASSES ? classes[class].exit_code : classes[ERR_INTERNAL].exit_code;
}
