/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { WORDS_MOST = 8 };

/* What the words, behind the program's name, give; they end with NULL. */
static int take(const char *const words[], struct daemon_options *options, struct error *err)
{
	char *argv[WORDS_MOST + 1] = {(char *)"rosterd"};
	int argc = 1;

	while (words[argc - 1] != NULL) {
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	return daemon_options_take(argc, argv, options, err);
}

#define TAKE(options, err, ...) take((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, options, err)

static void nothing_is_asked_for(void **state)
{
	struct daemon_options options;
	struct error err = {0};

	(void)state;
	assert_int_equal(TAKE(&options, &err), 0);
	assert_null(options.config_file);
	assert_null(options.duty);
	assert_false(options.test || options.once || options.version || options.help);
}

static void the_file_is_named_in_any_way(void **state)
{
	struct daemon_options options;
	struct error err = {0};

	(void)state;
	assert_int_equal(TAKE(&options, &err, "-f", "a"), 0);
	assert_string_equal(options.config_file, "a");
	assert_int_equal(TAKE(&options, &err, "--config", "b"), 0);
	assert_string_equal(options.config_file, "b");
	assert_int_equal(TAKE(&options, &err, "--config=c", "-t"), 0);
	assert_string_equal(options.config_file, "c");
	assert_true(options.test);
	assert_int_equal(TAKE(&options, &err, "-f"), -1);
	assert_int_equal(err.class, ERR_USAGE);
	assert_string_equal(err.text, "-f needs the name of a file");
}

static void a_child_knows_its_duty(void **state)
{
	struct daemon_options options;
	struct error err = {0};

	(void)state;
	assert_int_equal(TAKE(&options, &err, "--child", "source", "--once", "-f", "a"), 0);
	assert_string_equal(options.duty, "source");
	assert_string_equal(options.subject, "--once");
	assert_false(options.once);
	assert_int_equal(TAKE(&options, &err, "--child", "database", ""), 0);
	assert_string_equal(options.subject, "");
	assert_int_equal(TAKE(&options, &err, "--child", "source"), -1);
	assert_int_equal(err.class, ERR_USAGE);
}

static void what_is_unknown_is_refused(void **state)
{
	struct daemon_options options;
	struct error err = {0};

	(void)state;
	assert_int_equal(TAKE(&options, &err, "--onec"), -1);
	assert_string_equal(err.text, "there is no option --onec; did you mean --once?");
	assert_int_equal(TAKE(&options, &err, "-x"), -1);
	assert_string_equal(err.text, "there is no option -x; see: rosterd -h");
	assert_int_equal(TAKE(&options, &err, "start"), -1);
	assert_string_equal(err.text, "\"start\" is no option; see: rosterd -h");
	assert_int_equal(TAKE(&options, &err, "-t", "--once"), -1);
	assert_int_equal(err.class, ERR_USAGE);
}

static void the_usage_names_every_option(void **state)
{
	static const char *const names[] = {"-f", "--config", "-t", "--test",   "--once",
					    "-h", "--help",   "-V", "--version"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_non_null(strstr(daemon_usage, names[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_asked_for),         cmocka_unit_test(the_file_is_named_in_any_way),
	    cmocka_unit_test(a_child_knows_its_duty),       cmocka_unit_test(what_is_unknown_is_refused),
	    cmocka_unit_test(the_usage_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
