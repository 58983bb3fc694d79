/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START "curl -q -g -sS -i --http1.1 --noproxy '*'"
#define END   " --data-binary @- https://hook.example/roster"

static void assert_command(const struct http_request *request, const char *secret, const char *expected)
{
	struct str line = {0};

	http_command(request, secret, &line);
	assert_string_equal(str_text(&line), expected);
	str_free(&line);
}

static void line_says_the_same_call(void **state)
{
	static const struct http_header headers[] = {{"content-type", "application/json"}, {"x-empty", ""}};
	struct http_request request = {.url = "https://hook.example/roster"};

	(void)state;
	assert_command(&request, NULL, START END);
	request.timeout_ms = 1500;
	request.ca_file = "/etc/roster/ca.pem";
	request.headers = headers;
	request.header_count = 2;
	assert_command(&request, "",
		       START " --max-time 1.500 --cacert /etc/roster/ca.pem"
			     " -H 'content-type: application/json' -H 'x-empty;'" END);
}

static void secret_headers_are_left_out(void **state)
{
	static const struct http_header headers[] = {
	    {"Webhook-Signature", "v1,c2VjcmV0"}, {"webhook-id", "msg_1"}, {"webhook", "x"}, {"Authorization", "y"}};
	struct http_request request = {.url = "https://hook.example/roster", .headers = headers, .header_count = 4};

	(void)state;
	assert_command(&request, "webhook-signature",
		       START " -H 'webhook-id: msg_1' -H 'webhook: x' -H 'Authorization: y'" END);
	assert_command(&request, "authorization, webhook-signature",
		       START " -H 'webhook-id: msg_1' -H 'webhook: x'" END);
}

static void shell_finds_nothing_to_expand(void **state)
{
	static const struct http_header headers[] = {{"x", "it's $(id) `id` \"\\"}};
	struct http_request request = {.url = "https://hook.example/'$HOME", .headers = headers, .header_count = 1};

	(void)state;
	assert_command(&request, NULL,
		       START " -H 'x: it'\\''s $(id) `id` \"\\' --data-binary @- 'https://hook.example/'\\''$HOME'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(line_says_the_same_call),
	    cmocka_unit_test(secret_headers_are_left_out),
	    cmocka_unit_test(shell_finds_nothing_to_expand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
