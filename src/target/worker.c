/* SPDX-License-Identifier: Apache-2.0 */
#include "target/worker.h"

#include "roster/arena.h"
#include "roster/elapsed.h"
#include "roster/text.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
	struct worker *next;
	struct target *all;
	struct work work;
	pthread_t thread;
	pthread_cond_t begins;
	struct delivery delivery; /* of the thread while it is busy */
	struct verdict verdict;
	enum { IDLE, BUSY, DONE } phase;
};

struct target {
	const struct worker_ops *ops;
	struct worker *first;
	pthread_mutex_t lock; /* of phase and of stopping */
	bool stopping;
	int stop, done; /* eventfd(2) */
};

int workers_open(const struct worker_ops *ops, struct target **ret, struct error *err)
{
	struct target *workers = xcalloc(1, sizeof(*workers));

	workers->ops = ops;
	workers->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	workers->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&workers->lock, NULL);
	*ret = workers;
	if (workers->stop >= 0 && workers->done >= 0)
		return 0;
	error_set(err, ERR_INTERNAL, "no event descriptors: %s", strerror(errno));
	workers_close(ret);
	return -1;
}

static void ring(int descriptor)
{
	static const uint64_t one = 1;

	while (write(descriptor, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void end_worker(struct worker *worker)
{
	pthread_cond_signal(&worker->begins);
	pthread_join(worker->thread, NULL);
	worker->all->ops->forget(&worker->work);
	pthread_cond_destroy(&worker->begins);
	free(worker);
}

void workers_close(struct target **workers)
{
	struct target *all = *workers;

	if (!all)
		return;
	pthread_mutex_lock(&all->lock);
	all->stopping = true;
	pthread_mutex_unlock(&all->lock);
	if (all->stop >= 0)
		ring(all->stop);
	for (struct worker *worker = all->first, *next; worker; worker = next) {
		next = worker->next;
		end_worker(worker);
	}
	if (all->stop >= 0)
		close(all->stop);
	if (all->done >= 0)
		close(all->done);
	pthread_mutex_destroy(&all->lock);
	free(all);
	*workers = NULL;
}

/* --- a thread -------------------------------------------------------------------------------------------------------------- */

static void apply(struct worker *worker)
{
	int64_t began = clock_ms();
	struct verdict verdict = {.wait_ms = -1};

	worker->all->ops->apply(&worker->work, &worker->delivery, &verdict);
	verdict.context = worker->delivery.context;
	verdict.seconds = (double)(clock_ms() - began) / 1e3;
	text_clean(verdict.reason);
	worker->verdict = verdict;
}

static void *live(void *context)
{
	struct worker *worker = context;
	struct target *all = worker->all;

	pthread_mutex_lock(&all->lock);
	for (;;) {
		while (worker->phase != BUSY && !all->stopping)
			pthread_cond_wait(&worker->begins, &all->lock);
		if (all->stopping)
			break;
		pthread_mutex_unlock(&all->lock);
		apply(worker);
		pthread_mutex_lock(&all->lock);
		worker->phase = DONE;
		ring(all->done);
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

/* Signals are for the thread that waits for them. */
static int start_thread(struct worker *worker, struct error *err)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int status = pthread_create(&worker->thread, NULL, live, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status == 0 ? 0 : error_set(err, ERR_INTERNAL, "no thread can be started: %s", strerror(status));
}

static int find_worker(struct target *workers, const struct target_config *target, struct worker **ret,
		       struct error *err)
{
	struct worker *worker = workers->first;

	while (worker && worker->work.target != target)
		worker = worker->next;
	*ret = worker;
	if (worker)
		return 0;
	worker = xcalloc(1, sizeof(*worker));
	worker->all = workers;
	worker->work = (struct work){.target = target, .stop = workers->stop};
	pthread_cond_init(&worker->begins, NULL);
	if (start_thread(worker, err)) {
		pthread_cond_destroy(&worker->begins);
		free(worker);
		return -1;
	}
	worker->next = workers->first;
	workers->first = worker;
	*ret = worker;
	return 0;
}

int workers_send(struct target *workers, const struct delivery *delivery, struct error *err)
{
	struct worker *worker;

	if (find_worker(workers, delivery->target, &worker, err))
		return -1;
	pthread_mutex_lock(&workers->lock);
	worker->delivery = *delivery;
	worker->phase = BUSY;
	pthread_cond_signal(&worker->begins);
	pthread_mutex_unlock(&workers->lock);
	return 0;
}

/* --- verdicts -------------------------------------------------------------------------------------------------------------- */

void verdict_set(struct verdict *ret, enum verdict_kind kind, int64_t wait_ms, const char *format, ...)
{
	va_list args;

	ret->kind = kind;
	ret->wait_ms = wait_ms;
	va_start(args, format);
	vsnprintf(ret->reason, sizeof(ret->reason), format, args);
	va_end(args);
}

static bool take_verdict(struct target *workers, struct verdict *ret)
{
	struct worker *worker;

	pthread_mutex_lock(&workers->lock);
	for (worker = workers->first; worker && worker->phase != DONE; worker = worker->next)
		;
	if (worker) {
		*ret = worker->verdict;
		worker->phase = IDLE;
	}
	pthread_mutex_unlock(&workers->lock);
	return worker != NULL;
}

int workers_wait(struct target *workers, int fd, int64_t wait_ms, struct verdict *ret, struct error *err)
{
	enum { WAIT_MOST_MS = 60 * 60 * 1000 };
	struct pollfd watched[] = {{.fd = workers->done, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	uint64_t count;

	if (take_verdict(workers, ret))
		return 1;
	if (poll(watched, 2, (int)(wait_ms < WAIT_MOST_MS ? wait_ms : WAIT_MOST_MS)) < 0 && errno != EINTR)
		return error_set(err, ERR_INTERNAL, "waiting failed: %s", strerror(errno));
	/* How often it rang does not matter: all verdicts are looked for. */
	while (read(workers->done, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	return take_verdict(workers, ret) ? 1 : 0;
}
