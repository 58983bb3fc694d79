/* SPDX-License-Identifier: Apache-2.0 */
#include "link/http_private.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { SECOND_MS = 1000, DAY_SECONDS = 24 * 60 * 60 };

/* What a code of libcurl means for roster. */
struct failure {
	CURLcode code;
	enum error_class class;
	const char *text; /* follows the peer */
	const char *hint; /* may be NULL */
};

static const char UNTRUSTED_HINT[] = "the CA file must name the authority that signed it";
static const char PLAIN_HINT[] = "is it the port of a web server, and does it want https?";
static const char TLS_HINT[] = "does the port speak TLS, at least version 1.2?";

static const struct failure failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ERR_UNREACHABLE, "cannot be reached", NULL},
    {CURLE_COULDNT_CONNECT, ERR_UNREACHABLE, "cannot be reached", NULL},
    {CURLE_GOT_NOTHING, ERR_UNREACHABLE, "closed the connection without an answer", NULL},
    {CURLE_PARTIAL_FILE, ERR_UNREACHABLE, "did not finish its answer", NULL},
    {CURLE_RECV_ERROR, ERR_UNREACHABLE, "did not finish its answer", NULL},
    {CURLE_SEND_ERROR, ERR_UNREACHABLE, "broke the connection off", NULL},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_DENIED, "has a certificate that is not trusted", UNTRUSTED_HINT},
    {CURLE_SSL_ISSUER_ERROR, ERR_DENIED, "has a certificate that is not trusted", UNTRUSTED_HINT},
    {CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, "cannot be verified", "is the CA file there, readable, and in PEM?"},
    {CURLE_SSL_CONNECT_ERROR, ERR_PROTOCOL, "does not agree on TLS", TLS_HINT},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "does not answer in HTTP", PLAIN_HINT},
    {CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, "does not answer in HTTP", PLAIN_HINT},
    {CURLE_OUT_OF_MEMORY, ERR_INTERNAL, "was not asked", NULL},
    {CURLE_FAILED_INIT, ERR_INTERNAL, "was not asked", NULL},
};

static const struct failure *find_failure(CURLcode code)
{
	static const struct failure other = {CURLE_OK, ERR_PROTOCOL, "does not answer as it should", NULL};

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].code == code)
			return &failures[i];
	}
	return &other;
}

/* The system's own word when a connection failed, else libcurl's. */
static const char *reason_of(const struct exchange *exchange, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &status);
	if (code == CURLE_COULDNT_CONNECT && status)
		return strerror((int)status);
	return *exchange->detail ? exchange->detail : curl_easy_strerror(code);
}

static void explain_timeout(const struct exchange *exchange, struct error *err)
{
	curl_off_t ready = 0;
	char text[32];

	/* Set once the request can go out. */
	curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	if (ready > 0)
		error_set(err, ERR_UNREACHABLE, "%s did not answer within %s", exchange->peer,
			  duration_format(exchange->timeout_ms, text, sizeof(text)));
	else
		error_set(err, ERR_UNREACHABLE, "%s cannot be reached: no connection within %s", exchange->peer,
			  duration_format(exchange->connect_ms, text, sizeof(text)));
}

static void explain(const struct exchange *exchange, CURLcode code, struct error *err)
{
	const struct failure *failure = find_failure(code);

	if (*exchange->flaw && !exchange->opened) {
		error_set(err, ERR_DENIED, "%s leads to an address that is never called: %s", exchange->peer,
			  exchange->flaw);
		if (strstr(exchange->flaw, "loopback"))
			error_hint(err, "a URL that says localhost, 127.0.0.1 or [::1] itself may lead there");
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		explain_timeout(exchange, err);
	} else {
		error_set(err, failure->class, "%s %s: %s", exchange->peer, failure->text, reason_of(exchange, code));
		if (failure->hint)
			error_hint(err, "%s", failure->hint);
	}
}

static int64_t seconds_of_digits(const char *digits)
{
	int64_t seconds = 0;

	for (; isdigit((unsigned char)*digits) && seconds < DAY_SECONDS; digits++)
		seconds = seconds * 10 + (*digits - '0');
	return seconds;
}

/* Digits alone are seconds, also those that libcurl would take for a date. */
int64_t http_retry_after(const char *value)
{
	size_t digits = strspn(value, "0123456789");
	int64_t seconds;

	if (digits > 0 && value[digits + strspn(value + digits, " \t")] == '\0') {
		seconds = seconds_of_digits(value);
	} else {
		time_t date = curl_getdate(value, NULL);
		if (date == -1)
			return -1;
		seconds = (int64_t)date - (int64_t)time(NULL);
	}
	if (seconds < 0)
		seconds = 0;
	return (seconds < DAY_SECONDS ? seconds : DAY_SECONDS) * SECOND_MS;
}

static int64_t retry_after_of(CURL *easy)
{
	struct curl_header *header;

	if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return -1;
	return http_retry_after(header->value);
}

void http_reply_fill(const struct exchange *exchange, CURLcode code, struct http_reply *ret)
{
	long status = 0;

	*ret = (struct http_reply){.context = exchange->context, .retry_after_ms = -1, .body = ""};
	curl_easy_getinfo(exchange->easy, CURLINFO_TOTAL_TIME, &ret->seconds);
	/* Reading ends on purpose where the limit is. */
	if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && exchange->cut)) {
		explain(exchange, code, &ret->error);
		return;
	}
	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (int)status;
	ret->retry_after_ms = retry_after_of(exchange->easy);
	ret->body = str_text(&exchange->body);
	ret->size = exchange->body.size;
	ret->cut = exchange->cut;
	ret->exchange = exchange;
}

const char *http_reply_header(const struct http_reply *reply, const char *name, size_t index)
{
	struct curl_header *header;

	if (!reply->exchange ||
	    curl_easy_header(reply->exchange->easy, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}
