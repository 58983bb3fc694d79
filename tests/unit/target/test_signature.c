/* SPDX-License-Identifier: Apache-2.0 */
#include "target/webhook/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The example every implementation of the convention is held against. */
static const char example_key[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char example_signature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
static const char example_body[] = "{\"test\": 2432232314}";
static const struct signed_message example = {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", example_body,
					      sizeof example_body - 1};

static int sign(const char *text, struct str *out, struct error *err)
{
	char copy[256];
	const struct secret secret = {copy, strlen(text)};

	assert_true(strlen(text) < sizeof copy);
	memcpy(copy, text, strlen(text) + 1);
	return signature_add(&secret, &example, out, err);
}

static void the_known_example(void **state)
{
	struct str out = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(sign(example_key, &out, &err), 0);
	assert_string_equal(str_text(&out), example_signature);
	str_free(&out);
}

static void every_line_signs(void **state)
{
	char two[200];
	struct str out = {0};
	struct error err = {0};

	(void)state;
	/* An empty line and the ends of lines of other systems do no harm. */
	snprintf(two, sizeof two, "%s\r\n\n%s", "whsec_YW5vdGhlciBrZXksIGFsc28gMzIgYnl0ZXMgbG9uZy4=", example_key);
	assert_int_equal(sign(two, &out, &err), 0);
	const char *second = strchr(str_text(&out), ' ');
	assert_non_null(second);
	assert_string_equal(second + 1, example_signature);
	assert_memory_equal(str_text(&out), "v1,", 3);
	str_free(&out);
}

static void what_is_no_key_is_refused_and_not_repeated(void **state)
{
	static const char *const wrong[] = {"hunter2hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%%", "\r\n\n"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct str out = {0};
		struct error err = {0};
		assert_int_equal(sign(wrong[i], &out, &err), -1);
		assert_int_equal(err.class, ERR_CONFIG);
		assert_null(strstr(err.text, "hunter2"));
		assert_null(strstr(err.text, "c2hvcnQ"));
		str_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_known_example),
	    cmocka_unit_test(every_line_signs),
	    cmocka_unit_test(what_is_no_key_is_refused_and_not_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
