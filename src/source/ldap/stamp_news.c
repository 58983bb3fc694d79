/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/stamp_news.h"

#include "source/ldap/replica.h"
#include "source/ldap/scan.h"
#include "source/ldap/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char part_name[] = "timestamp";

struct stamp_news {
	struct arena *arena;
	struct ldap_connection *connection;
	const char *since; /* the filter; NULL: everything */
	struct digest settings;
	char stamp[STAMP_TEXT];
	struct source_cookie given[1 + REPLICA_MARKS];
};

bool stamp_news_wanted(const struct ldap_source *source)
{
	return strcmp(source->config->ldap.changes, "timestamp") == 0;
}

/* --- start --------------------------------------------------------------------------------------------------------------- */

static void take_cookie(struct stamp_news *news, const struct source_cookies *cookies)
{
	for (size_t i = 0; cookies && i < cookies->count; i++) {
		const struct source_cookie *cookie = &cookies->items[i];
		if (strcmp(cookie->part, part_name) != 0 || !digest_equal(&cookie->settings, &news->settings) ||
		    cookie->size >= sizeof(news->stamp))
			continue;
		memcpy(news->stamp, cookie->bytes, cookie->size);
		news->since = stamp_filter(news->stamp, news->arena);
	}
}

int stamp_news_start(struct ldap_source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	struct stamp_news *news;

	stamp_news_stop(source);
	news = source->stamped = xcalloc(1, sizeof(*news));
	news->arena = arena_new();
	const char *why = server_find_untold(source, news->arena);
	if (why) {
		server_tell_whole(source, why);
		stamp_news_stop(source);
		*ret = NEWS_NONE;
		return 0;
	}
	if (replica_open(source, &news->connection, err)) {
		stamp_news_stop(source);
		return -1;
	}
	news->settings = server_settings(source, server_url(source->config, news->connection));
	take_cookie(news, ask->cookies);
	*ret = news->since ? NEWS_GO_ON : NEWS_ANEW;
	return 0;
}

void stamp_news_stop(struct ldap_source *source)
{
	struct stamp_news *news = source->stamped;

	if (!news)
		return;
	ldap_connection_close(&news->connection);
	arena_free(&news->arena);
	free(news);
	source->stamped = NULL;
}

/* --- read ---------------------------------------------------------------------------------------------------------------- */

static int refuse(struct news_result *result, enum news_verdict verdict, const char *why)
{
	result->verdict = verdict;
	snprintf(result->reason, sizeof(result->reason), "%s", why);
	return 0;
}

/* Whoever was changed last is always among those who were changed since then. When nobody is, he is gone, or the server does not
 * compare times. */
static int judge(const struct stamp_news *news, const struct read_result *read, const struct stamps *stamps,
		 struct news_result *result)
{
	if (stamps->missing > 0)
		return refuse(result, NEWS_REFUSED, "entries show neither modifyTimestamp nor createTimestamp");
	if (news->since && read->completeness != READ_COMPLETE)
		return refuse(result, NEWS_INVALID, read->reason);
	if (news->since && stamps->count == 0)
		return refuse(result, NEWS_INVALID, "what was changed last is not there any more");
	result->whole = !news->since && read->completeness == READ_COMPLETE;
	result->entries = read->entries;
	result->unreadable = read->unreadable;
	snprintf(result->reason, sizeof(result->reason), "%s", read->reason);
	return 0;
}

static void give_cookies(struct ldap_source *source, const struct stamps *stamps, time_t began,
			 struct news_result *result)
{
	struct stamp_news *news = source->stamped;

	if (strcmp(stamps->latest, news->stamp) > 0)
		memcpy(news->stamp, stamps->latest, sizeof(news->stamp));
	stamp_limit(news->stamp, began);
	result->cookies = (struct source_cookies){.items = news->given};
	if (!*news->stamp)
		return;
	news->given[result->cookies.count++] = (struct source_cookie){
	    .part = part_name, .settings = news->settings, .bytes = news->stamp, .size = strlen(news->stamp)};
	replica_give_marks(source, &result->cookies);
}

/* The names of places are read first: what is renamed afterwards has a later time. */
static int read_places(struct ldap_source *source, struct news_sink *sink, struct error *err)
{
	struct place_scan places = {.since = source->stamped->since};

	for (size_t i = 0; i < source->scope_count; i++) {
		places.id = source->scopes[i].id;
		if (server_find_base(source, &source->scopes[i], source->stamped->connection, &places.base, err) ||
		    scan_places(source, source->stamped->connection, &places, sink, err))
			return -1;
	}
	return 0;
}

int stamp_news_read(struct ldap_source *source, struct news_sink *sink, struct news_result *result, struct error *err)
{
	struct stamp_news *news = source->stamped;
	struct stamps stamps = {0};
	struct read_result read;
	const time_t began = time(NULL);

	*result = (struct news_result){.verdict = NEWS_GOOD, .tells_no_removals = true};
	source->stamps = &stamps;
	int status = read_places(source, sink, err) ||
			     scan_since(source, news->connection, news->since, &sink->entries, &read, err)
			 ? -1
			 : judge(news, &read, &stamps, result);
	source->stamps = NULL;
	if (!status && result->verdict == NEWS_GOOD)
		give_cookies(source, &stamps, began, result);
	ldap_connection_close(&news->connection);
	return status;
}
