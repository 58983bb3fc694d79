/* SPDX-License-Identifier: Apache-2.0 */
/* From a state that needs a person to that person, once. */
#include "roster/notices.h"
#include "job/notice_post.h"
#include "roster/delivery.h"
#include "roster/elapsed.h"
#include "roster/job.h"
#include "roster/json.h"
#include "roster/log.h"
#include "roster/text.h"

enum {
	LEAD_WAIT_MS = 500,   /* between two attempts to become the leader */
	IDLE_WAIT_MS = 30000, /* not all that is looked at sends a wake-up */
	LOOK_LEAST_MS = 1000, /* between two looks: a large run wakes us at each of its revisions */
};

struct teller {
	const struct config *config;
	const struct serve_hooks *hooks; /* of a process that goes on until it is told to stop */
	notice_runner *run;
	struct store *store;
};

/* --- telling -------------------------------------------------------------------------------------------------------------- */

static int write_json(const struct due_notice *notice, struct str *out, struct error *err)
{
	struct json *object = json_new_object();
	int rc = -1;

	if (json_put(object, "schema", json_new_integer(1), err) == 0 &&
	    json_put_text(object, "kind", notice_name(notice->kind), err) == 0 &&
	    json_put_text(object, "state", notice->state, err) == 0 &&
	    json_put_text(object, "subject", notice->subject, err) == 0 &&
	    json_put_text(object, "text", notice->text, err) == 0 &&
	    json_put_text(object, "since", notice->since, err) == 0) {
		json_print(object, false, out);
		str_add_char(out, '\n');
		rc = 0;
	}
	json_free(&object);
	return rc;
}

static int tell(const struct teller *teller, const struct due_notice *notice, struct error *err)
{
	const struct notice_config *config = &teller->config->notices[notice->kind];
	const char *const argv[] = {
	    config->exec, notice_name(notice->kind), notice->state, notice->subject, notice->text, NULL};
	struct str json = {0};
	int rc = write_json(notice, &json, err);

	if (rc == 0)
		rc = config->exec[0] != '\0' ? teller->run(argv, &json, err)
					     : notice_post(config->url, &json, teller->hooks->must_stop, err);
	str_free(&json);
	return rc;
}

static int note_failure(struct teller *teller, const struct due_notice *notice, struct error *failure,
			struct error *err)
{
	int64_t wait_ms = 0;
	char pause[32];

	/* Cut short by us, it says nothing about who was to be told. */
	if (teller->hooks->must_stop())
		return 0;
	/* It may quote what a program printed. */
	text_clean(failure->text);
	if (store_notice_later(teller->store, notice, failure->text, &wait_ms, err) != 0)
		return -1;
	log_warn("notice %s %s %s could not be told: %s; the next try is in %s", notice_name(notice->kind),
		 notice->state, notice->subject, failure->text,
		 duration_format(wait_ms / 1000 * 1000, pause, sizeof pause));
	return 0;
}

/* Tell one that is due: 1 when there was one, 0 or -1. */
static int tell_next(struct teller *teller, struct error *err)
{
	struct arena *arena = arena_new();
	struct due_notice notice;
	struct error failure = {0};
	int rc = store_notice_due(teller->store, teller->config, arena, &notice, err);

	if (rc == 1 && tell(teller, &notice, &failure) == 0) {
		log_info("told: %s %s: %s", notice_name(notice.kind), notice.state, notice.text);
		rc = store_notice_told(teller->store, &notice, err) == 0 ? 1 : -1;
	} else if (rc == 1) {
		rc = note_failure(teller, &notice, &failure, err) == 0 ? 1 : -1;
	}
	arena_free(&arena);
	return rc;
}

/* --- the loop -------------------------------------------------------------------------------------------------------------- */

static int lead(struct teller *teller, struct error *err)
{
	int rc = 0;

	while (!teller->hooks->must_stop() && (rc = store_notices_lead(teller->store, err)) == 0) {
		teller->hooks->alive();
		if (store_notified_within(teller->store, LEAD_WAIT_MS, err) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

/* Until the time is over or something may have changed, and not too soon after the last look. */
static int rest(struct teller *teller, int64_t wait_ms, struct error *err)
{
	int64_t began = clock_ms(), left = LOOK_LEAST_MS;
	int rc =
	    store_notified_within(teller->store, wait_ms < 0 || wait_ms > IDLE_WAIT_MS ? IDLE_WAIT_MS : wait_ms, err);

	while (rc >= 0 && (rc == 1 || left > 0) && !teller->hooks->must_stop()) {
		left = LOOK_LEAST_MS - (clock_ms() - began);
		rc = store_notified_within(teller->store, left > 0 ? left : 0, err);
	}
	return rc < 0 ? -1 : 0;
}

/* Look and tell until nothing is due any more. */
static int tell_all(struct teller *teller, struct error *err)
{
	int rc = store_notices_look(teller->store, teller->config, err);

	while (rc == 0 && !teller->hooks->must_stop()) {
		teller->hooks->alive();
		int told = tell_next(teller, err);
		if (told < 0)
			return -1;
		if (told == 0)
			break;
		rc = store_notices_look(teller->store, teller->config, err);
	}
	return rc;
}

static int round_trip(struct teller *teller, struct error *err)
{
	int64_t wait_ms;

	if (tell_all(teller, err) != 0 || store_notices_wait(teller->store, teller->config, &wait_ms, err) != 0)
		return -1;
	return rest(teller, wait_ms, err);
}

static int serve(struct teller *teller, struct error *err)
{
	if (store_schema_check(teller->store, err) != 0 || lead(teller, err) != 0)
		return -1;
	if (teller->hooks->must_stop())
		return 0;
	if (store_listen(teller->store, "roster_revision", err) != 0 ||
	    store_listen(teller->store, "roster_request_done", err) != 0 ||
	    store_listen(teller->store, "roster_held", err) != 0)
		return -1;
	teller->hooks->ready();
	while (!teller->hooks->must_stop())
		if (round_trip(teller, err) != 0)
			return -1;
	return 0;
}

int notices_serve(const struct config *config, notice_runner *run, const struct serve_hooks *hooks, struct error *err)
{
	struct teller teller = {.config = config, .hooks = hooks, .run = run};
	int rc = store_open(&config->database, STORE_DAEMON, &teller.store, err);

	if (rc == 0)
		rc = serve(&teller, err);
	store_close(&teller.store);
	return rc == 0 ? 0 : error_prefix(err, "notices");
}

static bool never(void)
{
	return false;
}

static void nothing(void)
{
}

int notices_once(const struct config *config, notice_runner *run, struct error *err)
{
	static const struct serve_hooks hooks = {never, nothing, nothing};
	struct teller teller = {.config = config, .hooks = &hooks, .run = run};
	int rc = store_open(&config->database, STORE_DAEMON, &teller.store, err);

	if (rc == 0)
		rc = store_schema_check(teller.store, err);
	if (rc == 0) {
		rc = store_notices_lead(teller.store, err);
		rc = rc == 1 ? tell_all(&teller, err) : rc;
	}
	store_close(&teller.store);
	return rc == 0 ? 0 : error_prefix(err, "notices");
}
