/* SPDX-License-Identifier: Apache-2.0 */
/* Groups whose members the server computes, as part of the news. */
#include "source/ldap/news_private.h"

#include "roster/elapsed.h"

#include <string.h>

/* One part in so many of the time is for reading them. */
enum { READING_SHARE = 10 };

static const char part_name[] = "no dynamic groups";

static const struct part *groups_of(const struct news *news)
{
	for (size_t i = 0; i < news->count; i++)
		if (news->parts[i].kind == ENTRY_GROUP)
			return &news->parts[i];
	return NULL;
}

bool news_has_no_dynamic(const struct news *news, const struct source_cookies *cookies)
{
	const struct part *groups = groups_of(news);

	for (size_t i = 0; groups && i < cookies->count; i++)
		if (strcmp(cookies->items[i].part, part_name) == 0)
			return digest_equal(&cookies->items[i].settings, &groups->settings);
	return !groups;
}

/* Up to where the groups are there are none. */
void news_give_dynamic(struct news *news, struct source_cookies *cookies)
{
	const struct part *groups = groups_of(news);

	if (groups && news->knows_dynamic && news->dynamic.count == 0)
		cookies->items[cookies->count++] = (struct source_cookie){.part = part_name,
									  .settings = groups->settings,
									  .bytes = str_text(&groups->cookie),
									  .size = groups->cookie.size};
}

static int hand_over(void *context, struct error *err)
{
	struct news *news = context;
	struct entry_sink *sink = &news->sink->entries;
	const struct entry *entry = &news->decoder.entry;

	if (!news->decoder.fault) {
		news->result->entries++;
		return sink->entry(sink, entry, err);
	}
	news->result->unreadable++;
	return sink->unreadable(sink, entry->id, entry->dn, news->decoder.fault, err);
}

/* Over a connection of its own, as those of the parts may be busy. */
static int read_all(struct news *news, const struct part *groups, struct error *err)
{
	const struct server_choice choice = {.only = news->url};
	struct dynamic_reader reader = {.scope = groups->scope,
					.base = groups->base,
					.page_size = news->source->config->server.page_size,
					.decoder = &news->decoder,
					.each = hand_over,
					.context = news};
	int status = server_connect(news->source->config, &choice, &reader.connection, err);

	if (!status && !news->knows_dynamic)
		status = dynamic_find(&news->dynamic, &reader, err);
	news->knows_dynamic = news->knows_dynamic || !status;
	if (!status)
		status = dynamic_read(&news->dynamic, &reader, err);
	ldap_connection_close(&reader.connection);
	return status;
}

int news_read_dynamic(struct news *news, struct error *err)
{
	const struct part *groups = groups_of(news);
	int64_t began = clock_ms();

	if (!groups || !news->dynamic_due || began < news->dynamic_at)
		return 0;
	news->dynamic_due = false;
	if (news->knows_dynamic && news->dynamic.count == 0)
		return 0;
	if (read_all(news, groups, err))
		return -1;
	int64_t now = clock_ms();
	news->dynamic_at = now + READING_SHARE * (now - began);
	return 1;
}
