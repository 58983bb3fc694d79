/* SPDX-License-Identifier: Apache-2.0 */
/* One part of the news, whether it refreshes or persists: begun, what it says handed over, and where it is. */
#include "source/ldap/news_private.h"
#include "source/ldap/replica.h"

int news_start_part(struct news *news, struct part *part, bool persist, struct error *err)
{
	const struct part_wish wish = {.config = &news->source->config->server, .persist = persist};
	/* What the parts say is about the same directory. */
	const struct server_choice choice = {.only = news->url};

	if (!part->connection && server_connect(news->source->config, &choice, &part->connection, err))
		return -1;
	return part_start(part, news->following, part->connection, &wish, err);
}

/* --- entries ------------------------------------------------------------------------------------------------------------ */

static int hand_over_place(struct news *news, const struct ldap_sync_message *message, const char *id,
			   struct error *err)
{
	const struct place place = {.id = id, .dn = message->entry.dn};

	return text_is_valid(place.dn, message->entry.dn_size) ? news->sink->place(news->sink, &place, err) : 0;
}

/* A message cannot say whether it is empty: it is asked for. */
static bool is_asked_for(const struct news *news, struct part *part, const char *id)
{
	struct ldap_uuid uuid;

	if (!id || !news->decoder.hides_members || !news->source->spoken->empty_groups || !uuid_parse(id, uuid.bytes))
		return false;
	uuids_set(&part->changed, &uuid, UUID_CAME);
	return true;
}

int news_hand_over_entry(struct news *news, struct part *part, const char *id, const struct ldap_entry *entry,
			 struct error *err)
{
	struct entry_sink *sink = &news->sink->entries;
	/* A Sync State Control tells the entryUUID (RFC 4533 section 2.3). What a group computes is asked for by the attribute. */
	bool is_named = text_equal_fold(news->following->id, "entryUUID") && !dynamic_is(entry);

	news->decoder.named = is_named ? id : NULL;
	decode(&news->decoder, part->scope, entry);
	if (is_asked_for(news, part, id))
		return 0;
	if (part->kind == ENTRY_GROUP && !news->decoder.fault && dynamic_is(entry)) {
		dynamic_add(&news->dynamic, news->decoder.entry.id, !news->goes_on && !part->over);
		news->dynamic_due = true;
		return 0;
	}
	if (news->decoder.ranged && !news->decoder.fault)
		news->decoder.fault = "only a part of its values came";
	if (!news->decoder.fault) {
		news->result->entries++;
		return sink->entry(sink, &news->decoder.entry, err);
	}
	news->result->unreadable++;
	return sink->unreadable(sink, id ? id : news->decoder.entry.id, entry->dn, news->decoder.fault, err);
}

int news_hand_over(struct news *news, struct part *part, const struct ldap_sync_message *message, struct error *err)
{
	char id[UUID_TEXT];

	uuid_format(message->uuid.bytes, id);
	if (part->kind == ENTRY_KINDS)
		return hand_over_place(news, message, id, err);
	return news_hand_over_entry(news, part, id, &message->entry, err);
}

int news_hand_over_removal(struct news *news, const struct part *part, const struct ldap_uuid *uuid, struct error *err)
{
	char id[UUID_TEXT];

	uuid_format(uuid->bytes, id);
	if (part->kind == ENTRY_GROUP)
		dynamic_remove(&news->dynamic, id);
	return news->sink->removed(news->sink, part->kind, id, err);
}

/* --- cookies ------------------------------------------------------------------------------------------------------------ */

void news_take_cookie(const struct news *news, struct part *part, const char *cookie, size_t size)
{
	if (news->following->counts_by_server) {
		csn_renew_cookie(&part->cookie, cookie, size);
		return;
	}
	str_clear(&part->cookie);
	str_append(&part->cookie, cookie, size);
}

void news_give_cookies(struct news *news)
{
	struct source_cookies *cookies = &news->result->cookies;

	*cookies = (struct source_cookies){.items = news->cookies};
	replica_begin_marks(news->source);
	for (size_t i = 0; i < news->count; i++) {
		const struct part *part = &news->parts[i];
		if (part->cookie.size == 0) {
			cookies->count = 0;
			return;
		}
		news->cookies[cookies->count++] = (struct source_cookie){.part = part->name,
									 .settings = part->settings,
									 .bytes = str_text(&part->cookie),
									 .size = part->cookie.size};
		replica_take_cookie(news->source, part->base, str_text(&part->cookie), part->cookie.size);
	}
	replica_give_marks(news->source, cookies);
	news_give_dynamic(news, cookies);
}
