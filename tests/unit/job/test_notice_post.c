/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/notice_post.h"
#include "roster/elapsed.h"
#include "unit/link/http_fixture.h"

#include <stdio.h>
#include <string.h>

static struct server server;

static bool never(void)
{
	return false;
}

static bool at_once(void)
{
	return true;
}

static int post(enum server_mode mode, const char *answer, bool (*must_stop)(void), struct error *err)
{
	struct str json = {0};
	char url[64];
	int rc;

	server_start(&server, mode, answer);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/tell", server.port);
	str_add(&json, "{\"kind\":\"run_held\"}\n");
	rc = notice_post(url, &json, must_stop, err);
	server_stop(&server);
	str_free(&json);
	return rc;
}

static void the_json_is_posted(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(post(SERVER_HANGS_UP, "HTTP/1.1 204 No Content\r\n\r\n", never, &err), 0);
	assert_true(text_starts_with(server.last, "POST /tell HTTP/1.1\r\n"));
	assert_non_null(strstr(server.last, "content-type: application/json\r\n"));
	assert_true(text_ends_with(server.last, "\r\n\r\n{\"kind\":\"run_held\"}\n"));
}

static void other_answers_are_failures(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(post(SERVER_HANGS_UP, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", never, &err), -1);
	assert_string_equal(err.text, "the url answered 500");
	assert_int_equal(post(SERVER_HANGS_UP, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", never, &err), -1);
	assert_string_equal(err.text, "the url answered 302 (redirects are not followed)");
	assert_int_equal(post(SERVER_RESETS, "", never, &err), -1);
	assert_int_equal(err.class, ERR_UNREACHABLE);
}

static void who_is_told_to_stop_does_not_wait_for_an_answer(void **state)
{
	struct error err = {0};
	int64_t began = clock_ms();

	(void)state;
	assert_int_equal(post(SERVER_SILENT, "", at_once, &err), -1);
	assert_true(clock_ms() - began < 15000);
	assert_int_equal(err.class, ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_json_is_posted),
	    cmocka_unit_test(other_answers_are_failures),
	    cmocka_unit_test(who_is_told_to_stop_does_not_wait_for_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
