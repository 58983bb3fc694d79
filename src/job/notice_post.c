/* SPDX-License-Identifier: Apache-2.0 */
#include "job/notice_post.h"

#include "roster/http.h"

/* LOOK_MS: a signal that comes just before a wait is noticed after that time. */
enum { POST_MS = 20000, LOOK_MS = 1000 };

static int judge(const struct http_reply *reply, struct error *err)
{
	if (reply->status >= 200 && reply->status < 300)
		return 0;
	if (reply->status == 0)
		return error_set(err, reply->error.class, "%s", reply->error.text);
	return error_set(err, ERR_PROTOCOL, "the url answered %d%s", reply->status,
			 reply->status >= 300 && reply->status < 400 ? " (redirects are not followed)" : "");
}

static int await(struct http *http, bool (*must_stop)(void), struct error *err)
{
	struct http_reply reply;
	int rc;

	/* There is an answer in the end, if only that the time is over. */
	while ((rc = http_next(http, -1, LOOK_MS, &reply, err)) == 0)
		if (must_stop())
			return error_set(err, ERR_CONFLICT, "told to stop before there was an answer");
	return rc < 0 ? -1 : judge(&reply, err);
}

int notice_post(const char *url, const struct str *json, bool (*must_stop)(void), struct error *err)
{
	static const struct http_header headers[] = {{"content-type", "application/json"},
						     {"user-agent", "roster/" ROSTER_VERSION}};
	const struct http_request request = {
	    .url = url,
	    .headers = headers,
	    .header_count = sizeof headers / sizeof headers[0],
	    .body = str_text(json),
	    .size = json->size,
	    .timeout_ms = POST_MS,
	    .allow_loopback = http_url_is_loopback(url),
	};
	struct http *http = NULL;
	int rc = http_new(&http, err);

	if (rc == 0)
		rc = http_start(http, &request, err);
	if (rc == 0)
		rc = await(http, must_stop, err);
	http_free(&http);
	return rc;
}
