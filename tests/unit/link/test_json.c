/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct json *parsed(const char *text)
{
	struct error err = {0};
	struct json *value = NULL;

	if (json_parse(text, strlen(text), 1 << 20, &value, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return value;
}

static void assert_prints(const struct json *value, const char *wanted)
{
	struct str out = {0};

	json_print(value, false, &out);
	assert_string_equal(str_text(&out), wanted);
	str_free(&out);
}

static void what_was_built_is_printed_with_sorted_keys(void **state)
{
	struct error err = {0};
	struct json *object = json_new_object(), *list = json_new_array();

	(void)state;
	assert_int_equal(json_append(list, json_new_integer(INT64_MIN), &err), 0);
	assert_int_equal(json_append(list, json_new_text("\xC3\xA4\n", 3, &err), &err), 0);
	assert_int_equal(json_append(list, json_new_null(), &err), 0);
	assert_int_equal(json_put(object, "zeta", json_new_boolean(true), &err), 0);
	assert_int_equal(json_put(object, "list", list, &err), 0);
	assert_int_equal(json_put(object, "alpha", json_new_boolean(false), &err), 0);
	assert_int_equal(json_put_text(object, "name", "say \"hi\"", &err), 0);
	assert_int_equal(json_put(object, "empty", json_new_object(), &err), 0);
	assert_prints(object, "{\"alpha\":false,\"empty\":{},\"list\":[-9223372036854775808,\"\xC3\xA4\\n\",null],"
			      "\"name\":\"say \\\"hi\\\"\",\"zeta\":true}");
	json_free(&object);
	assert_null(object);
	json_free(&object);
}

static void reals_have_the_digits_they_were_written_with(void **state)
{
	struct json *value = parsed("[0.1,0.67,2.0,1e300]");

	(void)state;
	assert_prints(value, "[0.1,0.67,2.0,1e300]");
	json_free(&value);
}

static void indented_print_is_for_people(void **state)
{
	struct json *value = parsed("{\"b\":[1,2],\"a\":{}}");
	struct str out = {0};

	(void)state;
	str_add(&out, "> ");
	json_print(value, true, &out);
	assert_string_equal(str_text(&out), "> {\n  \"a\": {},\n  \"b\": [\n    1,\n    2\n  ]\n}");
	str_free(&out);
	json_free(&value);
}

static void putting_twice_replaces(void **state)
{
	struct error err = {0};
	struct json *object = json_new_object();

	(void)state;
	json_put_text(object, "k", "old", &err);
	json_put_text(object, "k", "new", &err);
	assert_prints(object, "{\"k\":\"new\"}");
	json_free(&object);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
	struct error err = {0};
	struct json *object = json_new_object();

	(void)state;
	assert_null(json_new_text("a\xFF", 2, &err));
	assert_int_equal(err.class, ERR_DATA);
	err = (struct error){0};
	assert_null(json_new_text("a\0b", 3, &err));
	assert_int_equal(err.class, ERR_DATA);
	assert_int_equal(json_put_text(object, "name", "a\xFF", &err), -1);
	assert_non_null(strstr(err.text, "\"name\": text"));
	assert_int_equal(json_put(object, "\xFF", json_new_null(), &err), -1);
	assert_int_equal(err.class, ERR_DATA);
	assert_int_equal(json_count(object), 0);
	json_free(&object);
}

static void failed_maker_passes_through_put_and_append(void **state)
{
	struct error err = {0};
	struct json *object = json_new_object(), *array = json_new_array();

	(void)state;
	assert_int_equal(json_put(object, "k", json_new_text("\xFF", 1, &err), &err), -1);
	assert_int_equal(json_append(array, json_new_text("\xFF", 1, &err), &err), -1);
	assert_int_equal(err.class, ERR_DATA);
	assert_prints(object, "{}");
	assert_prints(array, "[]");
	json_free(&object);
	json_free(&array);
}

static void wrong_container_is_an_error_of_ours(void **state)
{
	struct error err = {0};
	struct json *object = json_new_object(), *array = json_new_array();

	(void)state;
	assert_int_equal(json_put(array, "k", json_new_object(), &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
	err = (struct error){0};
	assert_int_equal(json_append(object, json_new_integer(1), &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
	json_free(&object);
	json_free(&array);
}

static void every_kind_is_parsed_and_named(void **state)
{
	static const struct {
		const char *text, *name;
		enum json_kind kind;
	} vectors[] = {
	    {"{}", "object", JSON_KIND_OBJECT},     {"[]", "array", JSON_KIND_ARRAY},
	    {"\"x\"", "text", JSON_KIND_TEXT},      {"-7", "integer", JSON_KIND_INTEGER},
	    {"1.5", "real", JSON_KIND_REAL},        {"1e3", "real", JSON_KIND_REAL},
	    {"true", "boolean", JSON_KIND_BOOLEAN}, {"false", "boolean", JSON_KIND_BOOLEAN},
	    {"null", "null", JSON_KIND_NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct json *value = parsed(vectors[i].text);
		assert_int_equal(json_kind_of(value), vectors[i].kind);
		assert_string_equal(json_kind_name(vectors[i].kind), vectors[i].name);
		json_free(&value);
	}
}

static void what_is_no_json_is_refused_with_its_position(void **state)
{
	static const char *const refused[] = {
	    "",
	    "{",
	    "{\"a\":1,}",
	    "[1,]",
	    "[1 2]",
	    "{'a':1}",
	    "nul",
	    "01",
	    "\"a\nb\"",
	    "\"\xFF\"",
	    "\"\\ud800\"",
	    "{} {}",
	    "[1]x",
	    "NaN",
	    "9223372036854775808",
	    "1e999",
	    "\"a\\u0000b\"",
	    "{\"a\\u0000\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct error err = {0};
		struct json *value = (struct json *)&err;
		if (json_parse(refused[i], strlen(refused[i]), 1000, &value, &err) != -1)
			fail_msg("%s was parsed", refused[i]);
		assert_null(value);
		assert_int_equal(err.class, ERR_DATA);
		assert_non_null(strstr(err.text, "line 1, column "));
	}
}

static void position_counts_lines(void **state)
{
	struct error err = {0};
	struct json *value;
	const char *text = "{\n  \"a\": 1,\n  \"b\" 2\n}";

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), 1000, &value, &err), -1);
	assert_non_null(strstr(err.text, "line 3, column 7"));
}

static void key_given_twice_is_refused(void **state)
{
	struct error err = {0};
	struct json *value;
	const char *text = "{\"sub\":\"alice\",\"sub\":\"admin\"}";

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), 1000, &value, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
}

static void size_cap_binds(void **state)
{
	struct error err = {0};
	struct json *value;

	(void)state;
	assert_int_equal(json_parse("[1,2]", 5, 5, &value, &err), 0);
	json_free(&value);
	assert_int_equal(json_parse("[1,2]", 5, 4, &value, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
	assert_null(value);
}

static void nesting_has_an_end(void **state)
{
	static char text[200000];
	struct error err = {0};
	struct json *value;

	(void)state;
	memset(text, '[', sizeof(text) / 2);
	memset(text + sizeof(text) / 2, ']', sizeof(text) / 2);
	assert_int_equal(json_parse(text, sizeof(text), sizeof(text), &value, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
}

static void members_are_got_by_kind(void **state)
{
	struct error err = {0};
	struct json *object = parsed("{\"t\":\"x\",\"i\":9223372036854775807,\"b\":true,\"o\":{\"a\":1},\"a\":[1]}");
	const char *text = NULL;
	int64_t integer = 0;
	bool truth = false;

	(void)state;
	assert_int_equal(json_get_text(object, "t", &text, &err), 1);
	assert_string_equal(text, "x");
	assert_int_equal(json_get_integer(object, "i", &integer, &err), 1);
	assert_true(integer == INT64_MAX);
	assert_int_equal(json_get_boolean(object, "b", &truth, &err), 1);
	assert_true(truth);
	assert_int_equal(json_kind_of(json_get(object, "o")), JSON_KIND_OBJECT);
	assert_int_equal(json_kind_of(json_get(object, "a")), JSON_KIND_ARRAY);
	json_free(&object);
}

static void absent_and_null_leave_the_default(void **state)
{
	struct error err = {0};
	struct json *object = parsed("{\"n\":null}");
	const char *const keys[] = {"n", "missing"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *text = "default";
		int64_t integer = 7;
		bool truth = true;
		assert_int_equal(json_get_text(object, keys[i], &text, &err), 0);
		assert_int_equal(json_get_integer(object, keys[i], &integer, &err), 0);
		assert_int_equal(json_get_boolean(object, keys[i], &truth, &err), 0);
		assert_string_equal(text, "default");
		assert_int_equal(integer, 7);
		assert_true(truth);
	}
	assert_int_equal(json_kind_of(json_get(object, "n")), JSON_KIND_NULL);
	assert_null(json_get(object, "missing"));
	assert_int_equal(err.class, ERR_NONE);
	json_free(&object);
}

static void other_kind_is_an_error_naming_key_and_kinds(void **state)
{
	struct error err = {0};
	struct json *object = parsed("{\"exp\":\"soon\",\"n\":1}");
	int64_t integer = 7;
	const char *text = "default";
	bool truth = true;

	(void)state;
	assert_int_equal(json_get_integer(object, "exp", &integer, &err), -1);
	assert_int_equal(err.class, ERR_DATA);
	assert_string_equal(err.text, "\"exp\" is of kind text, expected integer");
	assert_int_equal(integer, 7);
	assert_int_equal(json_get_text(object, "n", &text, &err), -1);
	assert_string_equal(text, "default");
	assert_int_equal(json_get_boolean(object, "n", &truth, &err), -1);
	assert_true(truth);
	json_free(&object);
}

static void getter_on_what_is_no_object_is_an_error(void **state)
{
	struct error err = {0};
	struct json *array = parsed("[1]");
	const char *text = NULL;

	(void)state;
	assert_int_equal(json_get_text(array, "sub", &text, &err), -1);
	assert_string_equal(err.text, "expected an object with \"sub\", found array");
	assert_null(json_get(array, "sub"));
	json_free(&array);
}

static void items_are_read_in_order(void **state)
{
	struct json *array = parsed("[\"a\",2,false]");
	int64_t integer = 0;
	bool truth = true;

	(void)state;
	assert_int_equal(json_count(array), 3);
	assert_string_equal(json_as_text(json_item(array, 0)), "a");
	assert_true(json_as_integer(json_item(array, 1), &integer));
	assert_int_equal(integer, 2);
	assert_true(json_as_boolean(json_item(array, 2), &truth));
	assert_false(truth);
	assert_null(json_item(array, 3));
	assert_null(json_as_text(json_item(array, 1)));
	assert_false(json_as_integer(json_item(array, 0), &integer));
	assert_false(json_as_boolean(json_item(array, 0), &truth));
	assert_int_equal(json_count(json_item(array, 0)), 0);
	json_free(&array);
}

static void each_member_comes_once(void **state)
{
	struct json *object = parsed("{\"a\":1,\"b\":2,\"c\":4,\"d\":8}");
	struct json_member member = {0};
	int64_t sum = 0, value = 0;
	size_t count = 0;

	(void)state;
	assert_int_equal(json_count(object), 4);
	while (json_each(object, &member)) {
		assert_true(json_as_integer(member.value, &value));
		assert_int_equal(value, 1 << (member.key[0] - 'a'));
		sum += value;
		count++;
	}
	assert_int_equal(sum, 15);
	assert_int_equal(count, 4);
	json_free(&object);
}

static void nothing_is_iterated_in_what_is_empty_or_no_object(void **state)
{
	struct json *object = json_new_object(), *array = parsed("[1]");
	struct json_member member = {0};

	(void)state;
	assert_false(json_each(object, &member));
	assert_false(json_each(array, &member));
	json_free(&object);
	json_free(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_built_is_printed_with_sorted_keys),
	    cmocka_unit_test(reals_have_the_digits_they_were_written_with),
	    cmocka_unit_test(indented_print_is_for_people),
	    cmocka_unit_test(putting_twice_replaces),
	    cmocka_unit_test(text_that_is_not_utf8_is_refused),
	    cmocka_unit_test(failed_maker_passes_through_put_and_append),
	    cmocka_unit_test(wrong_container_is_an_error_of_ours),
	    cmocka_unit_test(every_kind_is_parsed_and_named),
	    cmocka_unit_test(what_is_no_json_is_refused_with_its_position),
	    cmocka_unit_test(position_counts_lines),
	    cmocka_unit_test(key_given_twice_is_refused),
	    cmocka_unit_test(size_cap_binds),
	    cmocka_unit_test(nesting_has_an_end),
	    cmocka_unit_test(members_are_got_by_kind),
	    cmocka_unit_test(absent_and_null_leave_the_default),
	    cmocka_unit_test(other_kind_is_an_error_naming_key_and_kinds),
	    cmocka_unit_test(getter_on_what_is_no_object_is_an_error),
	    cmocka_unit_test(items_are_read_in_order),
	    cmocka_unit_test(each_member_comes_once),
	    cmocka_unit_test(nothing_is_iterated_in_what_is_empty_or_no_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
