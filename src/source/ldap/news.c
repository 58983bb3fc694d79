/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/empty.h"
#include "source/ldap/named.h"
#include "source/ldap/news_private.h"
#include "source/ldap/replica.h"

#include "roster/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- start ------------------------------------------------------------------------------------------------------------- */

static const struct source_cookie *cookie_of(const struct source_cookies *cookies, const struct part *part)
{
	for (size_t i = 0; cookies && i < cookies->count; i++) {
		const struct source_cookie *cookie = &cookies->items[i];
		if (strcmp(cookie->part, part->name) == 0 && digest_equal(&cookie->settings, &part->settings) &&
		    cookie->size > 0)
			return cookie;
	}
	return NULL;
}

/* Of every part. */
static int check_memory(struct news *news, const struct source_cookies *cookies, struct error *err)
{
	const struct following *following = news->following;
	char why[256];

	for (size_t i = 0; following->remembers && i < news->count && news->goes_on; i++) {
		const struct source_cookie *cookie = cookie_of(cookies, &news->parts[i]);
		int status = following->remembers(news->source, news->parts[0].connection, cookie->bytes, why, err);
		if (status < 0)
			return -1;
		news->goes_on = status > 0;
	}
	if (following->remembers && cookies && cookies->count > 0 && !news->goes_on && *why)
		log_warn("source %s is read whole, because %s does not go on from where it was: %s",
			 news->source->config->name, news->url, why);
	return 0;
}

/* All parts go on, or all begin anew: what one of them says is about the same directory at the same time. */
static int take_cookies(struct news *news, const struct source_cookies *cookies, struct error *err)
{
	news->goes_on = true;
	for (size_t i = 0; i < news->count; i++)
		news->goes_on = news->goes_on && cookie_of(cookies, &news->parts[i]);
	if (news->goes_on && check_memory(news, cookies, err))
		return -1;
	for (size_t i = 0; i < news->count && news->goes_on; i++) {
		const struct source_cookie *cookie = cookie_of(cookies, &news->parts[i]);
		str_append(&news->parts[i].cookie, cookie->bytes, cookie->size);
	}
	news->knows_dynamic = !news->goes_on || news_has_no_dynamic(news, cookies);
	return 0;
}

/* The places come first. */
static struct part *kinds_of(struct news *news)
{
	struct part *part = news->parts;

	while (part->kind == ENTRY_KINDS)
		part++;
	return part;
}

/* For each the server goes through all that changed since: here for all at the same time, in any order. */
static int start_together(struct news *news, struct part *first, const struct part *last, struct error *err)
{
	const struct part_wish wish = {.config = &news->source->config->server};

	for (struct part *part = first; part < last; part++)
		if (part_start(part, news->following, news->parts[0].connection, &wish, err))
			return -1;
	return 0;
}

static int offer(struct ldap_source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	struct news *news = source->news;
	struct ldap_connection *connection = NULL;

	if (server_settle(source, err) || replica_open(source, &connection, err))
		return -1;
	news->url = server_url(source->config, connection);
	/* The first part takes it over. */
	news->parts[0].connection = connection;
	const char *why, *untold = server_find_untold(source, news->arena);
	news->following = following_find(source, &why);
	if (news->following && untold)
		why = untold;
	if (!news->following || untold) {
		server_tell_whole(source, why);
		*ret = NEWS_NONE;
		return 0;
	}
	int count = part_list(source, news->following, connection, news->arena, news->parts, err);
	news->parts[0].connection = connection;
	if (count < 0)
		return -1;
	news->count = (size_t)count;
	if (take_cookies(news, ask->cookies, err))
		return -1;
	*ret = news->goes_on ? NEWS_GO_ON : NEWS_ANEW;
	return news->goes_on && news_refreshes_apart(news)
		   ? start_together(news, kinds_of(news), news->parts + news->count, err)
		   : 0;
}

int ldap_news_start(struct source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;

	ldap_news_stop(source);
	ldap->news = xcalloc(1, sizeof(*ldap->news));
	*ldap->news = (struct news){.source = ldap, .persist = ask->persist, .epoll = -1, .other = -1};
	ldap->news->arena = arena_new();
	ldap->news->decoder.arena = arena_new();
	if (!offer(ldap, ask, ret, err)) {
		if (*ret == NEWS_NONE)
			ldap_news_stop(source);
		return 0;
	}
	ldap_news_stop(source);
	return -1;
}

void ldap_news_stop(struct source *source)
{
	struct ldap_source *ldap = (struct ldap_source *)source;
	struct news *news = ldap->news;

	if (!news)
		return;
	/* Several may be over one connection. */
	for (size_t i = 0; i < PARTS_MOST; i++)
		ldap_sync_close(&news->parts[i].sync);
	for (size_t i = 0; i < PARTS_MOST; i++)
		part_close(&news->parts[i]);
	ldap_connection_close(&news->reader);
	dynamic_free(&news->dynamic);
	if (news->epoll >= 0)
		close(news->epoll);
	arena_free(&news->arena);
	arena_free(&news->decoder.arena);
	empty_forget(&news->decoder);
	free(news);
	ldap->news = NULL;
}

/* --- the refresh -------------------------------------------------------------------------------------------------------- */

/* What the search ended with says why. */
static void refuse(struct news *news, enum news_verdict verdict, const char *reason)
{
	news->result->verdict = verdict;
	snprintf(news->result->reason, sizeof(news->result->reason), "%s", reason);
}

static void judge_part(struct news *news, struct part *part, const struct ldap_sync_message *message)
{
	struct refresh *refresh = &part->refresh;
	const char *reason = message->kind == SYNC_DONE ? message->reason : "the server made nothing of the cookie";

	if (refresh->verdict == REFRESH_ANEW || refresh->verdict == REFRESH_NEWER)
		refuse(news, NEWS_INVALID, reason);
	else if (refresh->verdict == REFRESH_NOTHING)
		refuse(news, NEWS_REFUSED, message->kind == SYNC_DONE && *reason ? reason : "the search ended early");
	if (refresh->cookie_act == COOKIE_IS_NEW) {
		news->moved = true;
		news_take_cookie(news, part, str_text(&refresh->new_cookie), refresh->new_cookie.size);
	} else if (refresh->cookie_act == COOKIE_IS_GONE) {
		str_clear(&part->cookie);
	}
}

static struct part *part_of(struct news *news, const struct ldap_sync_message *message)
{
	struct part *part = news->parts;

	while (part->sync != message->of)
		part++;
	return part;
}

/* Of an entry whose name came with a cookie: a place has nothing else that counts. */
static bool has_only_name(const struct news *news, const struct part *part)
{
	return news->following->only_names && part->refresh.cookie.size > 0 && part->kind != ENTRY_KINDS;
}

/* 1 at the end of a refresh, which becomes *ret, 0 to go on, -1. */
static int take_refreshed(struct news *news, const struct part *waiting, struct part **ret, struct error *err)
{
	struct ldap_sync_message message;
	int64_t left = news->source->config->server.run_ms;
	int status = ldap_sync_next(waiting->sync, &(struct ldap_sync_wait){.ms = left, .fd = -1}, &message, err);

	if (status <= 0 && message.kind == SYNC_SIGNAL)
		return 0;
	if (status == 0)
		return error_set(err, ERR_UNREACHABLE, "the refresh took longer than %s (timeouts.run)",
				 duration_text(left));
	if (status < 0)
		return -1;
	struct part *part = *ret = part_of(news, &message);
	switch (refresh_take(&part->refresh, &message)) {
	case REFRESH_STORE:
		return has_only_name(news, part) ? 0 : news_hand_over(news, part, &message, err);
	case REFRESH_OVER:
		if (part->refresh.verdict == REFRESH_NEWER && news->source->config->server.url_count > 1)
			return replica_reject(news->source, news->url, err);
		judge_part(news, part, &message);
		return 1;
	default:
		return 0;
	}
}

static int conclude_named(struct news *news, struct part *part, const struct uuids *uuids, struct error *err)
{
	char why[512];
	int status = named_read(news, part, uuids, why, err);

	if (status > 0)
		refuse(news, NEWS_INVALID, why);
	return status < 0 ? -1 : 0;
}

/* Only at a clean end anything follows from what was named. */
static int conclude(struct news *news, struct part *part, struct error *err)
{
	const struct uuid_slot *slot;
	size_t position = 0;

	while ((slot = refresh_next(&part->refresh, &position))) {
		int status = 0;
		if (slot->state == UUID_REMOVED)
			status = news_hand_over_removal(news, part, &slot->uuid, err);
		if (status)
			return -1;
	}
	if (has_only_name(news, part) && conclude_named(news, part, &part->refresh.uuids, err))
		return -1;
	if (part->changed.count > 0 && conclude_named(news, part, &part->changed, err))
		return -1;
	uuids_free(&part->changed);
	news->result->whole = news->result->whole && part->refresh.absent_is_gone;
	refresh_free(&part->refresh);
	return 0;
}

/* It ended: what of it counts. */
static int end_part(struct news *news, struct part *part, struct error *err)
{
	part->over = true;
	/* It names who is there, since it has forgotten who went, and perhaps what came: as after a restart, or a restore. */
	if (news->result->verdict == NEWS_GOOD && news->goes_on && part->refresh.absent_is_gone)
		refuse(news, NEWS_INVALID, "the server does not know any more what changed since");
	if (news->result->verdict == NEWS_GOOD && conclude(news, part, err))
		return -1;
	if (news_refreshes_apart(news))
		ldap_sync_close(&part->sync);
	return 0;
}

/* Those from first to before last, which were started, until the end of all, or until one says that it is no good. */
static int read_started(struct news *news, struct part *first, const struct part *last, struct error *err)
{
	while (first < last && news->result->verdict == NEWS_GOOD) {
		struct part *of = first;
		int status = first->over ? 0 : take_refreshed(news, first, &of, err);
		if (status < 0 || (status > 0 && end_part(news, of, err)))
			return -1;
		first += first->over;
	}
	return 0;
}

static bool is_same_cookie(const struct part *a, const struct part *b)
{
	return a->cookie.size == b->cookie.size &&
	       memcmp(str_text(&a->cookie), str_text(&b->cookie), a->cookie.size) == 0;
}

/* All kinds have heard of all that changed up to the same moment, and nothing of it is about a place: neither would the places
 * hear of any. They go on from there. */
static int pass_over_places(struct news *news, const struct part *kinds, bool *ret, struct error *err)
{
	if (!news->following->is_of_database)
		return 0;
	for (const struct part *part = kinds; part < news->parts + news->count; part++)
		if (!is_same_cookie(part, kinds))
			return 0;
	if (news->sink->names_stand(news->sink, ret, err))
		return -1;
	for (struct part *part = news->parts; part < kinds && *ret; part++) {
		str_clear(&part->cookie);
		str_append(&part->cookie, str_text(&kinds->cookie), kinds->cookie.size);
	}
	return 0;
}

/* Those who go on and do not stay. */
static int read_since(struct news *news, struct error *err)
{
	struct part *kinds = kinds_of(news);
	bool passed = false;

	if (read_started(news, kinds, news->parts + news->count, err))
		return -1;
	if (news->result->verdict != NEWS_GOOD)
		return 0;
	if (pass_over_places(news, kinds, &passed, err))
		return -1;
	if (passed)
		return 0;
	return start_together(news, news->parts, kinds, err) ? -1 : read_started(news, news->parts, kinds, err);
}

/* Each is read to its end before the next: there may be much of each, and the first that names an entry counts. */
static int read_in_turn(struct news *news, struct error *err)
{
	struct part *end = news->parts + news->count;
	bool apart = news_refreshes_apart(news);

	for (struct part *part = news->parts; part < end && news->result->verdict == NEWS_GOOD; part++) {
		if (news_start_part(news, part, !apart, err) || read_started(news, part, part + 1, err))
			return -1;
		/* One after the other over the same connection. */
		if (apart && part + 1 < end) {
			part[1].connection = part->connection;
			part->connection = NULL;
		}
	}
	return 0;
}

int ldap_news_read(struct source *source, struct news_sink *sink, struct news_result *result, struct error *err)
{
	struct news *news = ((struct ldap_source *)source)->news;

	*result = (struct news_result){.verdict = NEWS_GOOD, .whole = true};
	news->sink = sink;
	news->result = result;
	bool follows = news->persist && news_refreshes_apart(news);

	if (news->goes_on && news_refreshes_apart(news) ? read_since(news, err) : read_in_turn(news, err))
		return -1;
	news->dynamic_due = news->dynamic_due || news->moved;
	if (result->verdict == NEWS_GOOD && news_read_dynamic(news, err) < 0)
		return -1;
	if (follows && result->verdict == NEWS_GOOD && news_follow(news, err))
		return -1;
	news_give_cookies(news);
	return 0;
}
