/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/request.h"

#include "roster/elapsed.h"
#include "store/private.h"

#include <string.h>

enum { LOOK_MS = 1000 };

const char *request_kind_name(enum request_kind kind)
{
	static const char *const names[REQUEST_KINDS] = {"plan", "sync"};

	return names[kind];
}

static enum request_kind kind_named(const char *name)
{
	enum request_kind kind = 0;

	while (kind < REQUEST_KINDS - 1 && strcmp(request_kind_name(kind), name) != 0)
		kind++;
	return kind;
}

/* A question with one boolean for an answer: 1, 0 or -1. */
static int ask(struct store *store, const char *sql, const char *const params[], size_t count, struct error *err)
{
	struct pg_rows *rows = NULL;
	int answer;

	if (pg_query(store->pg, sql, params, count, &rows, err) != 0)
		return -1;
	answer = pg_boolean(rows, 0, 0) ? 1 : 0;
	pg_free(&rows);
	return answer;
}

/* --- who asks --------------------------------------------------------------------------------------------------------- */

int request_is_led(struct store *store, enum request_kind kind, const char *subject, struct error *err)
{
	const char *params[] = {request_kind_name(kind), subject};

	return ask(store, "select leads($1, $2)", params, 2, err);
}

int request_make(struct store *store, enum request_kind kind, const char *subject, const char *options, int64_t *id,
		 struct error *err)
{
	const char *params[] = {request_kind_name(kind), subject, options};

	return pg_query_integer(store->pg, "select request_make($1, $2, $3)", params, 3, id, err);
}

/* A request as somebody else leads it, from one look to the next. */
struct pursuit {
	struct store *store;
	int64_t id;
	struct request_follower *follower;
	struct arena *arena;
	struct str progress;
	int64_t led_at; /* when somebody was last seen to lead */
};

static void tell_progress(struct pursuit *pursuit, const char *text)
{
	if (pursuit->follower->progress == NULL || strcmp(text, str_text(&pursuit->progress)) == 0)
		return;
	str_clear(&pursuit->progress);
	str_add(&pursuit->progress, text);
	pursuit->follower->progress(pursuit->follower, text);
}

static int lose_patience(struct pursuit *pursuit, bool led, struct error *err)
{
	int64_t now = clock_ms();

	if (led)
		pursuit->led_at = now;
	if (now - pursuit->led_at < REQUEST_PATIENCE_MS)
		return 0;
	return error_set(err, ERR_ABSENT,
			 "nobody has taken request %lld up for %d s: start rosterd, which will, or use --local",
			 (long long)pursuit->id, REQUEST_PATIENCE_MS / 1000);
}

/* 1 when the request has ended. */
static int look(struct pursuit *pursuit, struct request_result *ret, struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(pursuit->id, number)};
	struct pg_rows *rows = NULL;
	int rc;

	if (pg_query(pursuit->store->pg,
		     "select state, progress, led, result, error_class, error from request_show($1)", params, 1, &rows,
		     err) != 0)
		return -1;
	const char *state = pg_count(rows) == 0 ? "" : pg_text(rows, 0, 0);
	bool done = strcmp(state, "done") == 0, failed = strcmp(state, "failed") == 0;
	if (state[0] == '\0') {
		rc = error_set(err, ERR_CONFLICT, "request %s is not there any more", number);
	} else if (done || failed) {
		*ret = (struct request_result){
		    .done = done,
		    .result = arena_strdup(pursuit->arena, pg_text(rows, 0, 3)),
		    .error_class = failed ? error_class_named(pg_text(rows, 0, 4)) : ERR_NONE,
		    .error = arena_strdup(pursuit->arena, pg_text(rows, 0, 5)),
		};
		rc = 1;
	} else {
		tell_progress(pursuit, pg_text(rows, 0, 1));
		rc = lose_patience(pursuit, pg_boolean(rows, 0, 2), err);
	}
	pg_free(&rows);
	return rc;
}

/* Until this request ends, a second is over, or a signal comes. */
static int wait_for_end(struct pursuit *pursuit, struct error *err)
{
	char number[NUMBER_TEXT];
	int64_t until = clock_ms() + LOOK_MS;
	struct pg_notice notice;
	int rc = 1;

	number_text(pursuit->id, number);
	while (rc > 0) {
		int64_t left = until - clock_ms();
		rc = pg_wait(pursuit->store->pg, left > 0 ? left : 0, &notice, err);
		if (rc > 0 && strcmp(notice.payload, number) == 0)
			break;
	}
	return rc < 0 ? -1 : 0;
}

int request_follow(struct store *store, int64_t id, struct request_follower *follower, struct arena *arena,
		   struct request_result *ret, struct error *err)
{
	struct pursuit pursuit = {.store = store, .id = id, .follower = follower, .arena = arena, .led_at = clock_ms()};
	int rc = pg_listen(store->pg, "roster_request_done", err);

	while (rc == 0) {
		rc = look(&pursuit, ret, err);
		if (rc != 0)
			break;
		if (follower->must_stop != NULL && follower->must_stop())
			break;
		rc = wait_for_end(&pursuit, err);
	}
	str_free(&pursuit.progress);
	return rc;
}

/* --- who carries it out ------------------------------------------------------------------------------------------------- */

int request_attend(struct store *store, const char *source, struct error *err)
{
	const char *params[] = {source};

	/* Listen first: what is asked for from now on is either heard of or found by the first look. */
	if (pg_listen(store->pg, "roster_request", err) != 0)
		return -1;
	return pg_query(store->pg, "select request_attend($1)", params, 1, NULL, err);
}

int request_take(struct store *store, const char *source, struct arena *arena, struct request *ret, struct error *err)
{
	const char *params[] = {source};
	struct pg_rows *rows = NULL;
	int found;

	if (pg_query(store->pg, "select id, kind, options, login from request_take('{plan,sync}', $1)", params, 1,
		     &rows, err) != 0)
		return -1;
	found = pg_count(rows) > 0 ? 1 : 0;
	if (found)
		*ret = (struct request){
		    .id = pg_integer(rows, 0, 0),
		    .kind = kind_named(pg_text(rows, 0, 1)),
		    .options = arena_strdup(arena, pg_text(rows, 0, 2)),
		    .login = arena_strdup(arena, pg_text(rows, 0, 3)),
		};
	pg_free(&rows);
	return found;
}

int request_wait(struct store *store, const char *source, int64_t timeout_ms, struct error *err)
{
	struct pg_notice notice;
	int rc = pg_wait(store->pg, timeout_ms, &notice, err);

	return rc <= 0 ? rc : strcmp(notice.payload, source) == 0;
}

int request_end(struct store *store, int64_t id, int64_t run, const char *result, const struct error *failure,
		struct error *err)
{
	char number[NUMBER_TEXT], run_number[NUMBER_TEXT];
	const char *params[] = {number_text(id, number), run == 0 ? NULL : number_text(run, run_number), result,
				failure == NULL ? NULL : error_class_name(failure->class),
				failure == NULL ? NULL : failure->text};

	return pg_query(store->pg, "select request_end($1, $2, $3, $4, $5)", params, 5, NULL, err);
}

int request_is_paused(struct store *store, const char *source, struct error *err)
{
	const char *params[] = {source};

	return ask(store, "select source_paused($1)", params, 1, err);
}
