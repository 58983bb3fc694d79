/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char octets[] = "\1\5\0\0\0\0\0\5\x15\0\0\0\xf4\x5a\x0d\xd4\x84\x86\x93\xae\x89wRKN\4\0\0";

static void octets_become_text(void **state)
{
	const struct value value = {.data = octets, .size = 28};
	struct str text = {0};

	(void)state;
	assert_int_equal(security_id_format(&value, &text), 0);
	assert_string_equal(str_text(&text), "S-1-5-21-3557645044-2928903812-1263695753-1102");
	str_free(&text);
}

static void other_octets_are_none(void **state)
{
	struct str text = {0};

	(void)state;
	for (size_t size = 0; size < 28; size++) {
		const struct value cut = {.data = octets, .size = size};
		assert_int_equal(security_id_format(&cut, &text), -1);
	}
	const struct value other = {.data = "\2\0\0\0\0\0\0\5", .size = 8},
			   many = {.data = "\1\xff\0\0\0\0\0\5", .size = 8};
	assert_int_equal(security_id_format(&other, &text), -1);
	assert_int_equal(security_id_format(&many, &text), -1);
	assert_int_equal(text.size, 0);
	str_free(&text);
}

static void a_primary_group_is_of_the_same_domain(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(security_id_beside("S-1-5-21-1-2-3-1102", "513", arena), "S-1-5-21-1-2-3-513");
	assert_null(security_id_beside("S-1-5-21-1-2-3-1102", "", arena));
	assert_null(security_id_beside("S-1-5-21-1-2-3-1102", "-513", arena));
	assert_null(security_id_beside("none", "513", arena));
	arena_free(&arena);
}

static void extended_names_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *id, *dn;
	} rows[] = {
	    {"CN=a,O=x", NULL, "CN=a,O=x"},
	    {"<GUID=1-2>;<SID=S-1-5-21-9>;CN=a,O=x", "S-1-5-21-9", "CN=a,O=x"},
	    {"<GUID=1-2>;CN=a,O=x", NULL, "CN=a,O=x"},
	    {"<SID=S-1-1-0>", "S-1-1-0", ""},
	    {"<GUID=1", NULL, "<GUID=1"},
	    {"", NULL, ""},
	    {"<>;CN=a", NULL, "CN=a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct extended_dn parts;
		extended_dn_split(rows[i].text, &parts);
		assert_string_equal(parts.dn, rows[i].dn);
		if (!rows[i].id) {
			assert_null(parts.security_id);
			continue;
		}
		assert_int_equal(parts.security_id_size, strlen(rows[i].id));
		assert_memory_equal(parts.security_id, rows[i].id, parts.security_id_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(octets_become_text),
	    cmocka_unit_test(other_octets_are_none),
	    cmocka_unit_test(a_primary_group_is_of_the_same_domain),
	    cmocka_unit_test(extended_names_are_taken_apart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
