/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/http.h"

#include "http_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static struct server server; /* large */

static void fifty_are_under_way_at_once(void **state)
{
	enum { MANY = 50 };
	struct error err = {0};
	struct http_reply reply;
	char url[64];
	int answered[MANY] = {0};

	(void)state;
	server_start(&server, SERVER_GATHERS, OK);
	server.gather = MANY;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	for (int i = 0; i < MANY; i++)
		start(url, 20000, &answered[i]);
	for (int left = MANY; left > 0; left--) {
		assert_int_equal(http_next(http, -1, 20000, &reply, &err), 1);
		assert_int_equal(reply.status, 200);
		assert_string_equal(reply.body, "ok");
		++*(int *)reply.context;
	}
	for (int i = 0; i < MANY; i++)
		assert_int_equal(answered[i], 1);
	assert_int_equal(http_next(http, -1, 0, &reply, &err), 0);
	server_stop(&server);
	assert_int_equal(server.connections, MANY);
}

static void connection_is_used_again(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ANSWERS, OK);
	for (int i = 0; i < 5; i++) {
		ask_server(&server, &reply);
		assert_int_equal(reply.status, 200);
	}
	assert_int_equal(server_connections(&server), 1);
	assert_int_equal(server_requests(&server), 5);
	server_stop(&server);
}

static void dead_peer_does_not_hold_up_others(void **state)
{
	static struct server silent;
	struct error err = {0};
	struct http_reply reply;
	char url[64];

	(void)state;
	server_start(&silent, SERVER_SILENT, "");
	server_start(&server, SERVER_ANSWERS, OK);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", silent.port);
	start(url, 60000, &silent);
	for (int i = 0; i < 3; i++) {
		ask_server(&server, &reply);
		assert_int_equal(reply.status, 200);
	}
	assert_int_equal(http_next(http, -1, 0, &reply, &err), 0);
	/* Given up with the handle, without a wait. */
	double before = seconds_of(CLOCK_MONOTONIC);
	http_free(&http);
	assert_null(http);
	assert_true(seconds_of(CLOCK_MONOTONIC) - before < 5);
	http_free(&http);
	server_stop(&server);
	server_stop(&silent);
}

/* Wait that nothing ends; returns the seconds it took and checks that they were slept through. */
static double wait_idly(int fd, int64_t wait_ms)
{
	double start_wall = seconds_of(CLOCK_MONOTONIC), start_busy = seconds_of(CLOCK_THREAD_CPUTIME_ID);
	struct error err = {0};
	struct http_reply reply;

	assert_int_equal(http_next(http, fd, wait_ms, &reply, &err), 0);
	double wall = seconds_of(CLOCK_MONOTONIC) - start_wall;
	double busy = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start_busy;
	if (busy > 0.05 + wall / 4)
		fail_msg("busy for %f of %f seconds", busy, wall);
	return wall;
}

static void wait_ends_in_time_and_sleeps(void **state)
{
	char url[64];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(wait_idly(-1, 0) < 1);
	assert_true(wait_idly(-1, -5) < 1);
	assert_true(wait_idly(-1, 400) >= 0.39);
	assert_true(wait_idly(ends[0], 400) >= 0.39);
	server_start(&server, SERVER_SILENT, "");
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	start(url, 60000, NULL);
	assert_true(wait_idly(ends[0], 400) >= 0.39);
	assert_true(wait_idly(-1, 400) >= 0.39);
	server_stop(&server);
	close(ends[0]);
	close(ends[1]);
}

static void descriptor_ends_the_wait(void **state)
{
	char url[64];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_true(wait_idly(ends[0], 60000) < 10);
	server_start(&server, SERVER_SILENT, "");
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	start(url, 60000, NULL);
	assert_true(wait_idly(ends[0], 60000) < 10);
	/* Empty, and nobody can write to it any more: there is nothing to wait for either. */
	assert_int_equal(read(ends[0], url, 1), 1);
	close(ends[1]);
	assert_true(wait_idly(ends[0], 60000) < 10);
	server_stop(&server);
	close(ends[0]);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

static void signal_ends_the_wait(void **state)
{
	const struct sigaction counted = {.sa_handler = count_alarm, .sa_flags = SA_RESTART};
	const struct itimerval soon = {.it_value = {.tv_usec = 200000}};
	struct sigaction before;
	char url[64];

	(void)state;
	alarms = 0;
	assert_int_equal(sigaction(SIGALRM, &counted, &before), 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_true(wait_idly(-1, 60000) < 10);
	assert_int_equal(alarms, 1);
	server_start(&server, SERVER_SILENT, "");
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	start(url, 60000, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_true(wait_idly(-1, 60000) < 10);
	assert_int_equal(alarms, 2);
	server_stop(&server);
	sigaction(SIGALRM, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(fifty_are_under_way_at_once),  TEST(connection_is_used_again), TEST(dead_peer_does_not_hold_up_others),
	    TEST(wait_ends_in_time_and_sleeps), TEST(descriptor_ends_the_wait), TEST(signal_ends_the_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
