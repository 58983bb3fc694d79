/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 200000 };

/* "1:dn: a|3:cn: b|" for the logical lines of a file; a cut line ends with "!", one too long with "+". */
static void list(const char *bytes, size_t size, size_t limit, struct str *out)
{
	FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "r");
	struct ldif_lines *lines = ldif_lines_new(file, limit);
	struct error err = {0};
	struct ldif_line line;
	int more;

	while ((more = ldif_lines_next(lines, &line, &err)) == 1)
		str_printf(out, "%lu:%s%s%s|", line.number, line.text, line.cut ? "!" : "", line.too_long ? "+" : "");
	if (more < 0)
		str_printf(out, "%s", err.text);
	ldif_lines_free(&lines);
	assert_null(lines);
	ldif_lines_free(&lines);
	fclose(file);
}

static void assert_lines_limited(const char *text, size_t limit, const char *expected)
{
	struct str out = {0};

	list(text, strlen(text), limit, &out);
	assert_string_equal(str_text(&out), expected);
	str_free(&out);
}

static void assert_lines(const char *text, const char *expected)
{
	assert_lines_limited(text, LIMIT, expected);
}

static void lines_keep_their_number(void **state)
{
	(void)state;
	assert_lines("dn: a\ncn: b\n\ndn: c\n", "1:dn: a|2:cn: b|3:|4:dn: c|");
}

static void folded_lines_are_put_together(void **state)
{
	(void)state;
	assert_lines("dn: a\n b\n  c\ncn: d\n", "1:dn: ab c|4:cn: d|");
	assert_lines("dn: \xC3\n \xA4\n", "1:dn: \xC3\xA4|");
	assert_lines("a\n \n b\n", "1:ab|");
}

static void nothing_is_folded_onto_an_empty_line(void **state)
{
	(void)state;
	assert_lines("\n a\n", "1:|2: a|");
	assert_lines(" a\n", "1: a|");
}

static void comments_and_their_folded_lines_are_left_out(void **state)
{
	(void)state;
	assert_lines("# a\n b\n#c\ndn: d\n#e\n", "4:dn: d|");
}

static void carriage_returns_belong_to_the_line_end(void **state)
{
	(void)state;
	assert_lines("dn: a\r\n b\r\n\r\ncn: c\r\n", "1:dn: ab|3:|4:cn: c|");
	assert_lines("dn: a\rb\n", "1:dn: a\rb|");
}

static void byte_order_mark_is_skipped(void **state)
{
	(void)state;
	assert_lines("\xEF\xBB\xBF"
		     "dn: a\n",
		     "1:dn: a|");
	assert_lines("dn: \xEF\xBB\xBF\n", "1:dn: \xEF\xBB\xBF|");
	assert_lines("\xFF\xFE"
		     "d",
		     "is UTF-16, save it as UTF-8");
	assert_lines("\xFE\xFF"
		     "d",
		     "is UTF-16, save it as UTF-8");
}

static void a_line_without_end_is_cut(void **state)
{
	(void)state;
	assert_lines("dn: a\ncn: b", "1:dn: a|2:cn: b!|");
	assert_lines("dn: a\n b", "1:dn: ab!|");
	assert_lines("dn: a\n ", "1:dn: a!|");
	assert_lines("dn: a\n# b", "1:dn: a|");
}

static void long_lines_are_shortened_to_the_limit(void **state)
{
	(void)state;
	assert_lines_limited("abcdef\nabcde\nabc\n def\ngh\n", 5, "1:abcde+|2:abcde|3:abcde+|5:gh|");
}

static void lines_longer_than_a_block_are_whole(void **state)
{
	struct str text = {0}, expected = {0}, out = {0};

	(void)state;
	str_add(&expected, "1:");
	for (int i = 0; i < 30000; i++) {
		str_printf(&text, "%s%05d", i > 0 && i % 7 == 0 ? "\r\n " : "", i);
		str_printf(&expected, "%05d", i);
	}
	str_add(&text, "\r\nx\n");
	str_printf(&expected, "|%d:x|", 1 + 30000 / 7 + 1);
	list(text.data, text.size, LIMIT, &out);
	assert_string_equal(out.data, expected.data);
	str_free(&text);
	str_free(&expected);
	str_free(&out);
}

static void ldapsearch_is_recognised(void **state)
{
	static const char text[] = "# extended LDIF\n#\ndn: a\n", other[] = "# extended\ndn: # extended LDIF\n";
	const char *const texts[] = {text, other};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		FILE *file = fmemopen((void *)(uintptr_t)texts[i], strlen(texts[i]), "r");
		struct ldif_lines *lines = ldif_lines_new(file, LIMIT);
		struct ldif_line line;

		while (ldif_lines_next(lines, &line, NULL) == 1)
			;
		assert_int_equal(ldif_lines_announce_result(lines), i == 0);
		ldif_lines_free(&lines);
		fclose(file);
	}
}

static void checksum_is_over_all_bytes(void **state)
{
	FILE *file = fmemopen((void *)(uintptr_t) "\xEF\xBB\xBF"
						  "abc",
			      6, "r");
	struct ldif_lines *lines = ldif_lines_new(file, LIMIT);
	char text[SHA256_TEXT];
	struct ldif_line line;

	(void)state;
	while (ldif_lines_next(lines, &line, NULL) == 1)
		;
	ldif_lines_sha256(lines, text);
	assert_string_equal(text, "1c28dc3f1f804a1ad9c9b4b4cf5e2658d16ad4ed08e3020d04a8d2865018947c");
	ldif_lines_free(&lines);
	fclose(file);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	FILE *directory = fopen("/", "r");
	struct ldif_lines *lines = ldif_lines_new(directory, LIMIT);
	struct error err = {0};
	struct ldif_line line;

	(void)state;
	assert_int_equal(ldif_lines_next(lines, &line, &err), -1);
	assert_int_equal(err.class, ERR_UNREACHABLE);
	assert_string_equal(err.text, "cannot read: Is a directory");
	ldif_lines_free(&lines);
	fclose(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_keep_their_number),
	    cmocka_unit_test(folded_lines_are_put_together),
	    cmocka_unit_test(nothing_is_folded_onto_an_empty_line),
	    cmocka_unit_test(comments_and_their_folded_lines_are_left_out),
	    cmocka_unit_test(carriage_returns_belong_to_the_line_end),
	    cmocka_unit_test(byte_order_mark_is_skipped),
	    cmocka_unit_test(a_line_without_end_is_cut),
	    cmocka_unit_test(long_lines_are_shortened_to_the_limit),
	    cmocka_unit_test(lines_longer_than_a_block_are_whole),
	    cmocka_unit_test(ldapsearch_is_recognised),
	    cmocka_unit_test(checksum_is_over_all_bytes),
	    cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
