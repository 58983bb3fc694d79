/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/child.h"
#include "daemon/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct duty source = {.name = "source"};

/* Handlers and timers belong to a process, so each child is one. What it finds is its exit code. */
static int exit_code_of(int (*child)(void))
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* 0 when a wait of a minute is ended by a signal. */
static int wait_a_minute(void)
{
	const struct timespec minute = {.tv_sec = 60};

	return nanosleep(&minute, NULL) == -1 && errno == EINTR ? 0 : 1;
}

static int sleep_after_the_signal(void)
{
	if (child_prepare(&source) != 0 || child_must_stop())
		return 2;
	raise(SIGTERM);
	if (!child_must_stop())
		return 3;
	return wait_a_minute() + wait_a_minute();
}

static void a_signal_is_not_slept_through(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(sleep_after_the_signal), 0);
}

static int get_signals_of_the_supervisor(void)
{
	if (child_prepare(&source) != 0)
		return 2;
	raise(SIGHUP);
	raise(SIGUSR1);
	raise(SIGUSR2);
	raise(SIGPIPE);
	return child_must_stop() ? 3 : 0;
}

static void signals_of_the_supervisor_mean_nothing(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(get_signals_of_the_supervisor), 0);
}

static void name_supervisor(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof text, "%d", (int)pid);
	setenv(spawn_supervisor_variable, text, 1);
}

static int have_lost_the_supervisor(void)
{
	name_supervisor(getpid());
	return child_prepare(&source) == -1 ? 0 : 1;
}

static void a_child_without_its_supervisor_gives_up(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(have_lost_the_supervisor), 0);
}

/* The supervisor's end of a channel whose other end is where a child looks for it; -1 for none. */
static int open_channel(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return -1;
	int own = fcntl(ends[0], F_DUPFD, CHANNEL_FD + 1);
	return dup2(ends[1], CHANNEL_FD) < 0 ? -1 : own;
}

static int tell_the_supervisor(void)
{
	int channel = open_channel(), signal_of_death = 0;
	char words[4] = "";

	if (channel < 0)
		return 2;
	name_supervisor(getppid());
	if (child_prepare(&source) != 0 || getenv(spawn_supervisor_variable) != NULL)
		return 3;
	prctl(PR_GET_PDEATHSIG, &signal_of_death);
	if (signal_of_death != SIGTERM)
		return 4;
	child_ready();
	child_alive();
	return recv(channel, words, sizeof words, 0) == 2 && memcmp(words, "ra", 2) == 0 ? 0 : 5;
}

static void the_supervisor_hears_from_its_child(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(tell_the_supervisor), 0);
}

/* Told to stop is not told why. */
static int hear_of_the_end(void)
{
	const char word = CHANNEL_END;
	int channel = open_channel();

	if (channel < 0)
		return 2;
	name_supervisor(getppid());
	if (child_prepare(&source) != 0)
		return 3;
	raise(SIGTERM);
	if (!child_must_stop() || child_supervisor_ends())
		return 4;
	return send(channel, &word, 1, 0) == 1 && child_supervisor_ends() ? 0 : 5;
}

static void a_child_knows_whether_its_supervisor_ends(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(hear_of_the_end), 0);
}

static int be_alone(void)
{
	int channel = open_channel();
	char word;

	if (channel < 0)
		return 2;
	if (child_prepare(&source) != 0)
		return 3;
	child_ready();
	return recv(channel, &word, 1, MSG_DONTWAIT) == -1 ? 0 : 4;
}

static void a_child_started_by_hand_tells_nobody(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of(be_alone), 0);
}

static void a_title_is_a_duty_and_its_subject(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(child_title(&source, "corp", arena), "source corp");
	assert_string_equal(child_title(&source, "", arena), "source");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_signal_is_not_slept_through),
	    cmocka_unit_test(signals_of_the_supervisor_mean_nothing),
	    cmocka_unit_test(a_child_without_its_supervisor_gives_up),
	    cmocka_unit_test(the_supervisor_hears_from_its_child),
	    cmocka_unit_test(a_child_knows_whether_its_supervisor_ends),
	    cmocka_unit_test(a_child_started_by_hand_tells_nobody),
	    cmocka_unit_test(a_title_is_a_duty_and_its_subject),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
