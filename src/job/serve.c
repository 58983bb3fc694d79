/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the process that leads a source. */
#include "job/heed.h"
#include "job/patience.h"
#include "job/service.h"
#include "roster/elapsed.h"
#include "roster/job.h"
#include "roster/log.h"
#include "roster/request.h"

#include <stdlib.h>
#include <string.h>

/* LOOK_MS: a signal that comes just before a wait is noticed after that time. IDLE_MS: a notification may be lost with
 * the pooler in between, so the database is asked once in a while all the same. */
enum { LEAD_AGAIN_MS = 500, LOOK_MS = 1000, IDLE_MS = 30000, BACK_OFF_MS = 10000 };
/* A source that says what changed: what comes together is applied together; a lost connection is tried again sooner than a
 * failed run. */
enum { TOGETHER_MOST = 1000, TOGETHER_MS = 50, RECONNECT_MS = 500 };
/* Where news leave something untold, everything is read: after SETTLE_MS, in which a server does what it does in silence,
 * and for one part of the time in READING_SHARE. So is it at a poll while those are missed who may only be hidden. */
enum { SETTLE_MS = 2000, READING_SHARE = 10 };

/* --- one run ---------------------------------------------------------------------------------------------------------- */

static bool on_step(struct sync_watch *watch, const char *what)
{
	struct service *service = (struct service *)watch;

	service->hooks->alive();
	/* Not worth a run: who waits sees an older word. */
	if (service->writer != NULL)
		request_writer_progress(service->writer, what, NULL);
	return !service->hooks->must_stop();
}

/* What news have left untold is read, but not without end. */
static void read_what_is_untold(struct service *service, enum news_doubt doubt)
{
	int64_t now = clock_ms(), due = now;

	if (doubt == DOUBT_UNTOLD)
		due = now + SETTLE_MS;
	if (doubt == DOUBT_UNTOLD && due < service->whole_at + READING_SHARE * service->whole_ms)
		due = service->whole_at + READING_SHARE * service->whole_ms;
	if (doubt == DOUBT_NAMES && due < service->whole_at + service->whole_ms)
		due = service->whole_at + service->whole_ms;
	if (doubt != DOUBT_NONE && due < service->due_at)
		service->due_at = due;
}

static void try_later(struct service *service, enum error_class class, int64_t first_ms)
{
	service->back_off_ms = service->back_off_ms == 0 ? first_ms : 2 * service->back_off_ms;
	service->back_off_ms = patience_limit(service->back_off_ms, class, service->source->poll_ms);
	service->due_at = clock_ms() + service->back_off_ms;
}

/* The service goes on, unless the database is lost. */
static int survive(struct service *service, const struct error *failure, int64_t again_ms, struct error *err)
{
	char pause[32];

	if (store_is_lost(service->store)) {
		*err = *failure;
		return -1;
	}
	if (service->hooks->must_stop())
		return 0;
	if (failure->class == ERR_CLOSED) {
		service->due_at = INT64_MAX;
		log_error("%s; it is not tried again until somebody asks for it", failure->text);
		return 0;
	}
	try_later(service, failure->class, again_ms);
	log_error("%s; the next try is in %s", failure->text,
		  duration_format(service->back_off_ms, pause, sizeof pause));
	return 0;
}

/* After a while in which the server was not there a cookie proves little. What it says is taken, and then looked at. */
static int doubt_server(struct service *service, const struct sync_report *report, struct error *err)
{
	bool doubted = service->was_cut_off && strcmp(report->completeness, "changes") == 0;
	struct error failure = {0};

	service->was_cut_off = false;
	if (!doubted)
		return 0;
	if (reading_doubt(service->store, &service->session, &failure) != 0)
		return survive(service, &failure, RECONNECT_MS, err);
	read_what_is_untold(service, DOUBT_UNTOLD);
	return 0;
}

/* Other rules have looked at what the source said last. It is still to be asked. */
static int survive_unasked(struct service *service, const struct sync_report *report, bool followed, struct error *err)
{
	struct error failure = {0};

	error_set(&failure, report->unasked, "%s", report->reason);
	return survive(service, &failure, followed ? RECONNECT_MS : BACK_OFF_MS, err);
}

static int poll_source(struct service *service, struct error *err)
{
	int64_t began = clock_ms();
	const struct sync_options options = {.watch = &service->watch,
					     .session = &service->session,
					     .follow = true,
					     .spare = began < service->whole_at + READING_SHARE * service->whole_ms};
	bool followed = service->session.follows;
	struct sync_report report;
	struct error failure = {0};

	if (sync_source_on(service->store, service->config, service->source, &options, &report, &failure) != 0)
		return survive(service, &failure, followed ? RECONNECT_MS : BACK_OFF_MS, err);
	service_tell(service, &report, NULL);
	if (report.unasked != ERR_NONE)
		return survive_unasked(service, &report, followed, err);
	service_run_was_good(service, &report, began);
	return doubt_server(service, &report, err);
}

/* --- the loop --------------------------------------------------------------------------------------------------------- */

/* Until there is news about the source, the time is over, or the process shall stop. */
static int rest(struct service *service, int64_t until, struct error *err)
{
	int rc = 0;

	while (rc == 0 && !service->hooks->must_stop()) {
		int64_t left = until - clock_ms();
		if (left <= 0)
			break;
		rc = request_wait(service->store, service->source->name, left < LOOK_MS ? left : LOOK_MS, err);
	}
	return rc < 0 ? -1 : 0;
}

/* What came by itself becomes a revision. */
static int apply_news(struct service *service, struct error *err)
{
	const struct sync_options options = {.watch = &service->watch, .session = &service->session, .pushed = true};
	struct sync_report report;
	struct error failure = {0};

	if (sync_source_on(service->store, service->config, service->source, &options, &report, &failure) != 0)
		return survive(service, &failure, RECONNECT_MS, err);
	service->back_off_ms = 0;
	if (report.last_revision != 0 || report.held_reason[0] != '\0')
		service_tell(service, &report, NULL);
	/* Held as a whole. */
	if (!service->session.follows)
		service->due_at = clock_ms() + (report.ask_again ? 0 : service->source->poll_ms);
	read_what_is_untold(service, report.doubt);
	return 0;
}

/* Each part of a source says how far it is, also after what only another part had something to say about. That waits until
 * there is nothing else to do: to go on from an earlier place does no harm. */
static int take_news(struct service *service, int came, struct error *err)
{
	struct error failure = {0};
	bool empty = news_is_empty(&service->session.news);

	if (came > 0 && !empty) {
		service->moved_on = false;
		return apply_news(service, err);
	}
	if (came == 0 && service->moved_on) {
		service->moved_on = false;
		if (reading_keep_cookies(service->store, &service->session, &failure) != 0)
			return survive(service, &failure, RECONNECT_MS, err);
	}
	service->moved_on = service->moved_on || (came > 0 && service->session.result.cookies.count > 0);
	return 0;
}

/* Wait for what the source says, for the database and for the time at once. */
static int follow(struct service *service, int64_t until, struct error *err)
{
	struct session *session = &service->session;
	struct error failure = {0};
	int rc = 0;

	while (rc == 0 && session->follows && !service->hooks->must_stop()) {
		int64_t left = until - clock_ms();
		if (left <= 0 || service->due_at <= clock_ms())
			break;
		service->hooks->alive();
		/* What the database has said already does not make its socket readable again. */
		rc = request_wait(service->store, service->source->name, 0, err);
		if (rc != 0)
			break;
		const struct news_wait wait = {.ms = left < LOOK_MS ? left : LOOK_MS,
					       .fd = store_socket(service->store),
					       .most = TOGETHER_MOST,
					       .most_ms = TOGETHER_MS};
		rc =
		    session->driver->news_wait(session->source, &wait, &session->news.sink, &session->result, &failure);
		if (rc < 0) {
			session_rest(session);
			service->was_cut_off = true;
			error_prefix(&failure, "source %s", service->source->name);
			return survive(service, &failure, RECONNECT_MS, err);
		}
		rc = take_news(service, rc, err);
	}
	return rc < 0 ? -1 : 0;
}

static int wait_until(struct service *service, int64_t until, struct error *err)
{
	if (service->due_at < until)
		until = service->due_at;
	return service->session.follows ? follow(service, until, err) : rest(service, until, err);
}

/* 1 when the source shall be left alone for the time being. */
static int is_paused(struct service *service, struct error *err)
{
	int rc = request_is_paused(service->store, service->source->name, err);

	if (rc < 0)
		return -1;
	if (rc > 0 && !service->told_paused)
		log_info("source %s is paused: its poll is left out", service->source->name);
	if (rc > 0)
		session_rest(&service->session);
	else if (service->told_paused)
		service->due_at = clock_ms();
	service->told_paused = rc > 0;
	return rc;
}

static void tell_heeded(const struct sync_report *report, void *context)
{
	const struct service *service = context;

	if (report->last_revision != 0 || report->held_reason[0] != '\0')
		service_tell(service, report, NULL);
}

/* 1 when the provider had said something by itself: then there may be more. */
static int heed(struct service *service, struct error *err)
{
	const struct heed heed = {service->store, &service->session, &service->watch, tell_heeded, service};
	struct error failure = {0};
	bool ask = false;

	if (clock_ms() < service->heed_at)
		return 0;
	int rc = heed_signals(&heed, &ask, &failure);
	/* What was followed until then is followed again from the next poll on. */
	if (ask || (rc > 0 && service->followed && !service->session.follows))
		service->due_at = clock_ms();
	if (rc >= 0)
		return rc;
	service->heed_at = clock_ms() + BACK_OFF_MS;
	return survive(service, &failure, RECONNECT_MS, err);
}

static int turn(struct service *service, struct arena *arena, struct error *err)
{
	struct request request;
	int64_t now, until;
	int rc = request_take(service->store, service->source->name, arena, &request, err);

	if (rc != 0)
		return rc < 0 ? -1 : service_carry_out(service, &request, err);
	rc = is_paused(service, err);
	now = clock_ms();
	until = now + IDLE_MS;
	if (rc != 0)
		return rc < 0 ? -1 : rest(service, until, err);
	service->followed = service->session.follows;
	rc = heed(service, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return service->due_at > now ? wait_until(service, until, err) : poll_source(service, err);
}

/* 1 when this session leads the source now, 0 when another does. */
static int try_to_lead(struct service *service, struct error *err)
{
	struct source_state state;

	if (store_begin(service->store, err) != 0)
		return -1;
	if (store_source_lead(service->store, service->source, &state, err) == 0)
		return store_commit(service->store, err) == 0 ? 1 : -1;
	store_rollback(service->store);
	return err->class == ERR_CONFLICT && !store_is_lost(service->store) ? 0 : -1;
}

/* 1 when nobody attends to the source any more, 0 when told to stop before that. To ask is cheap; to try to lead is not,
 * and would wait for whoever leads to end his transaction. Waiting for the lock itself would keep the server from cleaning
 * up for as long as it lasts. */
static int await_absence(struct service *service, struct error *err)
{
	int led = 1;

	while (led == 1) {
		service->hooks->alive();
		if (rest(service, clock_ms() + LEAD_AGAIN_MS, err) != 0)
			return -1;
		if (service->hooks->must_stop())
			return 0;
		led = request_is_led(service->store, REQUEST_SYNC, service->source->name, err);
	}
	return led < 0 ? -1 : 1;
}

/* 1 when it leads, 0 when told to stop before that. */
static int lead(struct service *service, struct error *err)
{
	bool told = false;
	int rc;

	while ((rc = try_to_lead(service, err)) == 0) {
		if (!told)
			log_info("source %s is led by another process; this one waits", service->source->name);
		told = true;
		rc = await_absence(service, err);
		if (rc != 1)
			return rc;
	}
	return rc;
}

/* Said when who asks is heard. */
static int attend(struct service *service, struct error *err)
{
	if (request_attend(service->store, service->source->name, err) != 0)
		return -1;
	log_info("source %s is led by this process", service->source->name);
	return 0;
}

static int serve(struct service *service, struct error *err)
{
	struct arena *arena = arena_new();
	int rc = lead(service, err);

	if (rc > 0)
		rc = attend(service, err);
	service->due_at = clock_ms();
	while (rc == 0 && !service->hooks->must_stop()) {
		service->hooks->alive();
		arena_reset(arena);
		rc = turn(service, arena, err);
	}
	arena_free(&arena);
	return rc;
}

int serve_source(const struct config *config, const struct source_config *source, const struct serve_hooks *hooks,
		 struct error *err)
{
	struct service service = {.watch.step = on_step, .config = config, .source = source, .hooks = hooks};
	int rc = store_open(&config->database, STORE_DAEMON, &service.store, err);

	if (rc == 0)
		rc = store_schema_check(service.store, err);
	if (rc == 0)
		rc = session_open(config, source, &service.session, err);
	if (rc == 0) {
		hooks->ready();
		rc = serve(&service, err);
	}
	session_close(&service.session);
	store_close(&service.store);
	return rc == 0 ? 0 : error_prefix(err, "source %s", source->name);
}
