/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *plain, *encoded;
} vectors[] = {
    /* RFC 4648 section 10 */
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    /* both characters that are no letters */
    {"\xFB\xFF\xBF", "+/+/"},
};

static void rfc_vectors_are_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct str out = {0};
		base64_encode(&out, vectors[i].plain, strlen(vectors[i].plain));
		assert_string_equal(out.data, vectors[i].encoded);
		str_free(&out);
	}
}

static void rfc_vectors_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct str out = {0};
		str_add(&out, "before:");
		int64_t size = base64_decode(vectors[i].encoded, strlen(vectors[i].encoded), &out);
		assert_int_equal(size, strlen(vectors[i].plain));
		assert_string_equal(out.data + 7, vectors[i].plain);
		str_free(&out);
	}
}

static void every_byte_survives_both_ways(void **state)
{
	unsigned char bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		struct str encoded = {0}, decoded = {0};
		base64_encode(&encoded, bytes, size);
		assert_int_equal(encoded.size, (size + 2) / 3 * 4);
		assert_int_equal(base64_decode(encoded.data, encoded.size, &decoded), size);
		assert_memory_equal(decoded.data, bytes, size);
		str_free(&encoded);
		str_free(&decoded);
	}
}

static void what_is_no_base64_is_refused_and_leaves_out_alone(void **state)
{
	static const char *const refused[] = {
	    "Z",    "Zg",   "Zg=",     "Zm9vY",    "Zm9v Zm9v", "Zm9v\n",   "Zm 9", "Zm9vYg==\n",
	    "====", "Z===", "=Zg=",    "Zg==Zg==", "Zm8=Zm9v",  "Zm=v",     "Zh==", "Zm9=",
	    "Zm9-", "Zm9_", "Zm9\xC3", "Zm9vZ===", "Zm9v====",  "Zm9v!m9v", "=",    "==",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct str out = {0};
		str_add(&out, "kept");
		assert_int_equal(base64_decode(refused[i], strlen(refused[i]), &out), -1);
		assert_int_equal(out.size, 4);
		assert_string_equal(out.data, "kept");
		str_free(&out);
	}
}

static void nul_inside_is_refused(void **state)
{
	struct str out = {0};

	(void)state;
	assert_int_equal(base64_decode("Zm9\0", 4, &out), -1);
	str_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc_vectors_are_encoded),
	    cmocka_unit_test(rfc_vectors_are_decoded),
	    cmocka_unit_test(every_byte_survives_both_ways),
	    cmocka_unit_test(what_is_no_base64_is_refused_and_leaves_out_alone),
	    cmocka_unit_test(nul_inside_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
