/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/refresh.h"

#include <string.h>

/* --- before ------------------------------------------------------------------------------------------------------------- */

static void add_text(struct digest_state *state, const char *text)
{
	digest_add(state, text, strlen(text));
}

struct digest refresh_settings_digest(const struct refresh_settings *settings)
{
	struct digest_state *state = digest_start();
	const uint8_t scope = (uint8_t)settings->scope;

	/* What has no fixed number stands last, and behind its number. */
	digest_add(state, &scope, sizeof(scope));
	add_text(state, settings->bind_dn);
	add_text(state, settings->vendor);
	add_text(state, settings->base);
	add_text(state, settings->filter);
	digest_add(state, &settings->url_count, sizeof(settings->url_count));
	for (size_t i = 0; i < settings->url_count; i++)
		add_text(state, settings->urls[i]);
	for (const char **attribute = settings->attributes; *attribute; attribute++)
		add_text(state, *attribute);
	struct digest digest = digest_finish(state);
	digest_free(&state);
	return digest;
}

void refresh_start(struct refresh *refresh, const struct refresh_terms *terms)
{
	refresh_free(refresh);
	refresh->persist = terms->persist;
	refresh->names_no_present = terms->names_no_present;
	if (digest_equal(&terms->settings, &terms->stored_by))
		refresh->cookie = terms->stored;
}

/* --- messages ----------------------------------------------------------------------------------------------------------- */

static void note_present(struct refresh *refresh, const struct ldap_uuid *uuid)
{
	/* That it exists does not take back what its entry said. */
	if (uuids_get(&refresh->uuids, uuid) != UUID_CAME)
		uuids_set(&refresh->uuids, uuid, UUID_PRESENT);
}

static enum refresh_step take_entry(struct refresh *refresh, const struct ldap_sync_message *message)
{
	switch (message->state) {
	case SYNC_PRESENT:
		note_present(refresh, &message->uuid);
		return REFRESH_GOES_ON;
	case SYNC_DELETE:
		uuids_set(&refresh->uuids, &message->uuid, UUID_REMOVED);
		return REFRESH_GOES_ON;
	default:
		/* In a refresh everything comes as added, what was modified too. */
		uuids_set(&refresh->uuids, &message->uuid, UUID_CAME);
		return REFRESH_STORE;
	}
}

static void take_ids(struct refresh *refresh, const struct ldap_sync_message *message)
{
	for (size_t i = 0; i < message->id_count; i++) {
		if (message->deletes)
			uuids_set(&refresh->uuids, &message->ids[i], UUID_REMOVED);
		else
			note_present(refresh, &message->ids[i]);
	}
}

/* The last one counts. */
static void take_cookie(struct refresh *refresh, const struct ldap_value *cookie)
{
	if (!cookie->data)
		return;
	refresh->empty_cookie = cookie->size == 0;
	str_clear(&refresh->new_cookie);
	str_append(&refresh->new_cookie, cookie->data, cookie->size);
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */

static enum refresh_step end(struct refresh *refresh, enum refresh_verdict verdict)
{
	refresh->over = true;
	refresh->verdict = verdict;
	if (verdict == REFRESH_ANEW)
		refresh->cookie_act = COOKIE_IS_GONE;
	return REFRESH_OVER;
}

static enum refresh_step end_cleanly(struct refresh *refresh)
{
	bool sent = refresh->cookie.size > 0;

	/* slapd answers a cookie it cannot read with everything, as if it were what changed, and with an empty cookie:
	 * nothing would ever be found absent. Without a cookie the same answer is sound. */
	if (sent && refresh->empty_cookie)
		return end(refresh, REFRESH_ANEW);
	if (refresh->new_cookie.size > 0)
		refresh->cookie_act = COOKIE_IS_NEW;
	else
		refresh->cookie_act = sent ? COOKIE_STAYS : COOKIE_IS_GONE;
	/* Who sent no cookie was told everything, whatever the server calls the phase. */
	bool everything = !sent || (refresh->present_phase && !refresh->names_no_present);
	refresh->absent_is_gone = everything && !refresh->elsewhere;
	return end(refresh, REFRESH_GOOD);
}

static enum refresh_step take_phase(struct refresh *refresh, const struct ldap_sync_message *message)
{
	refresh->present_phase = refresh->present_phase || !message->deletes;
	/* refreshOnly ends with the result of the search, and with nothing else. */
	if (!message->refresh_done || !refresh->persist)
		return REFRESH_GOES_ON;
	return end_cleanly(refresh);
}

static enum refresh_step take_done(struct refresh *refresh, const struct ldap_sync_message *message)
{
	/* Who sent no cookie has none to give up: to try the same again would go on for ever. */
	bool sent = refresh->cookie.size > 0;

	if (sent && message->end == SYNC_REFRESH_REQUIRED)
		return end(refresh, REFRESH_ANEW);
	if (sent && message->end == SYNC_COOKIE_NEWER)
		return end(refresh, REFRESH_NEWER);
	/* A search that was to persist has no business to end before its refresh is done. */
	if (message->end != SYNC_CLEAN || refresh->persist)
		return end(refresh, REFRESH_NOTHING);
	refresh->present_phase = refresh->present_phase || !message->deletes;
	return end_cleanly(refresh);
}

enum refresh_step refresh_take(struct refresh *refresh, const struct ldap_sync_message *message)
{
	if (refresh->over)
		return REFRESH_OVER;
	take_cookie(refresh, &message->cookie);
	switch (message->kind) {
	case SYNC_ENTRY:
		return take_entry(refresh, message);
	case SYNC_REFERENCE:
		refresh->elsewhere = true;
		return REFRESH_GOES_ON;
	case SYNC_IDS:
		take_ids(refresh, message);
		return REFRESH_GOES_ON;
	case SYNC_PHASE:
		return take_phase(refresh, message);
	case SYNC_DONE:
		return take_done(refresh, message);
	default:
		return REFRESH_GOES_ON;
	}
}

const struct uuid_slot *refresh_next(const struct refresh *refresh, size_t *position)
{
	return uuids_next(&refresh->uuids, position);
}

void refresh_free(struct refresh *refresh)
{
	uuids_free(&refresh->uuids);
	str_free(&refresh->new_cookie);
	*refresh = (struct refresh){0};
}
