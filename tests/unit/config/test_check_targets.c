/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#define TARGET(more)  HEAD "targets: { t: { type: \"webhook\"\n" more " } }\n"
#define GOOD_URL      "url: \"https://t/\"; sign: \"credential:t\"; "
#define GOOD          GOOD_URL "resources: [ \"**\" ]\n"
#define PATTERN(text) TARGET(GOOD_URL "resources: [\n\"" text "\" ]")

static void targets_land_in_their_structs_in_file_order(void **state)
{
	struct loaded loaded = load_good(
	    HEAD "targets: {\n"
		 " b: { type: \"webhook\"; url: \"https://b/\"; sign: [ \"credential:new\", \"file:old\" ]\n"
		 "  resources: [ \"app:b-*\", \"platform\" ]; left: \"keep\"; batch: 10000; timeout: \"5m\"\n"
		 "  ca_file: \"ca.pem\" }\n"
		 " a: { type: \"webhook\"; url: \"https://a/\"; sign: \"file:/a\"; resources: [ \"**\" ] } }\n");
	const struct target_config *b = &loaded.config->targets[0], *a = &loaded.config->targets[1];

	(void)state;
	assert_int_equal(loaded.config->target_count, 2);
	assert_string_equal(b->name, "b");
	assert_string_equal(b->type, "webhook");
	assert_string_equal(b->position.file, "rosterd.conf");
	assert_int_equal(b->position.line, 3);
	assert_string_equal(b->url, "https://b/");
	assert_int_equal(b->sign_count, 2);
	assert_string_equal(b->sign[0].text, "credential:new");
	assert_string_equal(b->sign[1].text, "file:old");
	assert_int_equal(b->resource_count, 2);
	assert_string_equal(b->resources[0], "app:b-*");
	assert_string_equal(b->resources[1], "platform");
	assert_true(b->left_keep);
	assert_int_equal(b->batch, 10000);
	assert_int_equal(b->timeout_ms, 300000);
	assert_string_equal(b->ca_file, "ca.pem");
	assert_int_equal(a->sign_count, 1);
	assert_string_equal(a->sign[0].text, "file:/a");
	assert_ptr_equal(config_target(loaded.config, "a"), a);
	assert_null(config_target(loaded.config, "c"));
	loaded_free(&loaded);
}

static void everything_absent_has_its_default(void **state)
{
	struct loaded loaded = load_good(TARGET(GOOD));
	const struct target_config *target = &loaded.config->targets[0];

	(void)state;
	assert_false(target->left_keep);
	assert_int_equal(target->batch, 2000);
	assert_int_equal(target->timeout_ms, 20000);
	assert_string_equal(target->ca_file, "");
	loaded_free(&loaded);
	loaded = load_good(HEAD);
	assert_int_equal(loaded.config->target_count, 0);
	assert_null(config_target(loaded.config, "t"));
	loaded_free(&loaded);
}

static void webhook_needs_an_address_keys_and_resources(void **state)
{
	static const char line[] = "    targets: { t: { type: \"webhook\"\n";
	struct str want = {0};

	(void)state;
	str_printf(&want,
		   "rosterd.conf:2: targets.t has no \"resources\"\n%s"
		   "    hint: patterns of the resources it is told about; * matches within a part of a name, ** across "
		   "/\n"
		   "rosterd.conf:2: targets.t has no \"url\"\n%s"
		   "    hint: write url: \"https://HOST/PATH\"\n"
		   "rosterd.conf:2: targets.t has no \"sign\"\n%s"
		   "    hint: write sign: \"credential:NAME\", and keep a key to sign with there\n",
		   line, line, line);
	expect(TARGET(""), str_text(&want));
	str_free(&want);
}

static void target_is_not_called_like_a_source(void **state)
{
	(void)state;
	expect(
	    HEAD
	    "sources: { corp: { type: \"ldif\"; file: \"x\" } }\n"
	    "targets: {\ncorp: { type: \"webhook\"; url: \"https://t/\"; sign: \"credential:t\"; resources: [ \"**\" "
	    "] } }\n",
	    "rosterd.conf:4: targets.corp has the name of a source, in rosterd.conf:2\n"
	    "    corp: { type: \"webhook\"; url: \"https://t/\"; sign: \"credential:t\"; resources: [ \"**\" ] } }\n"
	    "    hint: rename one of the two\n");
}

static void type_is_one_that_is_known(void **state)
{
	(void)state;
	expect(HEAD "targets: { t: { type: \"webhok\"; resources: [ \"**\" ] } }\n",
	       "rosterd.conf:2: \"type\" cannot be \"webhok\"\n"
	       "    targets: { t: { type: \"webhok\"; resources: [ \"**\" ] } }\n"
	       "    hint: did you mean \"webhook\"?\n");
	expect(HEAD "targets: { t: { resources: [ \"**\" ] } }\n", "rosterd.conf:2: targets.t has no \"type\"\n"
								   "    targets: { t: { resources: [ \"**\" ] } }\n"
								   "    hint: what kind of target it is\n");
}

static void values_have_their_ranges(void **state)
{
	(void)state;
	expect(TARGET(GOOD "batch: 0\ntimeout: \"6m\"\nleft: \"kept\""),
	       "rosterd.conf:4: \"batch\" must be in the range 1..10000\n"
	       "    batch: 0\n"
	       "rosterd.conf:5: \"timeout\" must be in the range 1s..5m\n"
	       "    timeout: \"6m\"\n"
	       "rosterd.conf:6: \"left\" cannot be \"kept\"\n"
	       "    left: \"kept\" } }\n"
	       "    hint: did you mean \"keep\"?\n");
	expect(TARGET(GOOD "batch: 1; timeout: \"1s\"; left: \"revoke\""), "");
	expect(TARGET(GOOD_URL "resources: [ ]"),
	       "rosterd.conf:3: \"resources\" must not be empty\n"
	       "    url: \"https://t/\"; sign: \"credential:t\"; resources: [ ] } }\n");
}

static void keys_to_sign_with_are_references(void **state)
{
	static const char where[] = "    hint: write credential:NAME or file:PATH, and keep the secret itself there\n";
	struct str want = {0};

	(void)state;
	expect(TARGET("url: \"https://t/\"; resources: [ \"**\" ]\nsign: 5"),
	       "rosterd.conf:4: \"sign\" must be a string or a list of strings, not a number\n"
	       "    sign: ******** } }\n"
	       "    hint: write \"credential:NAME\", or a list of such strings\n");
	expect(TARGET("url: \"https://t/\"; resources: [ \"**\" ]\nsign: [ ]"),
	       "rosterd.conf:4: \"sign\" must not be empty\n"
	       "    sign: [ ] } }\n");
	str_printf(&want,
		   "rosterd.conf:4: \"sign\" must say where the secret is, not what it is\n"
		   "    sign: [ \"********\",\n%s"
		   "rosterd.conf:6: \"sign\" names no file\n"
		   "    \"file:\" ] } }\n%s",
		   where, where);
	expect(
	    TARGET("url: \"https://t/\"; resources: [ \"**\" ]\nsign: [ \"whsec_MfKQ9r8\",\n\"file:a\",\n\"file:\" ]"),
	    str_text(&want));
	str_free(&want);
}

static void address_is_safe_to_send_to(void **state)
{
	(void)state;
	expect(TARGET("sign: \"credential:t\"; resources: [ \"**\" ]\nurl: \"http://t.example:80/x\""),
	       "rosterd.conf:4: \"url\" would be reached without encryption\n"
	       "    url: \"http://t.example:80/x\" } }\n"
	       "    hint: use https://; http:// is only for localhost, 127.0.0.1 and [::1]\n");
	expect(TARGET("sign: \"credential:t\"; resources: [ \"**\" ]\nurl: \"http://127.0.0.1:80/x\""), "");
	expect(TARGET("sign: \"credential:t\"; resources: [ \"**\" ]\nurl: \"https://me:hunter2@t:0/\""),
	       "rosterd.conf:4: \"url\" names a user\n"
	       "    url: \"https://me:********@t:0/\" } }\n"
	       "    hint: remove what stands before the @, and the @\n"
	       "rosterd.conf:4: \"url\" has a port that cannot be\n"
	       "    url: \"https://me:********@t:0/\" } }\n"
	       "    hint: a port is a number from 1 to 65535\n");
}

static void same_address_twice_is_a_warning(void **state)
{
	(void)state;
	expect(HEAD "targets: { a: { type: \"webhook\"; " GOOD " }\n"
		    " b: { type: \"webhook\"; " GOOD " }\n c: { type: \"webhook\"; url: \"https://t/c\"\n"
		    " sign: \"credential:c\"; resources: [ \"**\" ] } }\n",
	       "rosterd.conf:4: warning: targets.b has the same \"url\" as targets.a\n"
	       "    b: { type: \"webhook\"; url: \"https://t/\"; sign: \"credential:t\"; resources: [ \"**\" ]\n"
	       "    hint: one target may have many patterns in its resources\n");
}

static void patterns_of_every_kind_are_known(void **state)
{
	(void)state;
	expect(TARGET(GOOD_URL
		      "resources: [ \"**\", \"platform\", \"app:billing-*\", \"app:*\", \"app:**\", \"app:A b\",\n"
		      "\"cluster:*\", \"namespace:prod/*/*\", \"namespace:prod/**\", \"namespace:**/run\",\n"
		      "\"group:/\", \"group:/pay/*\", \"group:/**\", \"group:/pay/**/x\", \"app:a:b\",\n"
		      "\"environment:shop/*\", \"env:shop/*\" ]"),
	       "");
}

static void pattern_of_no_kind_is_refused(void **state)
{
	static const char kinds[] =
	    "    hint: write app:NAME, environment:APP/NAME, cluster:NAME, namespace:CLUSTER/NAME/PURPOSE, "
	    "group:/PATH or platform, with * and "
	    "** in the names, or ** for everything\n";
	static const char *const unknown[] = {"*", "billing", ":x", "a*:b", "/pay/**"};

	(void)state;
	expect(PATTERN("ap:billing"), "rosterd.conf:4: the pattern \"ap:billing\" is of no kind of resource\n"
				      "    \"ap:billing\" ] } }\n"
				      "    hint: did you mean \"app:billing\"?\n");
	expect(PATTERN("platform:*"), "rosterd.conf:4: the pattern \"platform:*\" is of no kind of resource\n"
				      "    \"platform:*\" ] } }\n"
				      "    hint: did you mean \"platform\"?\n");
	expect(PATTERN("group"), "rosterd.conf:4: the pattern \"group\" is of no kind of resource\n"
				 "    \"group\" ] } }\n"
				 "    hint: did you mean \"group:/PATH\"?\n");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct str text = {0}, want = {0};
		str_printf(&text, TARGET(GOOD_URL "resources: [\n\"%s\" ]"), unknown[i]);
		str_printf(&want,
			   "rosterd.conf:4: the pattern \"%s\" is of no kind of resource\n"
			   "    \"%s\" ] } }\n%s",
			   unknown[i], unknown[i], kinds);
		expect(str_text(&text), str_text(&want));
		str_free(&text);
		str_free(&want);
	}
}

static void pattern_names_something(void **state)
{
	(void)state;
	expect(PATTERN("cluster:"), "rosterd.conf:4: the pattern \"cluster:\" names none\n"
				    "    \"cluster:\" ] } }\n"
				    "    hint: write cluster:** for all of them\n");
	expect(PATTERN("group:"), "rosterd.conf:4: the pattern \"group:\" names none\n"
				  "    \"group:\" ] } }\n"
				  "    hint: write group:/** for all of them\n");
	expect(PATTERN("group:pay/*"), "rosterd.conf:4: the pattern \"group:pay/*\" has a path without a / before it\n"
				       "    \"group:pay/*\" ] } }\n"
				       "    hint: write group:/pay/*\n");
	expect(PATTERN("app:a\\x0ab"),
	       "rosterd.conf:4: the pattern \"app:a?b\" holds a control character, which no name "
	       "does\n"
	       "    \"app:a\\x0ab\" ] } }\n"
	       "    hint: remove it\n");
}

static void pattern_that_can_match_nothing_is_a_warning(void **state)
{
	static const char *const empty[][2] = {
	    {"environment:shop", "environment:APP/NAME"},
	    {"environment:shop/test/1", "environment:APP/NAME"},
	    {"env:shop", "environment:APP/NAME"},
	    {"namespace:prod/*", "namespace:CLUSTER/NAME/PURPOSE"},
	    {"namespace:a/b/c/d", "namespace:CLUSTER/NAME/PURPOSE"},
	    {"namespace:a//c", "namespace:CLUSTER/NAME/PURPOSE"},
	    {"app:a/b", "app:NAME"},
	    {"cluster:/x", "cluster:NAME"},
	    {"group:/pay/", "group:/PATH"},
	    {"group://pay", "group:/PATH"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct str text = {0}, want = {0};
		str_printf(&text, TARGET(GOOD_URL "resources: [\n\"%s\" ]"), empty[i][0]);
		str_printf(&want,
			   "rosterd.conf:4: warning: the pattern \"%s\" can match nothing\n"
			   "    \"%s\" ] } }\n"
			   "    hint: it is written %s; * stops at a /, ** does not\n",
			   empty[i][0], empty[i][0], empty[i][1]);
		expect(str_text(&text), str_text(&want));
		str_free(&text);
		str_free(&want);
	}
}

static void every_wrong_pattern_is_reported_at_its_line(void **state)
{
	struct loaded loaded =
	    load_text(TARGET("url: \"https://t/#\"\nsign: \"x\"\nresources: [ \"**\",\n\"x\",\n\"group:y\",\n"
			     "\"app:\" ]"));
	static const int lines[] = {3, 4, 6, 7, 8};

	(void)state;
	assert_int_equal(loaded.findings.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(loaded.findings.items[i].position.line, lines[i]);
	loaded_free(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(targets_land_in_their_structs_in_file_order),
	    cmocka_unit_test(everything_absent_has_its_default),
	    cmocka_unit_test(webhook_needs_an_address_keys_and_resources),
	    cmocka_unit_test(target_is_not_called_like_a_source),
	    cmocka_unit_test(type_is_one_that_is_known),
	    cmocka_unit_test(values_have_their_ranges),
	    cmocka_unit_test(keys_to_sign_with_are_references),
	    cmocka_unit_test(address_is_safe_to_send_to),
	    cmocka_unit_test(same_address_twice_is_a_warning),
	    cmocka_unit_test(patterns_of_every_kind_are_known),
	    cmocka_unit_test(pattern_of_no_kind_is_refused),
	    cmocka_unit_test(pattern_names_something),
	    cmocka_unit_test(pattern_that_can_match_nothing_is_a_warning),
	    cmocka_unit_test(every_wrong_pattern_is_reported_at_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
