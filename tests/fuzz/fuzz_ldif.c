/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an LDIF file, read by the driver as it is: what it hands on can be relied upon.
 */
#include "source/registry.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct counter {
	struct entry_sink sink;
	unsigned long entries, unreadable;
};

static int take_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	(void)err;
	((struct counter *)sink)->entries++;
	must(entry->id[0] != '\0' && text_is_valid(entry->id, strlen(entry->id)));
	for (size_t i = 0; i < entry->attribute_count; i++) {
		const struct attribute *attribute = &entry->attributes[i];

		must(attribute->count > 0 && !attribute_is_secret(attribute->name));
		for (size_t j = 0; j < attribute->count; j++)
			must(attribute->values[j].data[attribute->values[j].size] == '\0');
	}
	return 0;
}

static int take_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	(void)err;
	((struct counter *)sink)->unreadable++;
	must(!id || id[0] != '\0');
	must(what[0] != '\0' && why[0] != '\0');
	return 0;
}

static void read_file(const char *file)
{
	static const char *attributes[] = {"cn", "uid", "member", "userPassword", "objectClass"};
	const struct source_config config = {.name = "fuzz",
					     .file = file,
					     .users = {.base = "o=x", .filter = "", .id = "uid"},
					     .groups = {.base = "", .filter = "", .id = "", .member = ""},
					     .units = {.base = "", .filter = "(ou=*)", .id = "ou", .present = true},
					     .attributes = attributes,
					     .attribute_count = sizeof(attributes) / sizeof(*attributes)};
	struct counter counter = {.sink = {.entry = take_entry, .unreadable = take_unreadable}};
	struct read_result result;
	struct source *source = NULL;
	struct error err = {0};

	must(ldif_source_ops.open(&config, &source, &err) == 0);
	int failed = ldif_source_ops.read_all(source, &counter.sink, &result, &err);
	ldif_source_ops.close(&source);
	must((failed < 0) == (result.completeness == READ_FAILED));
	must((failed < 0) == (err.text[0] != '\0'));
	must((result.completeness == READ_INCOMPLETE) == (failed == 0 && result.reason[0] != '\0'));
	must(result.entries == counter.entries && result.unreadable == counter.unreadable);
	must(result.completeness != READ_COMPLETE || result.entries + result.unreadable + result.ignored > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int memory = memfd_create("ldif", MFD_CLOEXEC);
	char path[64];

	must(memory >= 0 && write(memory, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	read_file(path);
	close(memory);
	return 0;
}
