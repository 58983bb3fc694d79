/* SPDX-License-Identifier: Apache-2.0 */
#include "target/webhook/verdict.h"

#include "roster/text.h"

#include <stdio.h>
#include <string.h>

enum { REPLY_SHOWN = 120 };

/* A message is refused when the target has read and judged it; everything else is about the target, and the message is
 * as good as before. */
static enum verdict_kind kind_of(int status)
{
	static const int refusals[] = {400, 409, 413, 415, 422};

	if (status >= 200 && status < 300)
		return VERDICT_CONFIRMED;
	if (status == 410)
		return VERDICT_DISABLED;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (status == refusals[i])
			return VERDICT_REFUSED;
	return VERDICT_LATER;
}

static const char *advice(int status)
{
	if (status >= 300 && status < 400)
		return "redirects are not followed: write the final address into url";
	switch (status) {
	case 401:
	case 403:
		return "does it know the key roster signs with?";
	case 404:
	case 405:
		return "is the path in url right?";
	case 410:
		return "it wants no more messages; rosterctl resume switches it on again";
	case 413:
		return "a smaller batch may help";
	default:
		return NULL;
	}
}

/* The beginning of the first line of an answer, for people. */
static void quote_reply(const struct http_reply *reply, char *text, size_t room)
{
	size_t size = strcspn(reply->body, "\r\n");

	snprintf(text, room, "%.*s", (int)(size < REPLY_SHOWN ? size : REPLY_SHOWN), reply->body);
	for (char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
}

void verdict_of(const struct http_reply *reply, struct verdict *ret)
{
	const char *hint = advice(reply->status);
	char quoted[REPLY_SHOWN + 1];

	*ret = (struct verdict){
	    .context = reply->context,
	    .kind = reply->status == 0 ? VERDICT_LATER : kind_of(reply->status),
	    .wait_ms = reply->retry_after_ms,
	    .seconds = reply->seconds,
	};
	if (reply->status == 0) {
		snprintf(ret->reason, sizeof ret->reason, "%.*s", (int)sizeof ret->reason - 1, reply->error.text);
	} else if (ret->kind != VERDICT_CONFIRMED) {
		quote_reply(reply, quoted, sizeof quoted);
		snprintf(ret->reason, sizeof ret->reason, "it answered %d%s%s%s%s%s", reply->status,
			 quoted[0] == '\0' ? "" : " ", quoted, hint == NULL ? "" : " (", hint == NULL ? "" : hint,
			 hint == NULL ? "" : ")");
	}
	text_clean(ret->reason);
}
