/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/notices.h"
#include "store/private.h"

#include <string.h>

static const char *const names[NOTICES] = {
    [NOTICE_RUN_HELD] = "run_held",
    [NOTICE_SOURCE_STALE] = "source_stale",
    [NOTICE_SOURCE_DRIFT] = "source_drift",
    [NOTICE_TARGET_STUCK] = "target_stuck",
    [NOTICE_NEEDS_ATTENTION] = "needs_attention",
};

const char *notice_name(enum notice kind)
{
	return names[kind];
}

static enum notice notice_named(const char *name)
{
	enum notice kind = 0;

	while (kind < NOTICES - 1 && strcmp(names[kind], name) != 0)
		kind++;
	return kind;
}

/* Those somebody is told about. */
static const char *kinds_text(const struct config *config, struct str *array)
{
	for (size_t i = 0; i < NOTICES; i++)
		if (config->notices[i].exec[0] != '\0' || config->notices[i].url[0] != '\0')
			array_add(array, names[i]);
	return array_close(array);
}

int store_notices_lead(struct store *store, struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc;

	if (pg_query(store->pg, "select lead_notices()", NULL, 0, &rows, err) != 0)
		return -1;
	rc = pg_boolean(rows, 0, 0) ? 1 : 0;
	pg_free(&rows);
	return rc;
}

int store_notices_look(struct store *store, const struct config *config, struct error *err)
{
	struct str kinds = {0}, sources = {0}, polls = {0}, poll = {0};
	int rc;

	for (size_t i = 0; i < config->source_count; i++) {
		str_clear(&poll);
		str_printf(&poll, "%lld ms", (long long)config->sources[i].poll_ms);
		array_add(&sources, config->sources[i].name);
		array_add(&polls, str_text(&poll));
	}
	const char *params[] = {kinds_text(config, &kinds), array_close(&sources), array_close(&polls)};
	rc = pg_query(store->pg, "select notices_look($1, $2, $3)", params, 3, NULL, err);
	str_free(&kinds);
	str_free(&sources);
	str_free(&polls);
	str_free(&poll);
	return rc;
}

int store_notice_due(struct store *store, const struct config *config, struct arena *arena, struct due_notice *ret,
		     struct error *err)
{
	struct str kinds = {0};
	const char *params[] = {kinds_text(config, &kinds)};
	struct pg_rows *rows = NULL;
	int rc = pg_query(store->pg, "select kind, state, subject, text, since, subjects from notice_due($1)", params,
			  1, &rows, err);

	str_free(&kinds);
	if (rc != 0)
		return -1;
	if (pg_count(rows) > 0) {
		*ret = (struct due_notice){
		    .kind = notice_named(pg_text(rows, 0, 0)),
		    .state = arena_strdup(arena, pg_text(rows, 0, 1)),
		    .subject = arena_strdup(arena, pg_text(rows, 0, 2)),
		    .text = arena_strdup(arena, pg_text(rows, 0, 3)),
		    .since = arena_strdup(arena, pg_text(rows, 0, 4)),
		    .subjects = arena_strdup(arena, pg_text(rows, 0, 5)),
		};
		rc = 1;
	}
	pg_free(&rows);
	return rc;
}

int store_notices_wait(struct store *store, const struct config *config, int64_t *ret, struct error *err)
{
	struct str kinds = {0};
	const char *params[] = {kinds_text(config, &kinds)};
	int rc = pg_query_integer(store->pg, "select coalesce(notices_wait($1), -1)", params, 1, ret, err);

	str_free(&kinds);
	return rc;
}

int store_notice_told(struct store *store, const struct due_notice *notice, struct error *err)
{
	const char *params[] = {names[notice->kind], notice->state, notice->subjects};

	return pg_query(store->pg, "select notice_told($1, $2, $3)", params, 3, NULL, err);
}

int store_notice_later(struct store *store, const struct due_notice *notice, const char *reason, int64_t *wait_ms,
		       struct error *err)
{
	const char *params[] = {names[notice->kind], notice->subjects, reason};

	return pg_query_integer(store->pg, "select notice_later($1, $2, $3)", params, 3, wait_ms, err);
}
