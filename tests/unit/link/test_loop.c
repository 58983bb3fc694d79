/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A loop, and what happened in it. */
struct play {
	struct loop *loop;
	struct loop_timer *first, *second;
	struct loop_reader *reader;
	char story[64];
	pid_t pid;
	int status, ended;
};

static int setup(void **state)
{
	struct play *play = test_calloc(1, sizeof *play);

	play->loop = loop_new();
	*state = play;
	return 0;
}

static int teardown(void **state)
{
	struct play *play = *state;

	loop_timer_free(&play->first);
	loop_timer_free(&play->second);
	loop_reader_free(&play->reader);
	loop_free(&play->loop);
	assert_null(play->loop);
	loop_free(&play->loop);
	test_free(play);
	return 0;
}

static void tell(struct play *play, const char *what)
{
	size_t size = strlen(play->story);

	assert_true(size + strlen(what) < sizeof play->story);
	memcpy(play->story + size, what, strlen(what) + 1);
}

static void run(struct play *play)
{
	struct error err = {0};

	assert_int_equal(loop_run(play->loop, &err), 0);
}

/* --- timers ------------------------------------------------------------------------------------------------------------ */

static void fire_first(void *context)
{
	tell(context, "first ");
}

static void fire_second(void *context)
{
	struct play *play = context;

	tell(play, "second ");
	loop_stop(play->loop);
}

static void timers_fire_in_the_order_of_their_time(void **state)
{
	struct play *play = *state;

	play->first = loop_timer_new(play->loop, fire_first, play);
	play->second = loop_timer_new(play->loop, fire_second, play);
	/* So much that a pause between these two lines does not matter. */
	loop_timer_start(play->second, 500);
	loop_timer_start(play->first, 5);
	run(play);
	assert_string_equal(play->story, "first second ");
}

static void starting_again_moves_the_moment(void **state)
{
	struct play *play = *state;

	play->first = loop_timer_new(play->loop, fire_first, play);
	play->second = loop_timer_new(play->loop, fire_second, play);
	loop_timer_start(play->first, 1);
	loop_timer_start(play->first, 60000);
	loop_timer_start(play->second, 20);
	run(play);
	assert_string_equal(play->story, "second ");
}

static void a_stopped_timer_is_silent(void **state)
{
	struct play *play = *state;

	play->first = loop_timer_new(play->loop, fire_first, play);
	play->second = loop_timer_new(play->loop, fire_second, play);
	loop_timer_start(play->first, 1);
	loop_timer_stop(play->first);
	loop_timer_start(play->second, 20);
	run(play);
	assert_string_equal(play->story, "second ");
}

static void free_both(void *context)
{
	struct play *play = context;

	loop_timer_free(&play->first);
	loop_timer_free(&play->second);
	loop_stop(play->loop);
}

static void a_timer_may_be_freed_when_it_fires(void **state)
{
	struct play *play = *state;

	play->first = loop_timer_new(play->loop, free_both, play);
	play->second = loop_timer_new(play->loop, fire_second, play);
	loop_timer_start(play->first, 0);
	loop_timer_start(play->second, 0);
	run(play);
	assert_null(play->first);
}

static void stopping_before_running_counts(void **state)
{
	struct play *play = *state;

	loop_stop(play->loop);
	run(play);
}

static void nothing_to_wait_for_is_an_error(void **state)
{
	struct play *play = *state;
	struct error err = {0};

	assert_int_equal(loop_run(play->loop, &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
}

/* --- descriptors and signals --------------------------------------------------------------------------------------------- */

static void read_word(int fd, void *context)
{
	struct play *play = context;
	char text[16] = "";
	ssize_t size = read(fd, text, sizeof text - 1);

	if (size > 0) {
		tell(play, text);
		return;
	}
	tell(play, "end");
	loop_reader_free(&play->reader);
	loop_stop(play->loop);
}

static void a_reader_sees_bytes_and_the_end(void **state)
{
	struct play *play = *state;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	play->reader = loop_reader_new(play->loop, ends[0], read_word, play);
	assert_int_equal(write(ends[1], "word ", 5), 5);
	close(ends[1]);
	run(play);
	assert_string_equal(play->story, "word end");
	close(ends[0]);
}

static void caught(int number, void *context)
{
	struct play *play = context;

	assert_int_equal(number, SIGUSR1);
	tell(play, "signal");
	loop_stop(play->loop);
}

static void a_signal_is_a_call(void **state)
{
	struct play *play = *state;

	loop_on_signal(play->loop, SIGUSR1, caught, play);
	raise(SIGUSR1);
	assert_string_equal(play->story, "");
	run(play);
	assert_string_equal(play->story, "signal");
}

static void child_ended(pid_t pid, int status, void *context)
{
	struct play *play = context;

	play->ended++;
	if (pid == play->pid)
		play->status = status;
	if (play->ended == 3)
		loop_stop(play->loop);
}

static void every_child_is_seen_to_end(void **state)
{
	struct play *play = *state;

	play->status = -1;
	loop_on_exit(play->loop, child_ended, play);
	/* Another program: a copy of this one would be asked for its memory by valgrind. */
	static const char *const commands[] = {"exit 1", "exit 2", "exit 3"};
	for (size_t i = 0; i < 3; i++) {
		play->pid = fork();
		assert_int_not_equal(play->pid, -1);
		if (play->pid == 0) {
			execl("/bin/sh", "sh", "-c", commands[i], (char *)NULL);
			_exit(127);
		}
	}
	run(play);
	assert_int_equal(play->ended, 3);
	assert_true(WIFEXITED(play->status));
	assert_int_equal(WEXITSTATUS(play->status), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_their_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(starting_again_moves_the_moment, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_stopped_timer_is_silent, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_timer_may_be_freed_when_it_fires, setup, teardown),
	    cmocka_unit_test_setup_teardown(stopping_before_running_counts, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_to_wait_for_is_an_error, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_reader_sees_bytes_and_the_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_signal_is_a_call, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_child_is_seen_to_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
