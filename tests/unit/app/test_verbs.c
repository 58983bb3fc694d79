/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/call.h"
#include "app/help.h"
#include "app/start.h"
#include "app/verbs.h"
#include "capture.h"

struct found {
	const struct verb *verb;
	int used;
	struct error err;
};

static int find(struct found *found, int count, const char *first, const char *second)
{
	char *words[] = {(char *)first, (char *)second};

	*found = (struct found){.used = 0};
	return verb_find(words, count, &found->verb, &found->used, &found->err);
}

static void test_a_verb_has_one_or_two_words(void **state)
{
	struct found found;

	(void)state;
	assert_int_equal(find(&found, 2, "user", "list"), 0);
	assert_string_equal(found.verb->name, "user list");
	assert_int_equal(found.used, 2);
	assert_int_equal(find(&found, 2, "tree", "/pay"), 0);
	assert_string_equal(found.verb->name, "tree");
	assert_int_equal(found.used, 1);
}

static void test_a_verb_may_be_the_beginning_of_others(void **state)
{
	struct found found;

	(void)state;
	assert_int_equal(find(&found, 1, "runs", NULL), 0);
	assert_string_equal(found.verb->name, "runs");
	assert_int_equal(find(&found, 2, "runs", "--most"), 0);
	assert_string_equal(found.verb->name, "runs");
	assert_int_equal(find(&found, 2, "runs", "diff"), 0);
	assert_string_equal(found.verb->name, "runs diff");
}

static void refused(int count, const char *first, const char *second, const char *text)
{
	struct found found;

	assert_int_equal(find(&found, count, first, second), -1);
	assert_int_equal(found.err.class, ERR_USAGE);
	assert_string_equal(found.err.text, text);
}

static void test_what_is_no_verb_is_refused_with_what_was_meant(void **state)
{
	(void)state;
	refused(0, NULL, NULL, "say what to do; see: rosterctl help");
	refused(2, "usre", "list", "there is no verb \"usre\"; did you mean \"user\"?");
	refused(1, "frobnicate", NULL, "there is no verb \"frobnicate\"; see: rosterctl help");
	refused(2, "user", "lsit", "there is no verb \"user lsit\"; did you mean \"user list\"?");
	refused(2, "runs", "everything", "there is no verb \"runs everything\" (there are: show, diff)");
	refused(1, "role", NULL,
		"\"role\" needs a second word: list, show, holders, duplicates, create, edit, save, "
		"cancel, delete, merge, keep");
	refused(2, "role", "--json",
		"\"role\" needs a second word: list, show, holders, duplicates, create, edit, "
		"save, cancel, delete, merge, keep");
}

static void test_every_verb_is_explained_and_can_run(void **state)
{
	size_t family = 0, index = 0, count = 0;
	const struct verb *verb;

	(void)state;
	for (; (verb = verb_next(&family, &index)) != NULL; count++) {
		assert_non_null(verb->run);
		assert_true(strlen(verb->summary) > 0 && strlen(verb->summary) < 80);
		assert_true(verb->help[strlen(verb->help) - 1] == '.');
		assert_true(text_starts_with(verb->example, verb->name));
		assert_ptr_equal(verb_named(verb->name), verb);
	}
	assert_true(count > 40);
}

/* Every parameter of a call is there or has an option that the usage shows. */
static void check_call(const struct verb *verb, const struct call *call)
{
	assert_true((call->rows == NULL) != (call->done == NULL));
	if (call->word != NULL)
		assert_non_null(strstr(verb->usage, call->word));
	for (size_t p = 0; p < PARAMETERS_MOST; p++) {
		const struct parameter *parameter = &call->params[p];
		if (parameter->from == FROM_ARGUMENT)
			assert_true(parameter->argument < call->most);
		else if (parameter->from == FROM_OPTION || parameter->from == FROM_REQUIRED ||
			 parameter->from == FROM_LIST)
			assert_non_null(strstr(verb->usage, parameter->text));
	}
}

static void test_usages_show_what_calls_take(void **state)
{
	size_t family = 0, index = 0;
	const struct verb *verb;

	(void)state;
	while ((verb = verb_next(&family, &index)) != NULL) {
		assert_int_equal(verb->run == call_run, verb->call_count > 0);
		for (size_t i = 0; i < verb->call_count; i++)
			check_call(verb, &verb->calls[i]);
	}
}

static int run(const char *first, const char *second, const char *third, const char **text)
{
	const char *argv[] = {"rosterctl", first, second, third, NULL};
	int argc = 1, rc;

	while (argv[argc] != NULL)
		argc++;
	capture_start();
	rc = app_main(argc, (char **)argv);
	*text = capture_end();
	return rc;
}

static void test_help_names_every_verb(void **state)
{
	const char *text;
	size_t family = 0, index = 0;
	const struct verb *verb;

	(void)state;
	assert_int_equal(run("--help", NULL, NULL, &text), 0);
	while ((verb = verb_next(&family, &index)) != NULL)
		assert_non_null(strstr(text, verb->summary));
}

static void test_help_of_a_verb_has_usage_paragraph_and_example(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("app", "owner", "--help", &text), 0);
	assert_string_equal(text, "usage: rosterctl app owner NAME LOGIN\n\n"
				  "The owner of the app or a platform administrator may.\n\n"
				  "example: rosterctl app owner api bob\n");
	assert_int_equal(run("help", "app", "owner", &text), 0);
	assert_true(text_starts_with(text, "usage: rosterctl app owner NAME LOGIN\n"));
}

static void test_help_of_half_a_verb_lists_the_rest(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("--help", "role", NULL, &text), 0);
	assert_non_null(strstr(text, "  role list "));
	assert_null(strstr(text, "user"));
}

static void test_help_breaks_lines(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("group", "members", "-h", &text), 0);
	const char *line = strstr(text, "\n\n") + 2;
	while (!text_starts_with(line, "\n")) {
		assert_true(strcspn(line, "\n") <= 80);
		line += strcspn(line, "\n") + 1;
	}
}

static void test_words_that_are_wrong_exit_64(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("--jsn", NULL, NULL, &text), 64);
	assert_int_equal(run("-f", NULL, NULL, &text), 64);
	assert_int_equal(run("help", "frobnicate", NULL, &text), 64);
	assert_int_equal(run(NULL, NULL, NULL, &text), 64);
	assert_int_equal(run("completion", "fish", NULL, &text), 64);
	assert_string_equal(text, "");
}

static void test_a_configuration_that_is_missing_exits_78(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("--config=/nonexistent/rosterd.conf", "status", NULL, &text), 78);
}

static void test_version_is_printed(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("-V", NULL, NULL, &text), 0);
	assert_true(text_starts_with(text, "rosterctl "));
}

static void test_global_options_may_stand_anywhere(void **state)
{
	const char *argv[] = {"user",       "--json", "list", "-f", "a.conf", "-v",
			      "--no-color", "--role", "x",    "--", "--plain"};
	int argc = 11;
	struct global_options options;

	(void)state;
	assert_int_equal(global_options_take(&argc, (char **)argv, &options, NULL), 0);
	assert_int_equal(argc, 6);
	assert_string_equal(argv[1], "list");
	assert_string_equal(argv[2], "--role");
	assert_string_equal(argv[5], "--plain");
	assert_int_equal(options.format, OUTPUT_JSON);
	assert_string_equal(options.config_file, "a.conf");
	assert_true(options.verbose && options.no_color);
	assert_false(options.help || options.version);
}

static void test_keys_of_the_configuration_are_explained(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("config", "explain", "max_remove", &text), 0);
	assert_non_null(strstr(text, "safety.max_remove\n"));
	assert_int_equal(run("config", "explain", "--plain", &text), 0);
	assert_non_null(strstr(text, "\nsources.*.type\t"));
	assert_int_equal(run("config", "explain", "max_remov", &text), 64);
}

static void test_completions_offer_every_first_word(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(run("completion", "bash", NULL, &text), 0);
	assert_non_null(strstr(text, "\"\") words=\"check config database plan sync "));
	assert_non_null(strstr(
	    text, "user) second=\" list show duplicates create suspend resume link unlink erase role second-factor\""));
	assert_non_null(strstr(text, "\"plan\") words=\"--source --output --exit-code --local\""));
	assert_int_equal(run("completion", "zsh", NULL, &text), 0);
	assert_true(text_starts_with(text, "autoload -U +X bashcompinit"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_verb_has_one_or_two_words),
	    cmocka_unit_test(test_a_verb_may_be_the_beginning_of_others),
	    cmocka_unit_test(test_what_is_no_verb_is_refused_with_what_was_meant),
	    cmocka_unit_test(test_every_verb_is_explained_and_can_run),
	    cmocka_unit_test(test_usages_show_what_calls_take),
	    cmocka_unit_test(test_help_names_every_verb),
	    cmocka_unit_test(test_help_of_a_verb_has_usage_paragraph_and_example),
	    cmocka_unit_test(test_help_of_half_a_verb_lists_the_rest),
	    cmocka_unit_test(test_help_breaks_lines),
	    cmocka_unit_test(test_words_that_are_wrong_exit_64),
	    cmocka_unit_test(test_a_configuration_that_is_missing_exits_78),
	    cmocka_unit_test(test_version_is_printed),
	    cmocka_unit_test(test_global_options_may_stand_anywhere),
	    cmocka_unit_test(test_keys_of_the_configuration_are_explained),
	    cmocka_unit_test(test_completions_offer_every_first_word),
	};

	return cmocka_run_group_tests_name("verbs", tests, NULL, NULL);
}
