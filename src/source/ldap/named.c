/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/named.h"

#include "source/ldap/empty.h"

#include <stdio.h>

/* In one search: of a filter with so many a server makes as many look-ups in an index. */
enum { TOGETHER_MOST = 50 };

struct named {
	struct news *news;
	struct part *part;
	struct str filter;
	size_t count, found; /* in one search */
	char *why;
};

static int take_entry(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct named *named = context;

	named->found++;
	return news_hand_over_entry(named->news, named->part, NULL, entry, err);
}

/* As entryUUID and nsUniqueId are written. */
static void add(struct named *named, const struct ldap_uuid *uuid)
{
	const char *id = named->news->following->id;
	char text[UUID_TEXT];

	uuid_format(uuid->bytes, text);
	if (named->count++ == 0)
		str_printf(&named->filter, "(&%s(|", named->part->scope->filter);
	if (text_equal_fold(id, "entryUUID"))
		str_printf(&named->filter, "(%s=%s)", id, text);
	else
		str_printf(&named->filter, "(%s=%.13s%.9s%.4s-%s)", id, text, text + 14, text + 24, text + 28);
}

static int fail_missing(const struct named *named, const struct ldap_outcome *outcome)
{
	const char *id = named->news->following->id;

	if (!outcome->complete)
		snprintf(named->why, 512, "%s", outcome->reason);
	else
		snprintf(named->why, 512,
			 "of %zu changed entries %zu could be found by %s; let the bind DN search by it", named->count,
			 named->found, id);
	return 1;
}

/* As named_read(). */
static int read_filter(struct named *named, struct error *err)
{
	struct news *news = named->news;
	const struct server_choice choice = {.only = news->url};
	struct ldap_search search = {.base = named->part->base,
				     .scope = SCOPE_SUBTREE,
				     .attributes = named->part->scope->attributes,
				     .entry = take_entry,
				     .context = named};
	struct ldap_outcome outcome;
	int status = 0;

	if (named->count == 0)
		return 0;
	str_printf(&named->filter, "))");
	search.filter = str_text(&named->filter);
	if (!news->reader)
		status = server_connect(news->source->config, &choice, &news->reader, err);
	if (!status)
		status = empty_find(news->source, news->reader, named->part->scope, &search, &news->decoder, err);
	if (!status)
		status = ldap_connection_search(news->reader, &search, &outcome, err);
	if (!status && (!outcome.complete || named->found < named->count))
		status = fail_missing(named, &outcome);
	str_clear(&named->filter);
	named->count = named->found = 0;
	return status;
}

int named_read(struct news *news, struct part *part, const struct uuids *uuids, char why[512], struct error *err)
{
	struct named named = {.news = news, .part = part, .why = why};
	const struct uuid_slot *slot;
	size_t position = 0;
	int status = 0;

	while (!status && (slot = uuids_next(uuids, &position))) {
		if (slot->state == UUID_CAME)
			add(&named, &slot->uuid);
		if (named.count == TOGETHER_MOST)
			status = read_filter(&named, err);
	}
	if (!status)
		status = read_filter(&named, err);
	str_free(&named.filter);
	ldap_connection_close(&news->reader);
	return status;
}
