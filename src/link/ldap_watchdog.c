/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct watchdog {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int fd;
	int64_t deadline;
	int64_t wakes; /* when the thread looks next; NO_DEADLINE: only when told to */
	bool stop, fired;
};

int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t deadline_after(int64_t milliseconds)
{
	int64_t now = monotonic_ms();
	int64_t at = milliseconds > INT64_MAX - now ? INT64_MAX : now + milliseconds;
	return at <= NO_DEADLINE ? 1 : at;
}

static void sleep_until(struct watchdog *watchdog, int64_t when)
{
	struct timespec at = {.tv_sec = (time_t)(when / 1000), .tv_nsec = (long)(when % 1000) * 1000000};

	watchdog->wakes = when;
	if (when == NO_DEADLINE)
		pthread_cond_wait(&watchdog->changed, &watchdog->lock);
	else
		pthread_cond_timedwait(&watchdog->changed, &watchdog->lock, &at);
}

static void *watch(void *context)
{
	struct watchdog *watchdog = context;

	pthread_mutex_lock(&watchdog->lock);
	while (!watchdog->stop && !watchdog->fired) {
		if (watchdog->deadline != NO_DEADLINE && monotonic_ms() >= watchdog->deadline) {
			watchdog->fired = true;
			shutdown(watchdog->fd, SHUT_RDWR);
			break;
		}
		sleep_until(watchdog, watchdog->deadline);
	}
	pthread_mutex_unlock(&watchdog->lock);
	return NULL;
}

struct watchdog *watchdog_start(int fd, int64_t deadline)
{
	struct watchdog *watchdog = xcalloc(1, sizeof(*watchdog));
	pthread_condattr_t attributes;
	sigset_t all, before;

	watchdog->fd = fd;
	watchdog->deadline = deadline;
	pthread_mutex_init(&watchdog->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog->changed, &attributes);
	pthread_condattr_destroy(&attributes);

	/* Signals are for the thread that reads, which they may have to interrupt. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&watchdog->thread, NULL, watch, watchdog);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		free(watchdog);
		return NULL;
	}
	return watchdog;
}

/* Called twice for every message: the thread is woken only if it would sleep too long. */
void watchdog_set(struct watchdog *watchdog, int64_t deadline)
{
	pthread_mutex_lock(&watchdog->lock);
	watchdog->deadline = deadline;
	if (deadline != NO_DEADLINE && (watchdog->wakes == NO_DEADLINE || deadline < watchdog->wakes))
		pthread_cond_signal(&watchdog->changed);
	pthread_mutex_unlock(&watchdog->lock);
}

bool watchdog_fired(struct watchdog *watchdog)
{
	pthread_mutex_lock(&watchdog->lock);
	bool fired = watchdog->fired;
	pthread_mutex_unlock(&watchdog->lock);
	return fired;
}

void watchdog_stop(struct watchdog **watchdog)
{
	if (!*watchdog)
		return;
	pthread_mutex_lock(&(*watchdog)->lock);
	(*watchdog)->stop = true;
	pthread_cond_signal(&(*watchdog)->changed);
	pthread_mutex_unlock(&(*watchdog)->lock);
	pthread_join((*watchdog)->thread, NULL);
	pthread_cond_destroy(&(*watchdog)->changed);
	pthread_mutex_destroy(&(*watchdog)->lock);
	free(*watchdog);
	*watchdog = NULL;
}
