/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/ad_news.h"

#include "roster/log.h"
#include "source/ldap/ad_reread.h"
#include "source/ldap/scan.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ad_news {
	struct arena *arena;
	struct ldap_connection *connection;
	enum ad_way way;
	bool goes_on;
	struct str cookie;
	struct source_cookie given;
};

/* --- start --------------------------------------------------------------------------------------------------------------- */

/* What the changes are asked about is all that is below the server's own naming context. */
static const char *obstacle(const struct ldap_source *source, const struct ldap_connection *connection,
			    struct arena *arena)
{
	const char *changes = source->config->ldap.changes;

	if (strcmp(changes, "full") == 0)
		return "changes: \"full\" is set";
	if (strcmp(changes, "syncrepl") == 0)
		return "changes: \"syncrepl\" is set, which Active Directory does not do";
	if (strcmp(changes, "timestamp") == 0)
		return "changes: \"timestamp\" is set: Active Directory is asked by \"dirsync\" or \"usn\"";
	for (size_t i = 0; i < source->scope_count; i++) {
		struct str outer = {0}, inner = {0};
		const char *base = NULL;
		bool under = server_find_base(source, &source->scopes[i], connection, &base, NULL) == 0 &&
			     dn_canonical(source->suffix, strlen(source->suffix), &outer, NULL) == 0 &&
			     dn_canonical(base, strlen(base), &inner, NULL) == 0 &&
			     dn_is_under(str_text(&inner), str_text(&outer));
		str_free(&outer);
		str_free(&inner);
		if (!under)
			return arena_printf(arena, "%s is not below %s, which is what the server tells of",
					    base ? base : "a base", source->suffix);
		if (!text_equal_fold(source->scopes[i].id, "objectGUID"))
			return "attributes.id is not objectGUID";
	}
	return server_find_untold(source, arena);
}

/* The name of the part says by which way the cookie was made. */
static bool take_cookie(struct ldap_source *source, const struct news_ask *ask, enum ad_way way)
{
	struct ad_news *news = source->ad;
	struct digest settings = server_settings(source, ad_way_name(way));

	for (size_t i = 0; ask->cookies && i < ask->cookies->count; i++) {
		const struct source_cookie *cookie = &ask->cookies->items[i];
		if (strcmp(cookie->part, ad_way_name(way)) != 0 || !digest_equal(&cookie->settings, &settings))
			continue;
		news->way = way;
		str_append(&news->cookie, cookie->bytes, cookie->size);
		return true;
	}
	return false;
}

static int offer(struct ldap_source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	struct ad_news *news = source->ad;
	const char *changes = source->config->ldap.changes;

	*ret = NEWS_NONE;
	if (server_open(source, &(const struct server_choice){0}, &news->connection, err))
		return -1;
	const char *why = obstacle(source, news->connection, news->arena);
	if (why) {
		server_tell_whole(source, why);
		return 0;
	}
	news->way = strcmp(changes, "usn") == 0 ? AD_USN : AD_DIRSYNC;
	news->goes_on = take_cookie(source, ask, news->way) || (!*changes && take_cookie(source, ask, AD_USN));
	*ret = news->goes_on ? NEWS_GO_ON : NEWS_ANEW;
	return 0;
}

int ad_news_start(struct ldap_source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	ad_news_stop(source);
	source->ad = xcalloc(1, sizeof(*source->ad));
	source->ad->arena = arena_new();
	int status = offer(source, ask, ret, err);
	if (status || *ret == NEWS_NONE)
		ad_news_stop(source);
	return status;
}

void ad_news_stop(struct ldap_source *source)
{
	struct ad_news *news = source->ad;

	if (!news)
		return;
	ldap_connection_close(&news->connection);
	arena_free(&news->arena);
	str_free(&news->cookie);
	free(news);
	source->ad = NULL;
}

/* --- read ---------------------------------------------------------------------------------------------------------------- */

static int refuse(struct news_result *result, enum news_verdict verdict, const struct error *why)
{
	result->verdict = verdict;
	snprintf(result->reason, sizeof(result->reason), "%.*s", (int)sizeof(result->reason) - 1, why->text);
	return 0;
}

static int read_changes(struct ldap_source *source, struct news_sink *sink, struct news_result *result,
			struct error *err)
{
	struct ad_news *news = source->ad;
	struct ad_changes changes = {0};
	struct error why = {0};
	int status = ad_changes_since(source, news->connection, news->way, &news->cookie, &changes, &why);

	if (status == AD_INVALID)
		status = refuse(result, NEWS_INVALID, &why);
	else if (status == AD_GOOD)
		status = ad_reread(source, news->connection, &changes, sink, result, err);
	else
		error_set(err, why.class, "%s", why.text);
	ad_changes_free(&changes);
	return status;
}

/* Where the server is before everything is read: what changes meanwhile comes again. DirSync wants a right that some
 * domains do not give. */
static int begin_anew(struct ldap_source *source, struct error *why)
{
	struct ad_news *news = source->ad;
	int status = ad_changes_now(source, news->connection, news->way, &news->cookie, why);

	if (status != AD_REFUSED || news->way == AD_USN || *source->config->ldap.changes)
		return status;
	log_info("source %s is asked for changes by uSNChanged: %s", source->config->name, why->text);
	news->way = AD_USN;
	return ad_changes_now(source, news->connection, news->way, &news->cookie, why);
}

/* Places too: what is below one that is renamed has another name, and is not told of. */
static int read_everything(struct ldap_source *source, struct news_sink *sink, struct news_result *result,
			   struct error *err)
{
	struct ad_news *news = source->ad;
	struct read_result read;
	struct error why = {0};
	int status = begin_anew(source, &why);

	if (status == AD_REFUSED)
		return refuse(result, NEWS_REFUSED, &why);
	if (status != AD_GOOD)
		return error_set(err, why.class, "%s", why.text);
	const struct place_scan places = {.base = source->suffix, .id = "objectGUID"};
	if (scan_places(source, news->connection, &places, sink, err) ||
	    scan_all(source, news->connection, &sink->entries, &read, err))
		return -1;
	result->entries = read.entries;
	result->unreadable = read.unreadable;
	result->whole = read.completeness == READ_COMPLETE;
	snprintf(result->reason, sizeof(result->reason), "%s", read.reason);
	return 0;
}

int ad_news_read(struct ldap_source *source, struct news_sink *sink, struct news_result *result, struct error *err)
{
	struct ad_news *news = source->ad;
	int status;

	*result = (struct news_result){.verdict = NEWS_GOOD};
	status = news->goes_on ? read_changes(source, sink, result, err) : read_everything(source, sink, result, err);
	if (status || result->verdict != NEWS_GOOD)
		return status;
	news->given = (struct source_cookie){.part = ad_way_name(news->way),
					     .settings = server_settings(source, ad_way_name(news->way)),
					     .bytes = str_text(&news->cookie),
					     .size = news->cookie.size};
	result->cookies = (struct source_cookies){.items = &news->given, .count = 1};
	ldap_connection_close(&news->connection);
	return 0;
}

int ad_news_wait(const struct news_wait *wait, struct news_result *result, struct error *err)
{
	struct pollfd other = {.fd = wait->fd, .events = POLLIN};
	int64_t ms = wait->ms < INT32_MAX ? wait->ms : INT32_MAX;

	*result = (struct news_result){.verdict = NEWS_GOOD};
	if (poll(&other, wait->fd >= 0 ? 1 : 0, (int)ms) < 0 && errno != EINTR)
		return error_set(err, ERR_INTERNAL, "cannot wait: %m");
	return 0;
}
