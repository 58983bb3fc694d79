/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/json.h"
#include "roster/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *permissions[] = {NULL, "project.view", "project.edit"};
static const char *roles[] = {NULL, "Developer"};
static const struct message_names names = {permissions, roles, 3, 2};
static const struct message_cause causes[] = {{8, "2026-11-21T09:14:02.123Z", "run corp/3"}};
static const struct message_window window = {
    .target = "billing", .history = "h", .number = 42, .after = 7, .revision = 8, .causes = causes, .cause_count = 1};

static const struct told alice = {
    .resource = 17,
    .resource_name = "app:\"quoted\"",
    .user = "u-1",
    .login = "alice\\x",
    .email = NULL,
    .name = "Al\xc3\xa9",
    .external_ids = "{\"corp\":\"e-1\"}",
    .permissions_before = "{}",
    .permissions_after = "{1,2}",
    .roles_before = "{7}",
    .roles_after = "{1}",
};

static struct json *written(struct message *message, const struct message_window *about, int part, bool last)
{
	struct str text = {0};
	struct json *json = NULL;
	struct error err = {0};

	message_write(message, about, part, last, &text);
	assert_int_equal(json_parse(text.data, text.size, 1 << 20, &json, &err), 0);
	str_free(&text);
	return json;
}

static const char *text_in(const struct json *object, const char *key)
{
	const char *text = NULL;

	assert_int_equal(json_get_text(object, key, &text, NULL), 1);
	return text;
}

static bool is_true(const struct json *value)
{
	bool truth = false;

	assert_true(json_as_boolean(value, &truth));
	return truth;
}

static void a_change_says_who_where_what(void **state)
{
	struct message *message = message_new(&names);

	(void)state;
	message_add(message, &alice);
	assert_int_equal(message_count(message), 1);
	struct json *json = written(message, &window, 3, true);
	const struct json *change = json_item(json_get(json, "changes"), 0);
	assert_string_equal(text_in(json, "type"), "access.changed");
	assert_null(json_get(json, "resources"));
	assert_string_equal(text_in(json_get(change, "resource"), "name"), "app:\"quoted\"");
	assert_string_equal(text_in(json_get(change, "user"), "login"), "alice\\x");
	assert_int_equal(json_kind_of(json_get(json_get(change, "user"), "email")), JSON_KIND_NULL);
	assert_string_equal(text_in(json_get(json_get(change, "user"), "external_ids"), "corp"), "e-1");
	const struct json *after = json_get(json_get(change, "permissions"), "after");
	assert_int_equal(json_count(after), 2);
	assert_string_equal(json_as_text(json_item(after, 1)), "project.edit");
	/* A role that was deleted since has no name, and is not left out. */
	assert_string_equal(json_as_text(json_item(json_get(json_get(change, "roles"), "before"), 0)), "deleted 7");
	assert_string_equal(text_in(json_item(json_get(json, "causes"), 0), "cause"), "run corp/3");
	json_free(&json);
	message_free(&message);
}

static void each_part_begins_anew(void **state)
{
	struct message *message = message_new(&names);

	(void)state;
	message_add(message, &alice);
	struct json *first = written(message, &window, 1, false);
	assert_int_equal(message_count(message), 0);
	struct json *second = written(message, &window, 2, true);
	int64_t part = 0;
	assert_int_equal(json_get_integer(second, "part", &part, NULL), 1);
	assert_int_equal(part, 2);
	assert_int_equal(json_count(json_get(first, "changes")), 1);
	assert_int_equal(json_count(json_get(second, "changes")), 0);
	assert_false(is_true(json_get(first, "last")));
	assert_true(is_true(json_get(second, "last")));
	json_free(&first);
	json_free(&second);
	message_free(&message);
}

static void a_snapshot_lists_resources_with_nobody_too(void **state)
{
	struct message_window snapshot = window;
	struct message *message = message_new(&names);

	(void)state;
	snapshot.snapshot = snapshot.complete = true;
	message_list(message, 17, "app:a", true);
	message_list(message, 18, "app:b", false);
	struct json *json = written(message, &snapshot, 1, true);
	const struct json *resources = json_get(json, "resources");
	assert_string_equal(text_in(json, "type"), "access.snapshot");
	assert_true(is_true(json_get(json, "complete")));
	assert_int_equal(json_count(resources), 2);
	assert_true(is_true(json_get(json_item(resources, 0), "ends")));
	assert_false(is_true(json_get(json_item(resources, 1), "ends")));
	json_free(&json);
	message_free(&message);
}

static void the_same_rows_give_the_same_bytes(void **state)
{
	struct message *message = message_new(&names);
	struct str first = {0}, second = {0};

	(void)state;
	message_add(message, &alice);
	message_write(message, &window, 1, true, &first);
	message_add(message, &alice);
	message_write(message, &window, 1, true, &second);
	assert_string_equal(first.data, second.data);
	str_free(&first);
	str_free(&second);
	message_free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_change_says_who_where_what),
	    cmocka_unit_test(each_part_begins_anew),
	    cmocka_unit_test(a_snapshot_lists_resources_with_nobody_too),
	    cmocka_unit_test(the_same_rows_give_the_same_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
