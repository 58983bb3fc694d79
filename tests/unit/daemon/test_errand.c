/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/errand.h"
#include "roster/elapsed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 60000, SHORT_MS = 300 };

static char folder[] = "/tmp/test-errand-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink("out");
	return chdir("/") != 0 || rmdir(folder) != 0 ? -1 : 0;
}

static int run(const char *script, const char *input, int most_ms, struct error *err)
{
	const char *const argv[] = {"/bin/sh", "-c", script, "errand", "a b", "$(c)", NULL};
	struct str text = {0};
	const struct errand errand = {argv, &text, most_ms, most_ms};

	str_add(&text, input);
	int rc = errand_run(&errand, err);
	str_free(&text);
	return rc;
}

static void read_out(char *text, size_t room)
{
	FILE *file = fopen("out", "re");

	assert_non_null(file);
	text[fread(text, 1, room - 1, file)] = '\0';
	fclose(file);
}

static void it_gets_its_arguments_its_input_and_little_else(void **state)
{
	struct error err = {0};
	char out[1024];

	(void)state;
	setenv("SECRET_OF_OURS", "x", 1);
	assert_int_equal(
	    run("printf '%s|' \"$@\" >out; cat >>out; env | grep -c SECRET >>out; :", "{\"a\": 1}\n", LONG_MS, &err),
	    0);
	read_out(out, sizeof out);
	assert_string_equal(out, "a b|$(c)|{\"a\": 1}\n0\n");
}

static void who_reads_nothing_is_not_waited_for(void **state)
{
	struct error err = {0};
	char *input = malloc(1 << 20);

	(void)state;
	memset(input, 'x', (1 << 20) - 1);
	input[(1 << 20) - 1] = '\0';
	assert_int_equal(run("exit 0", input, LONG_MS, &err), 0);
	free(input);
}

static void a_failure_says_how_and_what(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(run("echo no mail today >&2; exit 3", "", LONG_MS, &err), -1);
	assert_string_equal(err.text, "/bin/sh ended with exit status 3: no mail today");
	assert_int_equal(run("kill -9 $$", "", LONG_MS, &err), -1);
	assert_string_equal(err.text, "/bin/sh ended with signal 9");
}

static void a_program_that_is_not_there_is_a_failure(void **state)
{
	static const char *const argv[] = {"/nonexistent/tell", NULL};
	const struct str nothing = {0};
	const struct errand errand = {argv, &nothing, LONG_MS, LONG_MS};
	struct error err = {0};

	(void)state;
	assert_int_equal(errand_run(&errand, &err), -1);
	assert_non_null(strstr(err.text, "No such file or directory"));
}

/* The grandchild is nobody's to wait for: its number goes free, or stands for a zombie, soon after. */
static bool lives(pid_t pid)
{
	char path[64], state = 'X';
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%*d %*s %c", &state) != 1)
		state = 'X';
	fclose(file);
	return state != 'Z' && state != 'X';
}

static void one_that_hangs_is_killed_with_what_it_started(void **state)
{
	struct error err = {0};
	char out[64];
	int64_t began = clock_ms();

	(void)state;
	assert_int_equal(run("trap '' TERM; sleep 600 & echo $! >out; wait", "", SHORT_MS, &err), -1);
	assert_string_equal(err.text, "/bin/sh was killed: it did not end in time");
	assert_in_range(clock_ms() - began, SHORT_MS, LONG_MS / 4);
	read_out(out, sizeof out);
	pid_t pid = (pid_t)strtol(out, NULL, 10);
	assert_true(pid > 1);
	while (lives(pid))
		assert_true(clock_ms() - began < LONG_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_gets_its_arguments_its_input_and_little_else),
	    cmocka_unit_test(who_reads_nothing_is_not_waited_for),
	    cmocka_unit_test(a_failure_says_how_and_what),
	    cmocka_unit_test(a_program_that_is_not_there_is_a_failure),
	    cmocka_unit_test(one_that_hangs_is_killed_with_what_it_started),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
