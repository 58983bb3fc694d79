/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/children.h"

#include "daemon/backoff.h"
#include "daemon/child.h"
#include "daemon/spawn.h"
#include "roster/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum child_state {
	CHILD_WANTED,   /* to be started by children_start() */
	CHILD_STARTING, /* runs, not ready */
	CHILD_READY,
	CHILD_PAUSING,  /* ended; started again when the timer fires */
	CHILD_STOPPING, /* told to end */
	CHILD_GIVEN_UP  /* a foundation that cannot be laid */
};

struct child {
	struct children *children;
	struct child *next;
	const struct duty *duty;
	char *subject, *title; /* "corp", "source corp" */
	enum child_state state;
	bool once, kept;
	int handover; /* what it is started with; -1 for what all are */
	void (*tried)(bool good, void *context);
	int exit_code; /* of one that is given up */
	struct backoff backoff;
	pid_t pid;
	int channel;
	struct loop_reader *reader;
	struct loop_timer *timer; /* the next moment something is due, by state */
	int64_t ready_at;
};

struct children {
	struct loop *loop;
	const char *config_file;
	int handover;
	void (*changed)(void *context);
	void *context;
	struct child *first;
};

enum { MS_PER_S = 1000, NS_PER_MS = 1000000 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static bool runs(const struct child *child)
{
	return child->pid != 0;
}

static int64_t silence_ms(const struct child *child)
{
	return child->duty->silence_ms > 0 ? child->duty->silence_ms : CHILD_SILENCE_MS;
}

static int64_t stop_ms(const struct child *child)
{
	return child->duty->stop_ms > 0 ? child->duty->stop_ms : CHILD_STOP_MS;
}

/* --- rows -------------------------------------------------------------------------------------------------------------- */

static void timer_fired(void *context);

static struct child *find(struct children *children, const struct duty *duty, const char *subject)
{
	for (struct child *child = children->first; child != NULL; child = child->next)
		if (child->duty == duty && strcmp(child->subject, subject) == 0)
			return child;
	return NULL;
}

static struct child *add(struct children *children, const struct duty *duty, const char *subject)
{
	struct child *child = xcalloc(1, sizeof *child), **last = &children->first;
	struct arena *arena = arena_new();

	*child = (struct child){.children = children, .duty = duty, .channel = -1, .handover = -1};
	child->subject = xstrdup(subject);
	child->title = xstrdup(child_title(duty, subject, arena));
	child->timer = loop_timer_new(children->loop, timer_fired, child);
	arena_free(&arena);
	while (*last != NULL)
		last = &(*last)->next;
	*last = child;
	return child;
}

static void close_channel(struct child *child)
{
	loop_reader_free(&child->reader);
	if (child->channel >= 0)
		close(child->channel);
	child->channel = -1;
}

static void drop(struct child *child)
{
	struct child **link = &child->children->first;

	while (*link != child)
		link = &(*link)->next;
	*link = child->next;
	close_channel(child);
	loop_timer_free(&child->timer);
	free(child->subject);
	free(child->title);
	free(child);
}

/* --- starting ---------------------------------------------------------------------------------------------------------- */

static void hear(int fd, void *context)
{
	struct child *child = context;
	struct children *children = child->children;
	char words[64];
	ssize_t size = read(fd, words, sizeof words);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The end of the channel is not the end of the child: that is seen elsewhere. */
	if (size <= 0) {
		loop_reader_free(&child->reader);
		return;
	}
	bool became_ready = child->state == CHILD_STARTING && memchr(words, CHANNEL_READY, (size_t)size) != NULL;
	if (became_ready) {
		child->state = CHILD_READY;
		child->ready_at = now_ms();
		log_info("%s is ready", child->title);
	}
	if (child->state == CHILD_READY)
		loop_timer_start(child->timer, silence_ms(child));
	if (became_ready)
		children->changed(children->context);
}

static void pause_before_restart(struct child *child, const char *why)
{
	uint32_t random = 0;
	int64_t healthy = child->state == CHILD_READY ? now_ms() - child->ready_at : 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
		random = (uint32_t)child->pid;
	int64_t pause = backoff_next(&child->backoff, healthy, random);
	log_warn("%s %s; it is started again in %.1f s", child->title, why, (double)pause / MS_PER_S);
	child->state = CHILD_PAUSING;
	loop_timer_start(child->timer, pause);
}

static bool stands_on_nothing(const struct child *child)
{
	return !child->duty->foundation && !children_are_ready(child->children, true);
}

/* What it leans on is away, which may well be why it ended: trying again and again would only add to the pauses. */
static void wait_for_foundation(struct child *child, const char *why)
{
	log_warn("%s %s; it is started again when what it leans on is ready", child->title, why);
	child->state = CHILD_WANTED;
}

/* False when it could not be; it is tried again then. */
static bool start(struct child *child)
{
	struct arena *arena = arena_new();
	struct spawned spawned;
	struct error err = {0};
	const struct spawning spawning = {
	    .title = arena_printf(arena, "rosterd: %s", child->title),
	    .duty = child->duty->name,
	    .subject = child->subject,
	    .config_file = child->children->config_file,
	    .handover = child->handover >= 0 ? child->handover : child->children->handover,
	};
	int rc = spawn(&spawning, &spawned, &err);

	arena_free(&arena);
	if (rc != 0) {
		pause_before_restart(child, err.text);
		return false;
	}
	child->pid = spawned.pid;
	child->channel = spawned.channel;
	child->reader = loop_reader_new(child->children->loop, child->channel, hear, child);
	child->state = CHILD_STARTING;
	loop_timer_start(child->timer, child->tried != NULL ? CHILD_TRIAL_MS : CHILD_READY_MS);
	return true;
}

/* --- ending ------------------------------------------------------------------------------------------------------------ */

static void stop(struct child *child)
{
	child->state = CHILD_STOPPING;
	kill(child->pid, SIGTERM);
	loop_timer_start(child->timer, stop_ms(child));
}

/* It will be seen to end as if it had done so by itself. */
static void kill_hanging(const struct child *child, const char *what, int64_t limit)
{
	char text[32];

	log_error("%s %s for %s and is killed", child->title, what, duration_format(limit, text, sizeof text));
	kill(child->pid, SIGKILL);
}

static void timer_fired(void *context)
{
	struct child *child = context;

	switch (child->state) {
	case CHILD_PAUSING:
		if (stands_on_nothing(child))
			wait_for_foundation(child, "waits");
		else
			start(child);
		break;
	case CHILD_STARTING:
		if (child->tried != NULL) {
			kill_hanging(child, "has not ended", CHILD_TRIAL_MS);
			break;
		}
		log_warn("%s is still not ready; rosterd waits on", child->title);
		loop_timer_start(child->timer, CHILD_READY_MS);
		break;
	case CHILD_READY:
		child->ready_at = now_ms(); /* the silence was no good health */
		kill_hanging(child, "has given no sign of life", silence_ms(child));
		break;
	case CHILD_STOPPING:
		kill_hanging(child, "was told to end and has not", stop_ms(child));
		break;
	case CHILD_WANTED:
	case CHILD_GIVEN_UP:
		break;
	}
}

static const char *ending(int status, struct arena *arena)
{
	if (WIFSIGNALED(status))
		return arena_printf(arena, "was ended by signal %s", sigabbrev_np(WTERMSIG(status)));
	return arena_printf(arena, "ended with %d", WEXITSTATUS(status));
}

/* The configuration is wrong, or a right is missing: both stay so. The schema is the same for all children. */
static bool is_hopeless(const struct child *child, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (code == CHILD_EXIT_SCHEMA)
		return true;
	return child->duty->foundation && (code == error_exit_code(ERR_CONFIG) || code == error_exit_code(ERR_DENIED));
}

static void give_up(struct child *child, int status)
{
	child->state = CHILD_GIVEN_UP;
	child->exit_code = WEXITSTATUS(status);
}

static void ended_for_good(struct child *child, int status, const char *how)
{
	void (*tried)(bool good, void *context) = child->state == CHILD_STOPPING ? NULL : child->tried;
	void *context = child->children->context;

	if (status != 0)
		log_warn("%s %s", child->title, how);
	drop(child);
	if (tried != NULL)
		tried(status == 0, context);
}

static void ended(struct child *child, int status)
{
	struct arena *arena = arena_new();
	const char *how = ending(status, arena);

	loop_timer_stop(child->timer);
	close_channel(child);
	if (child->state == CHILD_STOPPING || child->once) {
		ended_for_good(child, status, how);
	} else {
		if (is_hopeless(child, status))
			give_up(child, status);
		else if (stands_on_nothing(child))
			wait_for_foundation(child, how);
		else
			pause_before_restart(child, how);
		child->pid = 0;
	}
	arena_free(&arena);
}

static void process_ended(pid_t pid, int status, void *context)
{
	struct children *children = context;

	for (struct child *child = children->first; child != NULL; child = child->next) {
		if (child->pid == pid) {
			ended(child, status);
			children->changed(children->context);
			return;
		}
	}
}

/* --- what the supervisor asks for ---------------------------------------------------------------------------------------- */

struct children *children_new(struct loop *loop, const char *config_file, void (*changed)(void *context), void *context)
{
	struct children *children = xcalloc(1, sizeof *children);

	*children = (struct children){
	    .loop = loop, .config_file = config_file, .handover = -1, .changed = changed, .context = context};
	loop_on_exit(loop, process_ended, children);
	return children;
}

void children_free(struct children **children)
{
	if (*children == NULL)
		return;
	while ((*children)->first != NULL) {
		if (runs((*children)->first))
			kill((*children)->first->pid, SIGKILL);
		drop((*children)->first);
	}
	free(*children);
	*children = NULL;
}

void children_configure(struct children *children, int handover)
{
	children->handover = handover;
}

void children_want(struct children *children, const struct duty *duty, const char *subject)
{
	struct child *known = find(children, duty, subject);

	if (known != NULL)
		known->kept = false;
	else
		add(children, duty, subject);
}

void children_start(struct children *children, bool foundation)
{
	for (struct child *child = children->first; child != NULL; child = child->next)
		if (child->state == CHILD_WANTED && child->duty->foundation == foundation)
			start(child);
}

bool children_run_once(struct children *children, const struct duty *duty, const char *subject)
{
	if (find(children, duty, subject) != NULL)
		return false;
	struct child *child = add(children, duty, subject);
	child->once = true;
	start(child);
	return true;
}

bool children_try(struct children *children, const struct duty *duty, const char *subject, int handover,
		  void (*tried)(bool good, void *context))
{
	struct child *child = add(children, duty, subject);

	child->once = child->kept = true;
	child->handover = handover;
	child->tried = tried;
	if (start(child))
		return true;
	drop(child);
	return false;
}

int children_given_up(const struct children *children, const char **title)
{
	for (const struct child *child = children->first; child != NULL; child = child->next) {
		if (child->state != CHILD_GIVEN_UP)
			continue;
		*title = child->title;
		return child->exit_code;
	}
	return 0;
}

void children_keep(struct children *children, const struct duty *duty, bool kept)
{
	for (struct child *child = children->first; child != NULL; child = child->next)
		if (child->duty == duty)
			child->kept = kept;
}

bool children_stop(struct children *children, bool foundation)
{
	struct child *next;
	bool empty = true;

	for (struct child *child = children->first; child != NULL; child = next) {
		next = child->next;
		if (child->duty->foundation != foundation || (child->kept && child->state != CHILD_STOPPING))
			continue;
		if (!runs(child)) {
			drop(child);
			continue;
		}
		empty = false;
		if (child->state != CHILD_STOPPING)
			stop(child);
	}
	return empty;
}

void children_say_end(const struct children *children)
{
	const char word = CHANNEL_END;

	for (const struct child *child = children->first; child != NULL; child = child->next)
		if (runs(child))
			send(child->channel, &word, sizeof word, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool children_are_ready(const struct children *children, bool foundation)
{
	for (const struct child *child = children->first; child != NULL; child = child->next)
		if (child->duty->foundation == foundation && child->state != CHILD_READY && !child->once)
			return false;
	return true;
}

struct children_count children_count(const struct children *children)
{
	struct children_count count = {0, 0};

	for (const struct child *child = children->first; child != NULL; child = child->next) {
		count.wanted += !child->once;
		count.ready += !child->once && child->state == CHILD_READY;
	}
	return count;
}
