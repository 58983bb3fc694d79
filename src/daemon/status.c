/* SPDX-License-Identifier: Apache-2.0 */
/* The pages for monitoring: one loop that serves them and asks the database meanwhile. */
#include "daemon/exposition.h"
#include "daemon/readiness.h"
#include "roster/daemon.h"
#include "roster/log.h"
#include "roster/loop.h"
#include "roster/metrics.h"
#include "roster/web.h"

#include <stdlib.h>
#include <time.h>

enum {
	TICK_MS = 200, /* to see that the child is to stop */
	STEP_MS = 2,   /* to the first look for an answer; each next one takes twice as long, up to */
	STEP_MOST_MS = 50,
	FRESH_MS = 1000, /* an answer is good for so long */
	PAUSE_MS = 500,  /* after a first failure; each next one takes twice as long, up to */
	PAUSE_MOST_MS = 8000,
};

struct status;
typedef void page_function(struct status *status, struct web_request *request);

/* Somebody who waits for the database's answer. */
struct waiter {
	struct web_request *request;
	page_function *answer;
	struct waiter *next;
};

struct status {
	const struct config *config;
	struct loop *loop;
	struct web *web;
	struct loop_timer *tick, *step;
	struct metrics *metrics;
	bool asking;
	int64_t step_ms, pause_ms, ask_after;
	struct waiter *waiters;
	struct arena *known_arena; /* holds known */
	struct samples known;
	int64_t known_at;   /* 0: nothing is known */
	struct error fault; /* what became of the last question: ERR_NONE when it was answered */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- pages ------------------------------------------------------------------------------------------------------------------- */

static const char plain[] = "text/plain; charset=utf-8";

static void answer_metrics(struct status *status, struct web_request *request)
{
	const struct exposition exposition = {
	    .known = &status->known,
	    .any = status->known_at != 0,
	    .up = status->fault.class == ERR_NONE,
	    .age_ms = now_ms() - status->known_at,
	    .version = ROSTER_VERSION,
	};
	struct str body = {0};

	exposition_print(&exposition, &body);
	web_answer(request, 200, exposition_type, &body);
	str_free(&body);
}

static void answer_ready(struct status *status, struct web_request *request)
{
	struct str body = {0};
	bool ready = false;

	if (status->fault.class != ERR_NONE)
		str_printf(&body, "%s\n", status->fault.text);
	else
		ready = readiness_judge(status->config, &status->known, &body);
	if (ready)
		str_add(&body, "ok\n");
	web_answer(request, ready ? 200 : 503, plain, &body);
	str_free(&body);
}

static void answer_alive(struct web_request *request, void *context)
{
	struct str body = {0};

	(void)context;
	str_add(&body, "ok\n");
	web_answer(request, 200, plain, &body);
	str_free(&body);
}

/* --- the database -------------------------------------------------------------------------------------------------------------- */

static void answer_waiters(struct status *status)
{
	while (status->waiters != NULL) {
		struct waiter *waiter = status->waiters;
		status->waiters = waiter->next;
		waiter->answer(status, waiter->request);
		free(waiter);
	}
}

static void note_success(struct status *status, struct arena *arena, const struct samples *samples)
{
	if (status->fault.class != ERR_NONE)
		log_info("the database answers again");
	arena_free(&status->known_arena);
	status->known_arena = arena;
	status->known = *samples;
	status->known_at = now_ms();
	status->fault = (struct error){.class = ERR_NONE};
	status->pause_ms = 0;
	status->ask_after = status->known_at + FRESH_MS;
}

static void note_failure(struct status *status, const struct error *err)
{
	/* Said once, not for each question. */
	if (status->fault.class == ERR_NONE)
		log_warn("%s", err->text);
	status->fault = *err;
	status->pause_ms = status->pause_ms == 0 ? PAUSE_MS : status->pause_ms * 2;
	if (status->pause_ms > PAUSE_MOST_MS)
		status->pause_ms = PAUSE_MOST_MS;
	status->ask_after = now_ms() + status->pause_ms;
}

static void step(void *context)
{
	struct status *status = context;
	struct arena *arena = arena_new();
	struct samples samples = {0};
	struct error err = {0};
	int rc = metrics_step(status->metrics, arena, &samples, &err);

	if (rc == 1)
		note_success(status, arena, &samples);
	else
		arena_free(&arena);
	if (rc == 0) {
		loop_timer_start(status->step, status->step_ms);
		status->step_ms = status->step_ms * 2 < STEP_MOST_MS ? status->step_ms * 2 : STEP_MOST_MS;
		return;
	}
	if (rc < 0)
		note_failure(status, &err);
	status->asking = false;
	answer_waiters(status);
}

/* Answer once the database has been asked, as far as that is due. */
static void answer_later(struct status *status, struct web_request *request, page_function *answer)
{
	struct waiter *waiter;

	if (!status->asking && now_ms() < status->ask_after) {
		answer(status, request);
		return;
	}
	waiter = xcalloc(1, sizeof *waiter);
	*waiter = (struct waiter){request, answer, status->waiters};
	status->waiters = waiter;
	if (status->asking)
		return;
	status->asking = true;
	status->step_ms = STEP_MS;
	metrics_ask(status->metrics);
	step(status);
}

static void ask_metrics(struct web_request *request, void *context)
{
	answer_later(context, request, answer_metrics);
}

static void ask_ready(struct web_request *request, void *context)
{
	answer_later(context, request, answer_ready);
}

/* --- its life -------------------------------------------------------------------------------------------------------------------- */

static void tick(void *context)
{
	struct status *status = context;

	child_alive();
	if (child_must_stop())
		loop_stop(status->loop);
	else
		loop_timer_start(status->tick, TICK_MS);
}

static int serve(struct status *status, struct error *err)
{
	const struct web_page pages[] = {{"/livez", answer_alive, status, false},
					 {"/metrics", ask_metrics, status, false},
					 {"/readyz", ask_ready, status, false}};
	int rc;

	status->web = web_new(status->loop, pages, sizeof pages / sizeof pages[0], &(struct web_limits){0});
	rc = web_listen(status->web, status->config->status_listen, err);
	if (rc == 0) {
		log_info("status is told on %s", status->config->status_listen);
		child_ready();
		tick(status);
		rc = loop_run(status->loop, err);
	}
	answer_waiters(status);
	web_free(&status->web);
	return rc;
}

int status_serve(const struct child_context *context, struct error *err)
{
	struct status status = {.config = context->config, .loop = loop_new(), .metrics = metrics_new(context->config)};
	int rc;

	status.tick = loop_timer_new(status.loop, tick, &status);
	status.step = loop_timer_new(status.loop, step, &status);
	rc = serve(&status, err);
	loop_timer_free(&status.tick);
	loop_timer_free(&status.step);
	loop_free(&status.loop);
	metrics_free(&status.metrics);
	arena_free(&status.known_arena);
	return rc;
}
