/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter, a newline and a value: parsing, evaluating and explaining agree, and an escaped value matches itself.
 */
#include "roster/directory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void ignore(const char *name, void *context)
{
	must(*name != '\0');
	++*(size_t *)context;
}

static void check_filter(const char *text, const struct entry *entry, struct arena *arena)
{
	struct filter *filter = NULL;
	struct error err = {0};
	struct str words = {0};
	size_t names = 0;

	if (filter_parse(text, arena, &filter, &err) < 0) {
		must(err.class == ERR_CONFIG && err.text[0] != '\0' && !filter);
		return;
	}
	filter_explain(filter, entry, &words);
	must(filter_matches(filter, entry) == (strcmp(words.data, "it matches") == 0));
	filter_attributes(filter, ignore, &names);
	str_free(&words);
}

/* RFC 4515 section 3 allows that of every byte. */
static void escape(const struct value *value, struct str *out)
{
	for (size_t i = 0; i < value->size; i++)
		str_printf(out, "\\%02x", (unsigned char)value->data[i]);
}

static void check_escape(const struct value *value, const struct entry *entry, struct arena *arena)
{
	struct filter *filter = NULL;
	struct str text = {0};

	str_add(&text, "(memberUid=");
	escape(value, &text);
	str_add(&text, ")");
	must(filter_parse(text.data, arena, &filter, NULL) == 0);
	must(filter_matches(filter, entry));
	str_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *bytes = arena_strndup(arena, (const char *)data, size);
	const char *newline = memchr(bytes, '\n', size);
	struct value value = {.data = newline ? newline + 1 : bytes + size};

	value.size = (size_t)(bytes + size - value.data);
	static const char *const names[] = {"cn", "uid", "uidNumber", "memberUid", "uniqueMember"};
	enum { NAMES = sizeof(names) / sizeof(*names) };
	struct attribute attributes[NAMES];
	for (size_t i = 0; i < NAMES; i++)
		attributes[i] = (struct attribute){.name = names[i], .values = &value, .count = 1};
	const struct entry entry = {.dn = "", .attributes = attributes, .attribute_count = NAMES};
	char *text = newline ? arena_strndup(arena, bytes, (size_t)(newline - bytes)) : arena_strdup(arena, bytes);

	check_filter(text, &entry, arena);
	check_escape(&value, &entry, arena);
	arena_free(&arena);
	return 0;
}
