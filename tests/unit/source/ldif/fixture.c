/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const attributes[] = {"cn", "mail", "member", "memberUid", "uid", "userPassword"};

struct fixture *fixture_of(struct entry_sink *sink)
{
	return (struct fixture *)(void *)((char *)sink - offsetof(struct fixture, sink));
}

static int stopped(const struct fixture *fixture, const char *where, struct error *err)
{
	if (!fixture->stop_at || strcmp(fixture->stop_at, where) != 0)
		return 0;
	return error_set(err, ERR_CONFLICT, "stopped at %s", where);
}

/* "user 0...1 <cn=a> cn=[a]" */
static int take_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct fixture *fixture = fixture_of(sink);
	struct str *out = &fixture->seen;

	str_printf(out, "%s %s <%s>", entry_kind_name(entry->kind), entry->id, entry->dn);
	for (size_t i = 0; i < entry->attribute_count; i++) {
		str_printf(out, " %s=", entry->attributes[i].name);
		for (size_t j = 0; j < entry->attributes[i].count; j++)
			str_printf(out, "[%s]", entry->attributes[i].values[j].data);
	}
	str_add(out, "\n");
	assert_true(text_starts_with(entry->origin, fixture->file));
	return stopped(fixture, entry->id, err);
}

/* "bad 0...1 :7 cn=a: why" */
static int take_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	struct fixture *fixture = fixture_of(sink);

	assert_true(text_starts_with(what, fixture->file));
	str_printf(&fixture->seen, "bad %s %s %s\n", id ? id : "-", what + strlen(fixture->file), why);
	return stopped(fixture, "bad", err);
}

int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/test_ldif.XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->file, sizeof(fixture->file), "%s/people.ldif", fixture->folder);
	snprintf(fixture->checksum, sizeof(fixture->checksum), "%s.sha256", fixture->file);
	fixture->config = (struct source_config){
	    .name = "corp",
	    .type = "ldif",
	    .file = fixture->file,
	    .users = {.base = "", .filter = "", .id = "entryUUID"},
	    .groups = {.base = "", .filter = "", .id = "", .member = ""},
	    .units = {.base = "", .filter = "", .id = "entryUUID"},
	    .attributes = (const char **)(uintptr_t)attributes,
	    .attribute_count = sizeof(attributes) / sizeof(*attributes),
	};
	fixture->sink = (struct entry_sink){.entry = take_entry, .unreadable = take_unreadable};
	*state = fixture;
	return 0;
}

int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->file);
	unlink(fixture->checksum);
	rmdir(fixture->folder);
	str_free(&fixture->seen);
	free(fixture);
	return 0;
}

void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

int read_it(struct fixture *fixture)
{
	const struct source_ops *driver = source_driver("ldif");
	struct source *source = NULL;
	int result;

	str_clear(&fixture->seen);
	if (driver->open(&fixture->config, &source, &fixture->err) < 0)
		fail_msg("%s", fixture->err.text);
	result = driver->read_all(source, &fixture->sink, &fixture->result, &fixture->err);
	driver->close(&source);
	assert_null(source);
	driver->close(&source);
	return result;
}

void assert_complete(struct fixture *fixture, const char *text, const char *seen)
{
	write_file(fixture->file, text);
	assert_int_equal(read_it(fixture), 0);
	assert_string_equal(fixture->result.reason, "");
	assert_string_equal(str_text(&fixture->seen), seen);
	assert_int_equal(fixture->result.completeness, READ_COMPLETE);
}

void assert_incomplete(struct fixture *fixture, const char *text, const char *seen, const char *reason)
{
	write_file(fixture->file, text);
	assert_int_equal(read_it(fixture), 0);
	assert_string_equal(str_text(&fixture->seen), seen);
	assert_string_equal(fixture->result.reason, reason);
	assert_int_equal(fixture->result.completeness, READ_INCOMPLETE);
}
