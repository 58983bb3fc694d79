/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/throttle.h"

#include "roster/json.h"
#include "roster/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MS_PER_SECOND = 1000, USUAL_WAIT_MS = 5000, WAIT_LEAST_MS = 100, WAIT_MOST_MS = 600000 };

static int64_t limit(int64_t ms)
{
	if (ms < 0)
		return 0;
	return ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS;
}

/* Okta says the second at which its limit begins anew, by its own clock. */
static int64_t okta_wait(const struct http_reply *reply)
{
	const char *reset = http_reply_header(reply, "X-Rate-Limit-Reset", 0);
	const char *date = http_reply_header(reply, "Date", 0);
	char *end;

	if (!reset || !*reset)
		return -1;
	long long at = strtoll(reset, &end, 10);
	/* http_reply_header() may have given the same memory twice: the first was read before the second is. */
	int64_t now = date ? http_date(date) : -1;
	if (*end || at <= 0)
		return -1;
	return limit((at - (now >= 0 ? now : (int64_t)time(NULL)) + 1) * MS_PER_SECOND);
}

/* Google refuses with the same status who asks too often and who may not. */
static bool is_google_throttle(const struct http_reply *reply)
{
	static const char *const reasons[] = {"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"};
	struct json *body = NULL;
	bool found = false;

	if (json_parse(reply->body, reply->size, reply->size + 1, &body, NULL))
		return false;
	const struct json *errors = json_get(json_get(body, "error"), "errors");
	for (size_t i = 0; errors && i < json_count(errors); i++) {
		const char *reason = json_as_text(json_get(json_item(errors, i), "reason"));
		for (size_t k = 0; reason && k < sizeof(reasons) / sizeof(reasons[0]); k++)
			found = found || strcmp(reason, reasons[k]) == 0;
	}
	json_free(&body);
	return found;
}

int64_t throttle_wait(enum throttle throttle, const struct http_reply *reply)
{
	bool google = throttle == THROTTLE_GOOGLE && reply->status == 403 && is_google_throttle(reply);
	int64_t wait = reply->retry_after_ms;

	if (reply->status != 429 && !google && !(reply->status == 503 && wait >= 0))
		return -1;
	if (throttle == THROTTLE_OKTA && wait < 0)
		wait = okta_wait(reply);
	wait = wait >= 0 ? limit(wait) : USUAL_WAIT_MS;
	return wait > WAIT_LEAST_MS ? wait : WAIT_LEAST_MS;
}

enum error_class throttle_class(int status)
{
	if (status == 401 || status == 403)
		return ERR_DENIED;
	return status >= 500 || status == 429 || status == 408 ? ERR_UNREACHABLE : ERR_PROTOCOL;
}

static const char *reason_in(const struct json *body)
{
	static const char *const names[] = {"error_description", "errorSummary", "detail", "errorMessage", "message"};
	const struct json *error = json_get(body, "error");
	const char *text = NULL;

	for (size_t i = 0; !text && i < sizeof(names) / sizeof(names[0]); i++)
		text = json_as_text(json_get(body, names[i]));
	if (!text && error && json_kind_of(error) == JSON_KIND_OBJECT)
		text = json_as_text(json_get(error, "message"));
	return text ? text : json_as_text(error);
}

void throttle_explain(const struct http_reply *reply, struct error *err)
{
	struct json *body = NULL;
	const char *reason = NULL;
	char text[256];

	if (reply->status >= 300 && reply->status < 400) {
		error_hint(err, "roster follows no redirect: write the address it leads to");
		return;
	}
	if (json_parse(reply->body, reply->size, reply->size + 1, &body, NULL) == 0 &&
	    json_kind_of(body) == JSON_KIND_OBJECT)
		reason = reason_in(body);
	if (reason) {
		snprintf(text, sizeof(text), "%s", reason);
		text_clean(text);
		error_hint(err, "%s", text);
	} else if (reply->status == 403) {
		error_hint(err, "the account of roster may not see this");
	}
	json_free(&body);
}
