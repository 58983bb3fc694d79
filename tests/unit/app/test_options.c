/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "roster/app.h"

enum { WORDS_MOST = 400 };

static const struct verb verb = {.name = "app create", .usage = "NAME [--owner LOGIN]"};

/* The words of a verb, taken apart. */
struct taken {
	struct option_value options[3];
	char *argv[WORDS_MOST];
	int argc;
	struct arena *arena;
	struct error err;
};

static int setup(void **state)
{
	struct taken *taken = test_calloc(1, sizeof *taken);

	taken->options[0] = (struct option_value){"--owner", OPTION_VALUE, NULL};
	taken->options[1] = (struct option_value){"--force", OPTION_FLAG, NULL};
	taken->options[2] = (struct option_value){"--admin", OPTION_LIST, NULL};
	taken->arena = arena_new();
	*state = taken;
	return 0;
}

static int teardown(void **state)
{
	struct taken *taken = *state;

	arena_free(&taken->arena);
	test_free(taken);
	return 0;
}

static int take(struct taken *taken, const char *const words[], int least, int most)
{
	for (taken->argc = 0; words[taken->argc] != NULL; taken->argc++)
		taken->argv[taken->argc] = (char *)words[taken->argc];
	const struct words line = {&taken->argc, taken->argv, taken->options, 3, least, most, taken->arena};
	return app_take_options(&verb, &line, &taken->err);
}
#define TAKE(taken, least, most, ...) take(taken, (const char *const[]){__VA_ARGS__, NULL}, least, most)

static void refused(struct taken *taken, int rc, const char *text)
{
	assert_int_equal(rc, -1);
	assert_int_equal(taken->err.class, ERR_USAGE);
	assert_string_equal(taken->err.text, text);
}

static void test_options_may_stand_anywhere(void **state)
{
	struct taken *taken = *state;

	assert_int_equal(TAKE(taken, 2, 2, "--owner", "alice", "one", "--force", "two"), 0);
	assert_int_equal(taken->argc, 2);
	assert_string_equal(taken->argv[0], "one");
	assert_string_equal(taken->argv[1], "two");
	assert_string_equal(taken->options[0].value, "alice");
	assert_string_equal(taken->options[1].value, "");
	assert_null(taken->options[2].value);
}

static void test_a_value_may_follow_an_equals_sign(void **state)
{
	struct taken *taken = *state;

	assert_int_equal(TAKE(taken, 0, 0, "--owner=a=b"), 0);
	assert_string_equal(taken->options[0].value, "a=b");
}

static void test_the_first_letter_is_enough(void **state)
{
	struct taken *taken = *state;

	assert_int_equal(TAKE(taken, 0, 0, "-o", "bob"), 0);
	assert_string_equal(taken->options[0].value, "bob");
}

static void test_behind_two_dashes_all_are_arguments(void **state)
{
	struct taken *taken = *state;

	assert_int_equal(TAKE(taken, 1, 3, "--force", "--", "--owner", "--"), 0);
	assert_int_equal(taken->argc, 2);
	assert_string_equal(taken->argv[0], "--owner");
	assert_string_equal(taken->argv[1], "--");
	assert_null(taken->options[0].value);
}

static void test_one_dash_is_an_argument(void **state)
{
	struct taken *taken = *state;

	assert_int_equal(TAKE(taken, 1, 1, "-"), 0);
	assert_string_equal(taken->argv[0], "-");
}

static void test_a_list_becomes_an_array(void **state)
{
	struct taken *taken = *state;

	assert_int_equal(TAKE(taken, 0, 0, "--admin", "alice", "--admin=o\"neil", "-a", "c\\d"), 0);
	assert_string_equal(taken->options[2].value, "{\"alice\",\"o\\\"neil\",\"c\\\\d\"}");
}

static void test_too_many_values_are_refused(void **state)
{
	struct taken *taken = *state;
	const char *words[WORDS_MOST];
	int count = 0;

	while (count < WORDS_MOST - 1)
		words[count++] = "--admin=x";
	words[count] = NULL;
	refused(taken, take(taken, words, 0, 0), "--admin is given more than 256 times");
}

static void test_a_missing_value_is_refused(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 0, 9, "one", "--owner"), "--owner needs a value");
}

static void test_a_value_for_a_flag_is_refused(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 0, 9, "--force=yes"), "--force takes no value");
}

static void test_an_option_given_twice_is_refused(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 0, 9, "--owner", "a", "--owner", "b"), "--owner is given twice");
}

static void test_a_misspelt_option_names_the_nearest(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 0, 9, "--onwer=x"), "\"app create\" has no option --onwer; did you mean --owner?");
}

static void test_an_unknown_option_points_to_help(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 0, 9, "-z"), "\"app create\" has no option -z; see: rosterctl help app create");
}

static void test_too_few_arguments_show_the_usage(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 1, 1, "--force"),
		"\"app create\" needs more words: rosterctl app create NAME [--owner LOGIN]");
}

static void test_too_many_arguments_name_the_first_too_many(void **state)
{
	struct taken *taken = *state;

	refused(taken, TAKE(taken, 1, 1, "one", "two", "three"),
		"\"two\" is one word too many: rosterctl app create NAME [--owner LOGIN]");
}

#define OPTION_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPTION_TEST(test_options_may_stand_anywhere),
	    OPTION_TEST(test_a_value_may_follow_an_equals_sign),
	    OPTION_TEST(test_the_first_letter_is_enough),
	    OPTION_TEST(test_behind_two_dashes_all_are_arguments),
	    OPTION_TEST(test_one_dash_is_an_argument),
	    OPTION_TEST(test_a_list_becomes_an_array),
	    OPTION_TEST(test_too_many_values_are_refused),
	    OPTION_TEST(test_a_missing_value_is_refused),
	    OPTION_TEST(test_a_value_for_a_flag_is_refused),
	    OPTION_TEST(test_an_option_given_twice_is_refused),
	    OPTION_TEST(test_a_misspelt_option_names_the_nearest),
	    OPTION_TEST(test_an_unknown_option_points_to_help),
	    OPTION_TEST(test_too_few_arguments_show_the_usage),
	    OPTION_TEST(test_too_many_arguments_name_the_first_too_many),
	};

	return cmocka_run_group_tests_name("options of a verb", tests, NULL, NULL);
}
