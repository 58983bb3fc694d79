/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target/webhook/verdict.h"

#include "roster/text.h"

#include <string.h>

static struct verdict judge(int status, const char *body)
{
	const struct http_reply reply = {.status = status, .retry_after_ms = 5000, .body = body, .size = strlen(body)};
	struct verdict verdict;

	verdict_of(&reply, &verdict);
	return verdict;
}

static void a_status_says_whose_fault_it_is(void **state)
{
	static const struct {
		int status;
		enum verdict_kind kind;
	} cases[] = {
	    {200, VERDICT_CONFIRMED}, {299, VERDICT_CONFIRMED}, {100, VERDICT_LATER},   {301, VERDICT_LATER},
	    {400, VERDICT_REFUSED},   {401, VERDICT_LATER},     {404, VERDICT_LATER},   {409, VERDICT_REFUSED},
	    {410, VERDICT_DISABLED},  {413, VERDICT_REFUSED},   {415, VERDICT_REFUSED}, {422, VERDICT_REFUSED},
	    {429, VERDICT_LATER},     {500, VERDICT_LATER},     {999, VERDICT_LATER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(judge(cases[i].status, "").kind, cases[i].kind);
}

static void what_it_asked_for_is_kept(void **state)
{
	(void)state;
	assert_int_equal(judge(503, "").wait_ms, 5000);
}

static void the_reason_quotes_the_first_line(void **state)
{
	(void)state;
	assert_string_equal(judge(200, "fine").reason, "");
	assert_string_equal(judge(500, "").reason, "it answered 500");
	assert_string_equal(judge(422, "no app 7\r\nmore").reason, "it answered 422 no app 7");
	assert_string_equal(judge(401, "\x1b[1m\xFF").reason,
			    "it answered 401 ?[1m? (does it know the key roster signs with?)");
}

static void without_an_answer_the_reason_is_text_still_when_it_is_cut(void **state)
{
	struct http_reply reply = {.retry_after_ms = -1, .body = ""};
	struct verdict verdict;

	(void)state;
	memset(reply.error.text, 'x', sizeof verdict.reason - 2);
	strncat(reply.error.text, "\xC3\xA9 \n", 5);
	verdict_of(&reply, &verdict);
	assert_int_equal(verdict.kind, VERDICT_LATER);
	assert_int_equal(strlen(verdict.reason), sizeof verdict.reason - 1);
	assert_true(text_is_valid(verdict.reason, strlen(verdict.reason)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_status_says_whose_fault_it_is),
	    cmocka_unit_test(what_it_asked_for_is_kept),
	    cmocka_unit_test(the_reason_quotes_the_first_line),
	    cmocka_unit_test(without_an_answer_the_reason_is_text_still_when_it_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
