/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/http.h"

#include "http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define NO_CONTENT   "HTTP/1.1 204 No Content\r\n\r\n"

static struct server server; /* large */

/* --- what is sent ------------------------------------------------------------------------------------------------ */

static bool was_sent(const char *part)
{
	return strcasestr(server.last, part) != NULL;
}

static void request_is_sent_as_it_was_given(void **state)
{
	static const struct http_header headers[] = {
	    {"webhook-id", "msg_1"}, {"content-type", "text/x"}, {"x-empty", ""}};
	struct http_request request = {.headers = headers, .header_count = COUNT(headers), .body = "a\0b", .size = 3};
	struct http_reply reply;
	char url[64];

	server_start(&server, SERVER_ANSWERS, OK);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/a/b?c=%%20d#e", server.port);
	request.url = url;
	request.timeout_ms = 10000;
	request.allow_loopback = true;
	request.context = state;
	ask(&request, &reply);
	server_stop(&server);

	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.error.class, ERR_NONE);
	assert_true(reply.seconds > 0 && reply.seconds < 10);
	assert_true(strncmp(server.last, "POST /a/b?c=%20d HTTP/1.1\r\n", 27) == 0);
	assert_true(was_sent("\r\nwebhook-id: msg_1\r\n"));
	assert_true(was_sent("\r\ncontent-type: text/x\r\n"));
	assert_true(was_sent("\r\nx-empty:\r\n"));
	assert_true(was_sent("\r\ncontent-length: 3\r\n"));
	assert_memory_equal(strstr(server.last, "\r\n\r\n") + 4, "a\0b", 3);
}

static void nothing_else_is_sent(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ANSWERS,
		     "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n");
	ask_server(&server, &reply);
	ask_server(&server, &reply);
	server_stop(&server);
	assert_false(was_sent("\r\ncontent-type:"));
	assert_false(was_sent("\r\ncookie:"));
	assert_false(was_sent("\r\nauthorization:"));
	assert_false(was_sent("\r\naccept-encoding:"));
}

static void empty_body_is_sent_as_such(void **state)
{
	struct http_request request = {.timeout_ms = 10000, .allow_loopback = true};
	struct http_reply reply;
	char url[64];

	(void)state;
	server_start(&server, SERVER_ANSWERS, NO_CONTENT);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", server.port);
	request.url = url;
	ask(&request, &reply);
	server_stop(&server);
	assert_int_equal(reply.status, 204);
	assert_true(strncmp(server.last, "POST / HTTP/1.1\r\n", 17) == 0);
	assert_true(was_sent("\r\ncontent-length: 0\r\n"));
}

static void large_body_is_sent_without_asking_first(void **state)
{
	enum { LARGE = SERVER_REQUEST - 4096 };
	struct http_request request = {.size = LARGE, .timeout_ms = 10000, .allow_loopback = true};
	struct http_reply reply;
	char url[64], *body = malloc(LARGE);

	(void)state;
	assert_non_null(body);
	memset(body, 'b', LARGE);
	request.body = body;
	server_start(&server, SERVER_ANSWERS, OK);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	request.url = url;
	ask(&request, &reply);
	server_stop(&server);
	assert_int_equal(reply.status, 200);
	assert_false(was_sent("\r\nexpect:"));
	assert_memory_equal(strstr(server.last, "\r\n\r\n") + 4, body, LARGE);
	free(body);
}

static void environment_does_not_count(void **state)
{
	static struct server proxy;
	struct http_reply reply;
	char url[64];

	(void)state;
	server_start(&server, SERVER_ANSWERS, OK);
	server_start(&proxy, SERVER_ANSWERS, NO_CONTENT);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy.port);
	setenv("http_proxy", url, 1);
	setenv("all_proxy", url, 1);
	ask_server(&server, &reply);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	server_stop(&proxy);
	server_stop(&server);
	assert_int_equal(reply.status, 200);
	assert_int_equal(proxy.connections, 0);
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

static void answer_comes_back_whatever_its_status(void **state)
{
	static const struct {
		const char *answer;
		int status;
		const char *body;
	} answers[] = {
	    {OK, 200, "ok"},
	    {NO_CONTENT, 204, ""},
	    {"HTTP/1.0 200 OK\r\n\r\nold", 200, "old"},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, ""},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, "abc"},
	    {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", 404, "none"},
	    {"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410, ""},
	    {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503, ""},
	    {"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", 401, ""},
	};
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		server_start(&server, SERVER_HANGS_UP, answers[i].answer);
		ask_server(&server, &reply);
		assert_int_equal(reply.status, answers[i].status);
		assert_int_equal(reply.error.class, ERR_NONE);
		assert_string_equal(reply.body, answers[i].body);
		assert_int_equal(reply.size, strlen(answers[i].body));
		assert_int_equal(http_next(http, -1, 0, &reply, &(struct error){0}), 0);
		server_stop(&server);
	}
}

static void redirect_is_an_answer_and_not_followed(void **state)
{
	static struct server other;
	struct http_reply reply;
	char answer[128];

	(void)state;
	server_start(&other, SERVER_ANSWERS, OK);
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n", other.port);
	server_start(&server, SERVER_ANSWERS, answer);
	ask_server(&server, &reply);
	server_stop(&server);
	server_stop(&other);
	assert_int_equal(reply.status, 307);
	assert_int_equal(other.connections, 0);
}

/* An answer of this many bytes "x"; the caller frees it. */
static char *long_answer(size_t size)
{
	char *answer = malloc(size + 128);

	assert_non_null(answer);
	int head = snprintf(answer, 128, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
	memset(answer + head, 'x', size);
	answer[(size_t)head + size] = '\0';
	return answer;
}

static void long_answer_is_cut(void **state)
{
	static const struct {
		size_t sent, read;
	} sizes[] = {
	    {HTTP_REPLY_MAX - 1, HTTP_REPLY_MAX - 1},
	    {HTTP_REPLY_MAX, HTTP_REPLY_MAX},
	    {HTTP_REPLY_MAX + 1, HTTP_REPLY_MAX},
	    {5000000, HTTP_REPLY_MAX},
	};
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *answer = long_answer(sizes[i].sent);
		server_start(&server, SERVER_ANSWERS, answer);
		ask_server(&server, &reply);
		assert_int_equal(reply.status, 200);
		assert_int_equal(reply.error.class, ERR_NONE);
		assert_int_equal(reply.size, sizes[i].read);
		assert_int_equal(strlen(reply.body), sizes[i].read);
		server_stop(&server);
		free(answer);
	}
}

static void answer_without_end_is_left(void **state)
{
	static const char start[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ENDLESS, start);
	ask_server(&server, &reply);
	server_stop(&server);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.size, HTTP_REPLY_MAX);
}

/* What this Retry-After means; "" for none. */
static int64_t retry_after(const char *value)
{
	struct http_reply reply;
	char answer[256];

	snprintf(answer, sizeof(answer), "HTTP/1.1 429 Slow\r\n%s%s%sContent-Length: 0\r\n\r\n",
		 *value ? "Retry-After: " : "", value, *value ? "\r\n" : "");
	server_start(&server, SERVER_ANSWERS, answer);
	ask_server(&server, &reply);
	server_stop(&server);
	assert_int_equal(reply.status, 429);
	return reply.retry_after_ms;
}

static void retry_after_is_read_in_both_forms(void **state)
{
	static const int64_t day = 24 * 3600 * (int64_t)1000;
	const struct {
		const char *value;
		int64_t ms;
	} values[] = {
	    {"", -1},
	    {"0", 0},
	    {"120", 120000},
	    {"  7 ", 7000},
	    {"86399", day - 1000},
	    {"86400", day},
	    {"86401", day},
	    {"20371231", day}, /* seconds, though libcurl would read a day */
	    {"99999999999999999999999999", day},
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
	    {"Sunday, 06-Nov-94 08:49:37 GMT", 0},
	    {"Sun Nov  6 08:49:37 1994", 0},
	    {"Fri, 31 Dec 2100 23:59:59 GMT", day},
	    {"soon", -1},
	    {"-5", -1},
	    {"1.5", -1},
	    {"120s", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		int64_t ms = retry_after(values[i].value);
		if (ms != values[i].ms)
			fail_msg("\"%s\" gives %lld", values[i].value, (long long)ms);
	}
}

static void retry_after_counts_from_now(void **state)
{
	time_t later = time(NULL) + 1000;
	char date[64];
	struct tm parts;

	(void)state;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &parts));
	int64_t ms = retry_after(date);
	assert_true(ms > 900000 && ms <= 1000000);
}

/* --- no answer --------------------------------------------------------------------------------------------------- */

static void silent_peer_costs_its_time_and_no_more(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_SILENT, "");
	double start = seconds_of(CLOCK_MONOTONIC);
	ask_host("127.0.0.1", server.port, 300, &reply);
	double seconds = seconds_of(CLOCK_MONOTONIC) - start;
	server_stop(&server);
	assert_failed(&reply, ERR_UNREACHABLE, "did not answer within 300ms");
	assert_non_null(strstr(reply.error.text, "127.0.0.1:"));
	assert_true(seconds >= 0.29 && seconds < 5);
}

static void half_an_answer_is_none(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ANSWERS, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nRetry-After: 9\r\n\r\nhalf");
	ask_host("127.0.0.1", server.port, 300, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "did not answer within 300ms");
	server_stop(&server);
	server_start(&server, SERVER_HANGS_UP, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
	ask_server(&server, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "did not finish its answer");
	server_stop(&server);
	server_start(&server, SERVER_HANGS_UP, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
	ask_server(&server, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "did not finish its answer");
	server_stop(&server);
}

static void crowded_port_costs_its_time_and_no_more(void **state)
{
	struct crowd crowd;
	struct http_reply reply;

	(void)state;
	crowd_gather(&crowd);
	ask_host("127.0.0.1", crowd.port, 300, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "no connection within 300ms");
	/* The rest of a long time is for the answer. */
	ask_host("127.0.0.1", crowd.port, 60000, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "no connection within 10s");
	crowd_leave(&crowd);
}

static void refused_connection_says_so(void **state)
{
	struct http_reply reply;

	(void)state;
	ask_host("127.0.0.1", unused_port(), 10000, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "cannot be reached: Connection refused");
}

static void lost_connection_is_no_answer(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_RESETS, "");
	ask_server(&server, &reply);
	server_stop(&server);
	assert_failed(&reply, ERR_UNREACHABLE, "did not finish its answer: Recv failure: Connection reset");
	server_start(&server, SERVER_HANGS_UP, "");
	ask_server(&server, &reply);
	server_stop(&server);
	assert_failed(&reply, ERR_UNREACHABLE, "closed the connection without an answer");
}

static void garbage_is_a_protocol_error(void **state)
{
	static const char *const garbage[] = {
	    "220 mail.example ESMTP\r\n",
	    "\x15\x03\x01\x02\x02\x16",
	    "HTTP/1.1 abc\r\n\r\n",
	    "HTTP/9.9 200 OK\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
	};
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < COUNT(garbage); i++) {
		server_start(&server, SERVER_HANGS_UP, garbage[i]);
		ask_server(&server, &reply);
		server_stop(&server);
		assert_failed(&reply, ERR_PROTOCOL, "127.0.0.1:");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(request_is_sent_as_it_was_given),
	    TEST(nothing_else_is_sent),
	    TEST(empty_body_is_sent_as_such),
	    TEST(large_body_is_sent_without_asking_first),
	    TEST(environment_does_not_count),
	    TEST(answer_comes_back_whatever_its_status),
	    TEST(redirect_is_an_answer_and_not_followed),
	    TEST(long_answer_is_cut),
	    TEST(answer_without_end_is_left),
	    TEST(retry_after_is_read_in_both_forms),
	    TEST(retry_after_counts_from_now),
	    TEST(silent_peer_costs_its_time_and_no_more),
	    TEST(half_an_answer_is_none),
	    TEST(crowded_port_costs_its_time_and_no_more),
	    TEST(refused_connection_says_so),
	    TEST(lost_connection_is_no_answer),
	    TEST(garbage_is_a_protocol_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
