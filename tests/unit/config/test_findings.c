/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>

static void assert_printed(const struct finding *finding, const char *want)
{
	struct arena *arena = arena_new();
	struct findings findings = {0};

	findings_add(&findings, arena, finding);
	assert_int_equal(findings.errors, !finding->warning);
	assert_findings(&findings, want);
	arena_free(&arena);
}

static void finding_has_place_line_and_hint(void **state)
{
	struct finding whole = {false, {"f", 3}, "\t a: 1 \t", "is wrong", "do better"};
	struct finding warning = {true, {"f", 3}, NULL, "is odd", NULL};
	struct finding of_the_file = {false, {"f", 0}, " \t", "is wrong", NULL};
	struct finding two_lines = {false, {"f", 1}, NULL, "x", "one\ntwo"};

	(void)state;
	assert_printed(&whole, "f:3: is wrong\n    a: 1\n    hint: do better\n");
	assert_printed(&warning, "f:3: warning: is odd\n");
	assert_printed(&of_the_file, "f: is wrong\n");
	assert_printed(&two_lines, "f:1: x\n    hint: one\n          two\n");
}

static void finding_cannot_steer_a_terminal(void **state)
{
	struct finding finding = {false, {"f", 1}, "a\x1b[2J\tb", "c\x1b\nd", "e\x07"};

	(void)state;
	assert_printed(&finding, "f:1: c??d\n    a?[2J b\n    hint: e?\n");
}

static void long_line_is_cut_between_characters(void **state)
{
	char line[200] = "x";
	struct finding finding = {false, {"f", 1}, line, "t", NULL};
	struct str want = {0};

	(void)state;
	for (size_t i = 0; i < 61; i++)
		memcpy(line + 1 + 2 * i, "\xC3\xA4", 2);
	str_printf(&want, "f:1: t\n    %.119s ...\n", line);
	assert_printed(&finding, str_text(&want));
	str_free(&want);
}

static void findings_keep_all_there_are(void **state)
{
	struct arena *arena = arena_new();
	struct findings findings = {0};
	char text[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		findings_add(&findings, arena, &(struct finding){i % 2, {"f", i}, NULL, text, NULL});
	}
	assert_int_equal(findings.count, 1000);
	assert_int_equal(findings.errors, 500);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		assert_string_equal(findings.items[i].text, text);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finding_has_place_line_and_hint),
	    cmocka_unit_test(finding_cannot_steer_a_terminal),
	    cmocka_unit_test(long_line_is_cut_between_characters),
	    cmocka_unit_test(findings_keep_all_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
