/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 5 };

static struct program *start(const char *script, int kept)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	const struct program_start how = {.argv = argv, .death_signal = SIGINT, .kept = kept};
	struct program *program = NULL;
	struct error err = {0};

	assert_int_equal(program_start(&how, &program, &err), 0);
	return program;
}

static void await_end(struct program *program)
{
	while (!program_wait(program, LOOK_MS))
		;
}

/* How a script ends, and what it last said. */
static void expect(const char *script, const char *end, const char *words)
{
	struct program *program = start(script, -1);

	await_end(program);
	assert_string_equal(program_end(program), end);
	assert_string_equal(program_last_words(program), words);
	assert_int_equal(program_succeeded(program), strcmp(end, "exit status 0") == 0);
	program_free(&program);
	assert_null(program);
}

static void an_end_is_told_apart(void **state)
{
	(void)state;
	expect("exit 0", "exit status 0", "");
	expect("exit 3", "exit status 3", "");
	expect("kill -9 $$", "signal 9", "");
}

static void the_last_words_are_those_that_tell_most(void **state)
{
	(void)state;
	expect("echo one; echo two >&2", "exit status 0", "two");
	expect("printf 'no line end'", "exit status 0", "no line end");
	expect("echo 'FATAL:  this'; echo 'LOG:  that'; exit 1", "exit status 1", "FATAL:  this");
	expect("echo 'initdb: error: this'; echo 'initdb: hint: that'", "exit status 0", "initdb: error: this");
	expect("echo 'LOG:  this'; echo 'LOG:  database system is shut down'", "exit status 0", "LOG:  this");
}

static void what_clients_did_wrong_says_nothing_later(void **state)
{
	int ends[2];
	char script[256];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(script, sizeof script,
		 "echo 'FATAL:  early'; head -c 1 <&%d; echo 'FATAL:  a client'; echo last; exit 1", ends[0]);
	struct program *program = start(script, ends[0]);
	assert_false(program_wait(program, 0));
	program_started(program);
	assert_int_equal(write(ends[1], "\n", 1), 1);
	await_end(program);
	assert_string_equal(program_last_words(program), "last");
	program_free(&program);
	close(ends[0]);
	close(ends[1]);
}

/* More than a pipe holds, while nobody waits for it. */
static void much_output_keeps_nobody_waiting(void **state)
{
	(void)state;
	expect("line=$(printf '%08000d' 0); for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $line; done; echo end",
	       "exit status 0", "end");
}

static void a_program_that_is_not_there_says_so(void **state)
{
	static const char *const argv[] = {"/nonexistent/postgres", NULL};
	const struct program_start how = {.argv = argv, .death_signal = SIGINT, .kept = -1};
	struct program *program = NULL;

	(void)state;
	assert_int_equal(program_start(&how, &program, NULL), 0);
	await_end(program);
	assert_string_equal(program_end(program), "exit status 127");
	assert_string_equal(program_last_words(program), "/nonexistent/postgres: error: No such file or directory");
	program_free(&program);
}

/* valgrind takes a signal that comes before the program is executed, and forgets it then. */
static void await_sleep_under_valgrind(const struct program *program)
{
	const char *preloaded = getenv("LD_PRELOAD");
	char path[64], name[32] = "";

	if (preloaded == NULL || strstr(preloaded, "vgpreload") == NULL)
		return;
	snprintf(path, sizeof path, "/proc/%d/comm", program_id(program));
	while (strcmp(name, "sleep\n") != 0) {
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		assert_non_null(fgets(name, sizeof name, file));
		fclose(file);
	}
}

static void it_ends_when_it_is_told_to(void **state)
{
	struct program *program = start("exec sleep 600", -1);

	(void)state;
	assert_false(program_wait(program, 1));
	await_sleep_under_valgrind(program);
	program_signal(program, SIGTERM);
	await_end(program);
	assert_string_equal(program_end(program), "signal 15");
	program_signal(program, SIGTERM); /* nobody is hit any more */
	program_free(&program);
}

/* A child of it that goes on keeps the pipe open, not us. */
static void grandchildren_do_not_keep_it(void **state)
{
	int ends[2];
	char script[128];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(script, sizeof script, "(read line <&%d) & echo gone", ends[0]);
	struct program *program = start(script, ends[0]);
	close(ends[0]);
	await_end(program);
	assert_string_equal(program_last_words(program), "gone");
	program_free(&program);
	byte = '\n';
	assert_int_equal(write(ends[1], &byte, 1), 1);
	close(ends[1]);
}

static void it_inherits_what_it_is_given_and_nothing_else(void **state)
{
	int given = open("/dev/null", O_RDONLY | O_CLOEXEC), other = open("/dev/null", O_RDONLY);
	char script[128];

	(void)state;
	snprintf(script, sizeof script, "test -e /proc/self/fd/%d || exit 1; test ! -e /proc/self/fd/%d || exit 2",
		 given, other);
	struct program *program = start(script, given);
	await_end(program);
	assert_string_equal(program_end(program), "exit status 0");
	program_free(&program);
	close(given);
	close(other);
}

/* The pipe's other end closes when the last of the two has gone. */
static void it_does_not_outlive_us(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid_t us = fork();
	if (us == 0) {
		close(ends[0]);
		start("exec sleep 600", ends[1]);
		kill(getpid(), SIGKILL);
	}
	close(ends[1]);
	assert_int_equal(waitpid(us, NULL, 0), us);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_end_is_told_apart),
	    cmocka_unit_test(the_last_words_are_those_that_tell_most),
	    cmocka_unit_test(what_clients_did_wrong_says_nothing_later),
	    cmocka_unit_test(much_output_keeps_nobody_waiting),
	    cmocka_unit_test(a_program_that_is_not_there_says_so),
	    cmocka_unit_test(it_ends_when_it_is_told_to),
	    cmocka_unit_test(grandchildren_do_not_keep_it),
	    cmocka_unit_test(it_inherits_what_it_is_given_and_nothing_else),
	    cmocka_unit_test(it_does_not_outlive_us),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
