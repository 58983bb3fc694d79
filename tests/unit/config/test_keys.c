/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdlib.h>
#include <string.h>

static const struct config_key *find(const char *path)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].path, path) == 0)
			return &keys[i];
	fail_msg("no key %s", path);
	return NULL;
}

static void key_says_all_a_manual_needs(void **state)
{
	const struct config_key *key = find("sources.*.poll");

	(void)state;
	assert_string_equal(key->type, "duration");
	assert_string_equal(key->fallback, "\"15m\"");
	assert_string_equal(key->choices, "10s..30d");
	assert_string_equal(key->help, "how often to ask for changes");
	assert_string_equal(find("safety.mode")->type, "choice");
	assert_string_equal(find("safety.mode")->choices, "enforce hold observe");
	assert_string_equal(find("sources.*.password")->type, "secret");
	assert_string_equal(find("rules.*.role")->type, "map");
	assert_string_equal(find("targets.*.sign")->type, "secret");
	assert_string_equal(find("targets.*.left")->type, "choice");
	assert_string_equal(find("targets.*.left")->fallback, "\"revoke\"");
	assert_string_equal(find("notify.run_held")->type, "group");
	assert_string_equal(find("rules.default_admins")->type, "list");
	assert_string_equal(find("sources.*.starttls")->type, "boolean");
	assert_string_equal(find("safety.max_grant")->type, "integer");
	assert_string_equal(find("sources.*.users")->type, "group");
	assert_string_equal(find("rules.*.into")->type, "string");
	assert_null(find("rules.*.into")->fallback);
}

static void every_key_has_a_type_a_help_and_a_group_it_stands_in(void **state)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);

	(void)state;
	assert_true(count > 60);
	for (size_t i = 0; i < count; i++) {
		const char *dot = strrchr(keys[i].path, '.');
		assert_true(*keys[i].type && *keys[i].help);
		assert_false(text_ends_with(keys[i].help, "."));
		if (!dot)
			continue;
		char *group = xstrdup(keys[i].path);
		group[dot - keys[i].path] = '\0';
		assert_string_equal(find(group)->type, "group");
		free(group);
	}
}

static void no_key_stands_twice(void **state)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			assert_string_not_equal(keys[i].path, keys[k].path);
}

static void own_name_goes_before_a_chosen_one(void **state)
{
	(void)state;
	assert_string_equal(key_child("rules", "default_admins")->entry.path, "rules.default_admins");
	assert_string_equal(key_child("rules", "anything")->entry.path, "rules.*");
	assert_string_equal(key_child("", "safety")->entry.path, "safety");
	assert_null(key_child("", "mode"));
	assert_null(key_child("safety", "window.x"));
}

/* What is accepted when written as its default is what a file without the key gives. */
static void every_default_is_a_value_the_key_accepts(void **state)
{
	size_t count;
	const struct key *keys = keys_all(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (!keys[i].entry.fallback || key_record(&keys[i]) != RECORD_CONFIG)
			continue;
		struct str text = {0};
		const char *leaf = key_leaf(&keys[i]);
		const char *path = keys[i].entry.path;
		str_add(&text, "version: 1; database: { embedded: \"/db\"");
		if (text_starts_with(path, "database."))
			str_add(&text, "; ");
		else
			str_printf(&text, " }; %.*s: { ", (int)strcspn(path, "."), path);
		str_printf(&text, "%s: %s", leaf, keys[i].entry.fallback);
		/* A section that says with whom. */
		if (text_starts_with(path, "signin."))
			str_add(&text, "; issuer: \"https://id.example\"; client_id: \"c\"; client_auth: \"none\"; "
				       "source: \"s\" }; sources: { s: { type: \"ldif\"; file: \"f\" }");
		str_add(&text, " }\n");
		expect(str_text(&text), "");
		str_free(&text);
	}
}

static void keys_of_a_target_land_in_it(void **state)
{
	(void)state;
	assert_int_equal(key_record(key_child("targets.*", "url")), RECORD_TARGET);
	assert_int_equal(key_record(key_child("targets", "anything")), RECORD_CONFIG);
	assert_int_equal(key_record(key_child("notify.run_held", "url")), RECORD_CONFIG);
	assert_null(key_child("notify", "anything"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(key_says_all_a_manual_needs),
	    cmocka_unit_test(every_key_has_a_type_a_help_and_a_group_it_stands_in),
	    cmocka_unit_test(no_key_stands_twice),
	    cmocka_unit_test(own_name_goes_before_a_chosen_one),
	    cmocka_unit_test(keys_of_a_target_land_in_it),
	    cmocka_unit_test(every_default_is_a_value_the_key_accepts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
