/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/loop.h"
#include "link/loop_private.h"

#include "roster/arena.h"

#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>

struct loop_signal {
	struct event *event;
	void (*caught)(int number, void *context);
	void *context;
	struct loop_signal *next;
};

struct loop {
	struct event_base *base;
	struct loop_signal *signals;
	bool stopped;
	void (*ended)(pid_t pid, int status, void *context);
	void *ended_context;
};

struct loop_timer {
	struct event *event;
	void (*fire)(void *context);
	void *context;
};

struct loop_reader {
	struct event *event;
	void (*readable)(int fd, void *context);
	void *context;
};

static struct event *new_event(struct loop *loop, int fd, short what, event_callback_fn call, void *context)
{
	struct event *event = event_new(loop->base, fd, what, call, context);

	if (event == NULL)
		die("out of memory for an event");
	return event;
}

static void add_event(struct event *event, const struct timeval *after)
{
	if (event_add(event, after) != 0)
		die("an event cannot be waited for");
}

/* --- the loop ---------------------------------------------------------------------------------------------------------- */

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof *loop);
	struct event_config *config = event_config_new();

	/* What waits is for us to choose, not for a variable of whoever started us. */
	if (config == NULL || event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) != 0)
		die("out of memory for the event loop");
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	if (loop->base == NULL)
		die("the event loop cannot be made");
	return loop;
}

void loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	while ((*loop)->signals != NULL) {
		struct loop_signal *first = (*loop)->signals;
		(*loop)->signals = first->next;
		event_free(first->event);
		free(first);
	}
	event_base_free((*loop)->base);
	free(*loop);
	*loop = NULL;
}

struct event_base *loop_base(const struct loop *loop)
{
	return loop->base;
}

int loop_run(struct loop *loop, struct error *err)
{
	int rc = 0;

	/* By rounds, because libevent forgets a request to stop that comes before it runs. */
	while (!loop->stopped && rc == 0)
		rc = event_base_loop(loop->base, EVLOOP_ONCE);
	if (rc < 0)
		return error_set(err, ERR_INTERNAL, "the event loop cannot wait");
	if (rc > 0)
		return error_set(err, ERR_INTERNAL, "the event loop has nothing to wait for");
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	event_base_loopbreak(loop->base);
}

/* --- timers ------------------------------------------------------------------------------------------------------------ */

static void timer_fired(evutil_socket_t fd, short what, void *context)
{
	const struct loop_timer *timer = context;

	(void)fd;
	(void)what;
	timer->fire(timer->context);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *context), void *context)
{
	struct loop_timer *timer = xcalloc(1, sizeof *timer);

	timer->fire = fire;
	timer->context = context;
	timer->event = new_event(loop, -1, 0, timer_fired, timer);
	return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t milliseconds)
{
	enum { MS = 1000 };
	struct timeval after = {.tv_sec = milliseconds / MS, .tv_usec = milliseconds % MS * MS};

	add_event(timer->event, &after);
}

void loop_timer_stop(struct loop_timer *timer)
{
	event_del(timer->event);
}

void loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	event_free((*timer)->event);
	free(*timer);
	*timer = NULL;
}

/* --- readers ------------------------------------------------------------------------------------------------------------ */

static void reader_ready(evutil_socket_t fd, short what, void *context)
{
	const struct loop_reader *reader = context;

	(void)what;
	reader->readable(fd, reader->context);
}

struct loop_reader *loop_reader_new(struct loop *loop, int fd, void (*readable)(int fd, void *context), void *context)
{
	struct loop_reader *reader = xcalloc(1, sizeof *reader);

	reader->readable = readable;
	reader->context = context;
	reader->event = new_event(loop, fd, EV_READ | EV_PERSIST, reader_ready, reader);
	add_event(reader->event, NULL);
	return reader;
}

void loop_reader_free(struct loop_reader **reader)
{
	if (*reader == NULL)
		return;
	event_free((*reader)->event);
	free(*reader);
	*reader = NULL;
}

/* --- signals ------------------------------------------------------------------------------------------------------------ */

static void signal_caught(evutil_socket_t number, short what, void *context)
{
	const struct loop_signal *signal = context;

	(void)what;
	signal->caught(number, signal->context);
}

void loop_on_signal(struct loop *loop, int number, void (*caught)(int number, void *context), void *context)
{
	struct loop_signal *signal = xcalloc(1, sizeof *signal);

	*signal = (struct loop_signal){.caught = caught, .context = context, .next = loop->signals};
	signal->event = new_event(loop, number, EV_SIGNAL | EV_PERSIST, signal_caught, signal);
	loop->signals = signal;
	add_event(signal->event, NULL);
}

/* One signal may stand for several children. */
static void collect_children(int number, void *context)
{
	struct loop *loop = context;
	pid_t pid;
	int status;

	(void)number;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		loop->ended(pid, status, loop->ended_context);
}

void loop_on_exit(struct loop *loop, void (*ended)(pid_t pid, int status, void *context), void *context)
{
	loop->ended = ended;
	loop->ended_context = context;
	loop_on_signal(loop, SIGCHLD, collect_children, loop);
}
