/* SPDX-License-Identifier: Apache-2.0 */
#include "job/heed.h"

#include "job/recall.h"
#include "roster/log.h"
#include "roster/signals.h"

#include <string.h>

static bool closes(const struct signal_row *row)
{
	return row->entry.id != NULL && strcmp(row->event, "account-enabled") != 0;
}

/* --- suspending -------------------------------------------------------------------------------------------------------------- */

/* As the mirror has him, but closed. */
static int close_entry(struct news *news, const struct signal_row *row, struct arena *arena, struct error *err)
{
	struct entry entry;

	if (recall_entry(&row->entry, arena, &entry, err) != 0)
		return -1;
	entry.account.closed = arena_printf(arena, "the provider says by itself: %s", row->event);
	return news->sink.entries.entry(&news->sink.entries, &entry, err);
}

static int apply(const struct heed *heed, struct error *err)
{
	struct session *session = heed->session;
	const struct sync_options options = {.watch = heed->watch, .session = session, .pushed = true};
	struct sync_report report;

	if (news_is_empty(&session->news))
		return 0;
	if (sync_source_on(heed->store, session->config, session->config_source, &options, &report, err) != 0)
		return -1;
	heed->report(&report, heed->context);
	return 0;
}

static int suspend(const struct heed *heed, const struct signal_row *rows, size_t count, struct arena *arena,
		   struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (closes(&rows[i]) && close_entry(&heed->session->news, &rows[i], arena, err) != 0)
			return -1;
	return apply(heed, err);
}

/* --- asking ------------------------------------------------------------------------------------------------------------------ */

/* A provider may say of its own accord that an account is closed before its API does. */
struct doubter {
	struct news_sink sink;
	struct news_sink *to;
	bool closed; /* who is open there is not, for now */
};

static int pass_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct doubter *doubter = (struct doubter *)sink;

	if (doubter->closed && entry->account.closed == NULL)
		return 0;
	return doubter->to->entries.entry(&doubter->to->entries, entry, err);
}

static int pass_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	struct doubter *doubter = (struct doubter *)sink;

	return doubter->closed ? 0 : doubter->to->entries.unreadable(&doubter->to->entries, id, what, why, err);
}

static int pass_removed(struct news_sink *sink, int kind, const char *id, struct error *err)
{
	struct doubter *doubter = (struct doubter *)sink;

	return doubter->to->removed(doubter->to, kind, id, err);
}

static bool is_disabled(const struct signal_row *rows, size_t count, const char *id)
{
	bool disabled = false;

	for (size_t i = 0; i < count; i++)
		if (rows[i].entry.id != NULL && strcmp(rows[i].entry.id, id) == 0)
			disabled = strcmp(rows[i].event, "account-disabled") == 0 ||
				   (disabled && strcmp(rows[i].event, "account-enabled") != 0);
	return disabled;
}

/* 1: it has to be read. */
static int ask_about(const struct heed *heed, const char *id, bool disabled, struct error *err)
{
	struct session *session = heed->session;
	struct doubter doubter = {.sink = {.entries = {pass_entry, pass_unreadable}, .removed = pass_removed},
				  .to = &session->news.sink,
				  .closed = disabled};
	struct error why = {0};
	int rc =
	    session->driver->reread == NULL ? 1 : session->driver->reread(session->source, id, &doubter.sink, &why);

	(void)err;
	if (rc < 0)
		log_warn("source %s: %s; it is read", session->config_source->name, why.text);
	return rc != 0;
}

static bool was_asked(const struct signal_row *rows, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (rows[i].entry.id != NULL && strcmp(rows[i].entry.id, rows[at].entry.id) == 0)
			return true;
	return false;
}

static int ask_all(const struct heed *heed, const struct signal_row *rows, size_t count, bool *ask, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const char *id = rows[i].entry.id;
		if (id == NULL || was_asked(rows, i))
			continue;
		if (ask_about(heed, id, is_disabled(rows, count, id), err) != 0)
			*ask = true;
	}
	return apply(heed, err);
}

/* ----------------------------------------------------------------------------------------------------------------------------- */

static int heed_rows(const struct heed *heed, const struct signal_row *rows, size_t count, struct arena *arena,
		     bool *ask, struct error *err)
{
	if (suspend(heed, rows, count, arena, err) != 0)
		return -1;
	/* What comes of asking changes nothing of that. */
	if (store_signals_heeded(heed->store, rows, count, "heeded", err) != 0)
		return -1;
	return ask_all(heed, rows, count, ask, err);
}

int heed_signals(const struct heed *heed, bool *ask, struct error *err)
{
	struct arena *arena;
	struct signal_row *rows;
	size_t count;
	int rc;

	*ask = false;
	/* A source that was not read yet, or is only looked at, has nobody here. */
	if (heed->session->id == 0 || heed->session->config->safety.mode == SAFETY_OBSERVE)
		return 0;
	arena = arena_new();
	rc = store_signals_take(heed->store, heed->session->id, arena, &rows, &count, err);
	if (rc == 0 && count > 0)
		rc = heed_rows(heed, rows, count, arena, ask, err) == 0 ? 1 : -1;
	arena_free(&arena);
	return rc;
}
