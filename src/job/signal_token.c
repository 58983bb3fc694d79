/* SPDX-License-Identifier: Apache-2.0 */
/* What a security event token says (RFC 8417), of whom (RFC 9493). */
#include "roster/signals.h"

#include "roster/text.h"

#include <string.h>

enum { EVENTS_MOST = 32, SUBJECT_MOST = 1000 };

/* OpenID RISC 1.0 section 2, CAEP 1.0 section 3. What else there is says nothing of whether somebody may come in. */
static const struct {
	const char *uri, *kind;
} known_events[] = {
    {"https://schemas.openid.net/secevent/risc/event-type/account-disabled", "account-disabled"},
    {"https://schemas.openid.net/secevent/risc/event-type/account-purged", "account-disabled"},
    {"https://schemas.openid.net/secevent/risc/event-type/account-enabled", "account-enabled"},
    {"https://schemas.openid.net/secevent/risc/event-type/sessions-revoked", "session-revoked"},
    {"https://schemas.openid.net/secevent/caep/event-type/session-revoked", "session-revoked"},
};
enum { KNOWN_EVENTS = sizeof known_events / sizeof known_events[0] };

static const char *kind_of(const char *uri)
{
	for (size_t i = 0; i < KNOWN_EVENTS; i++)
		if (strcmp(known_events[i].uri, uri) == 0)
			return known_events[i].kind;
	return NULL;
}

/* --- of whom ----------------------------------------------------------------------------------------------------------------- */

static const char *text_in(const struct json *object, const char *key)
{
	const char *text = json_as_text(json_get(object, key));

	return text != NULL && *text != '\0' && strlen(text) <= SUBJECT_MOST && !text_has_control(text, strlen(text))
		   ? text
		   : NULL;
}

/* One identifier: the subject of this issuer, an id of his without more, or a mail address. */
static bool take_identifier(const struct json *subject, const char *issuer, struct signal_event *ret)
{
	const char *format = text_in(subject, "format"), *own = text_in(subject, "iss");

	if (format == NULL) /* as it was called before RFC 9493 */
		format = text_in(subject, "subject_type");
	if (format == NULL)
		return false;
	ret->subject_kind = "id";
	if (strcmp(format, "iss_sub") == 0 || strcmp(format, "iss-sub") == 0)
		ret->subject = own != NULL && strcmp(own, issuer) == 0 ? text_in(subject, "sub") : NULL;
	else if (strcmp(format, "opaque") == 0)
		ret->subject = text_in(subject, "id");
	else if (strcmp(format, "email") == 0) {
		ret->subject_kind = "email";
		ret->subject = text_in(subject, "email");
	} else {
		ret->subject = NULL;
	}
	return ret->subject != NULL;
}

/* Of several names of one person the first that means something here; of a session or a device, whose it is. */
static bool take_subject(const struct json *subject, const char *issuer, struct signal_event *ret)
{
	const struct json *aliases = json_get(subject, "identifiers"), *user = json_get(subject, "user");

	if (subject == NULL || take_identifier(subject, issuer, ret))
		return subject != NULL;
	for (size_t i = 0; i < json_count(aliases) && json_kind_of(aliases) == JSON_KIND_ARRAY; i++)
		if (take_identifier(json_item(aliases, i), issuer, ret))
			return true;
	return user != NULL && take_identifier(user, issuer, ret);
}

/* The token may name him once for all of its events, or by the sub of RFC 7519. */
static bool find_subject(const struct json *claims, const struct json *event, const char *issuer,
			 struct signal_event *ret)
{
	ret->subject_kind = "id";
	if (take_subject(json_get(claims, "sub_id"), issuer, ret) ||
	    take_subject(json_get(event, "subject"), issuer, ret))
		return true;
	ret->subject = text_in(claims, "sub");
	return ret->subject != NULL;
}

/* --- when -------------------------------------------------------------------------------------------------------------------- */

static bool take_time(const struct json *value, int64_t *ret)
{
	enum { MS_PER_SECOND = 1000 };
	static const int64_t far = INT64_C(100000000000); /* more than that is in milliseconds */

	if (!json_as_integer(value, ret) || *ret < 0)
		return false;
	if (*ret > far)
		*ret /= MS_PER_SECOND;
	return *ret < far;
}

static int64_t time_of(const struct json *claims, const struct json *event)
{
	int64_t at = 0;

	if (!take_time(json_get(event, "event_timestamp"), &at) && !take_time(json_get(claims, "toe"), &at) &&
	    !take_time(json_get(claims, "iat"), &at))
		at = 0;
	return at;
}

/* --- the token --------------------------------------------------------------------------------------------------------------- */

int signal_token_read(const struct json *claims, struct arena *arena, struct signal_token *ret, struct error *err)
{
	const struct json *events = json_get(claims, "events");
	struct json_member member = {0};
	size_t seen = 0;

	*ret = (struct signal_token){.issuer = text_in(claims, "iss"), .id = text_in(claims, "jti")};
	if (ret->issuer == NULL || ret->id == NULL)
		return error_set(err, ERR_DATA, "the token has no iss or no jti");
	if (events == NULL || json_kind_of(events) != JSON_KIND_OBJECT || json_count(events) == 0)
		return error_set(err, ERR_DATA, "the token tells of no events");
	ret->events = arena_alloc_array(arena, EVENTS_MOST, sizeof *ret->events);
	while (json_each(events, &member) && seen++ < EVENTS_MOST) {
		struct signal_event *event = &ret->events[ret->event_count];
		const char *kind = kind_of(member.key);
		if (kind == NULL)
			continue;
		if (!find_subject(claims, member.value, ret->issuer, event))
			return error_set(err, ERR_DATA, "the token does not say whose %s it is in a way known here",
					 kind);
		event->kind = kind;
		event->at = time_of(claims, member.value);
		ret->event_count++;
	}
	return 0;
}
