/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "roster/regex.h"

#include "roster/text.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Far more than an honest pattern needs on a directory value, and a few milliseconds at worst. */
enum { MATCH_STEPS = 100000, MATCH_DEPTH = 10000, MATCH_HEAP_KIB = 8 * 1024, PATTERN_MOST = 4096 };

struct name {
	const char *text; /* in the compiled code's own table */
	unsigned number;
};

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data; /* reused: a regex is matched by one thread at a time */
	struct name *names;     /* in order of their number */
	size_t name_count;
};

/* PCRE2 counts bytes; people count characters, from 1. */
static size_t column_of(const char *pattern, size_t offset)
{
	size_t column = 1;

	for (size_t i = 0; i < offset && pattern[i]; i++)
		column += ((unsigned char)pattern[i] & 0xC0) != 0x80;
	return column;
}

static int compile(const char *pattern, pcre2_code **ret, struct error *err)
{
	const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C;
	int code;
	PCRE2_SIZE offset;
	PCRE2_UCHAR message[256];

	*ret = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern), options, &code, &offset, NULL);
	if (*ret)
		return 0;
	pcre2_get_error_message(code, message, sizeof(message));
	return error_set(err, ERR_CONFIG, "regular expression \"%s\": %s at column %zu", pattern, (const char *)message,
			 column_of(pattern, offset));
}

static int by_number(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

/* The table has fixed-size records: the number in two bytes, high one first, then the name with its NUL. */
static int collect_names(struct regex *regex, struct error *err)
{
	uint32_t count = 0, record = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &record);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
	regex->names = xcalloc(count, sizeof(regex->names[0]));
	regex->name_count = count;
	for (uint32_t i = 0; i < count; i++, table += record) {
		struct name *name = &regex->names[i];
		*name = (struct name){(const char *)table + 2, (unsigned)table[0] << 8 | table[1]};
		/* The table is sorted by name; (?J) would let one name mean two captures. */
		if (i > 0 && strcmp(name->text, name[-1].text) == 0)
			return error_set(err, ERR_CONFIG, "regular expression names the capture \"%s\" twice",
					 name->text);
	}
	qsort(regex->names, count, sizeof(regex->names[0]), by_number);
	return 0;
}

static void set_limits(struct regex *regex)
{
	regex->limits = pcre2_match_context_create(NULL);
	regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
	if (!regex->limits || !regex->data)
		die("out of memory");
	pcre2_set_match_limit(regex->limits, MATCH_STEPS);
	pcre2_set_depth_limit(regex->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(regex->limits, MATCH_HEAP_KIB);
}

int regex_compile(const char *pattern, struct regex **ret, struct error *err)
{
	*ret = NULL;
	if (strlen(pattern) > PATTERN_MOST)
		return error_set(err, ERR_CONFIG, "regular expression is longer than %d bytes", PATTERN_MOST);
	struct regex *regex = xcalloc(1, sizeof(*regex));
	if (compile(pattern, &regex->code, err) < 0 || collect_names(regex, err) < 0) {
		regex_free(&regex);
		return -1;
	}
	set_limits(regex);
	*ret = regex;
	return 0;
}

void regex_free(struct regex **regex)
{
	if (!*regex)
		return;
	pcre2_match_data_free((*regex)->data);
	pcre2_match_context_free((*regex)->limits);
	pcre2_code_free((*regex)->code);
	free((*regex)->names);
	free(*regex);
	*regex = NULL;
}

size_t regex_capture_count(const struct regex *regex)
{
	return regex->name_count;
}

const char *regex_capture_name(const struct regex *regex, size_t n)
{
	return n < regex->name_count ? regex->names[n].text : NULL;
}

static int match_error(int code, struct error *err)
{
	PCRE2_UCHAR message[256];

	pcre2_get_error_message(code, message, sizeof(message));
	return error_set(err, ERR_DATA, "regular expression gave up on a value: %s (simplify nested repetitions)",
			 (const char *)message);
}

static void copy_captures(const struct regex *regex, const char *text, struct arena *arena, const char **captures)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->data);

	for (size_t n = 0; n < regex->name_count; n++) {
		PCRE2_SIZE from = ends[2 * regex->names[n].number], to = ends[2 * regex->names[n].number + 1];
		captures[n] = from == PCRE2_UNSET ? NULL : arena_strndup(arena, text + from, to - from);
	}
}

int regex_match(const struct regex *regex, const char *text, size_t size, struct arena *arena, const char **captures,
		struct error *err)
{
	/* A NUL would silently end a capture early, and so make it the capture of another value. */
	if (!text_is_valid(text, size))
		return error_set(err, ERR_DATA, "value is not text: it holds a NUL or bytes that are not UTF-8");
	int code = pcre2_match(regex->code, (PCRE2_SPTR)text, size, 0, PCRE2_NO_UTF_CHECK, regex->data, regex->limits);
	if (code == PCRE2_ERROR_NOMATCH)
		return 0;
	if (code < 0)
		return match_error(code, err);
	copy_captures(regex, text, arena, captures);
	return 1;
}
