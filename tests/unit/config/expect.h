/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect: load a text as rosterd.conf and compare what people would read.
 */
#ifndef TEST_CONFIG_EXPECT_H
#define TEST_CONFIG_EXPECT_H

#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Line 1 of a file that needs nothing else. */
#define HEAD "version: 1; database: { embedded: \"/db\" }\n"

struct loaded {
	struct arena *arena;
	struct config *config; /* NULL when it was refused */
	struct findings findings;
	struct error err;
};

static inline struct loaded load_bytes(const char *bytes, size_t size)
{
	struct loaded loaded = {.arena = arena_new()};
	int status = config_load_text(bytes, size, loaded.arena, &loaded.config, &loaded.findings, &loaded.err);

	assert_int_equal(status, loaded.findings.errors > 0 ? -1 : 0);
	assert_int_equal(loaded.err.class, status < 0 ? ERR_CONFIG : ERR_NONE);
	assert_true(status < 0 ? loaded.config == NULL : loaded.config != NULL);
	return loaded;
}

static inline struct loaded load_text(const char *text)
{
	return load_bytes(text, strlen(text));
}

static inline void loaded_free(struct loaded *loaded)
{
	arena_free(&loaded->arena);
}

static inline void assert_findings(const struct findings *findings, const char *want)
{
	struct str have = {0};

	findings_print(findings, &have);
	assert_string_equal(str_text(&have), want);
	str_free(&have);
}

/* The findings of a text, exactly; "" when it is a valid configuration. */
static inline void expect(const char *text, const char *want)
{
	struct loaded loaded = load_text(text);

	assert_findings(&loaded.findings, want);
	loaded_free(&loaded);
}

/* Loads without a word; to be given to loaded_free(). */
static inline struct loaded load_good(const char *text)
{
	struct loaded loaded = load_text(text);

	assert_findings(&loaded.findings, "");
	return loaded;
}

#endif
