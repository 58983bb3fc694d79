/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#define NOTIFY(more) HEAD "notify: {\n" more " }\n"
#define STATUS(more) HEAD "status: {\n" more " }\n"

static const char two_ways[] = "    hint: write exec: \"/PATH/OF/PROGRAM\", or url: \"https://HOST/PATH\"\n";

static void notices_land_in_their_structs(void **state)
{
	struct loaded loaded =
	    load_good(NOTIFY("run_held: { exec: \"/a\" } source_stale: { url: \"https://b\" }\n"
			     "target_stuck: { exec: \"/c\" } needs_attention: { url: \"https://d\" }"));
	const struct config *config = loaded.config;

	(void)state;
	assert_string_equal(config->notices[NOTICE_RUN_HELD].exec, "/a");
	assert_string_equal(config->notices[NOTICE_RUN_HELD].url, "");
	assert_string_equal(config->notices[NOTICE_SOURCE_STALE].exec, "");
	assert_string_equal(config->notices[NOTICE_SOURCE_STALE].url, "https://b");
	assert_string_equal(config->notices[NOTICE_TARGET_STUCK].exec, "/c");
	assert_string_equal(config->notices[NOTICE_TARGET_STUCK].url, "");
	assert_string_equal(config->notices[NOTICE_NEEDS_ATTENTION].exec, "");
	assert_string_equal(config->notices[NOTICE_NEEDS_ATTENTION].url, "https://d");
	loaded_free(&loaded);
}

static void nobody_is_told_unless_it_is_said(void **state)
{
	struct loaded loaded = load_good(HEAD "notify: { }\nstatus: { }\n");

	(void)state;
	for (size_t i = 0; i < NOTICES; i++) {
		assert_string_equal(loaded.config->notices[i].exec, "");
		assert_string_equal(loaded.config->notices[i].url, "");
	}
	assert_string_equal(loaded.config->status_listen, "");
	loaded_free(&loaded);
}

static void notice_needs_exactly_one_way(void **state)
{
	struct str want = {0};

	(void)state;
	str_printf(&want, "rosterd.conf:3: notify.run_held does not say who is told\n    run_held: { } }\n%s",
		   two_ways);
	expect(NOTIFY("run_held: { }"), str_text(&want));
	str_clear(&want);
	str_printf(&want,
		   "rosterd.conf:4: notify.source_stale has both \"exec\" and \"url\"\n"
		   "    exec: \"/a\" } }\n%s",
		   two_ways);
	expect(NOTIFY("source_stale: { url: \"https://a\"\nexec: \"/a\" }"), str_text(&want));
	str_free(&want);
}

/* A value that is wrong is one finding, not a second one for being missing. */
static void value_that_is_wrong_counts_as_there(void **state)
{
	(void)state;
	expect(NOTIFY("run_held: { exec: 5 }"), "rosterd.conf:3: \"exec\" must be a string, not a number\n"
						"    run_held: { exec: 5 } }\n"
						"    hint: write the value in quotes\n");
	expect(NOTIFY("run_held: \"/a\""), "rosterd.conf:3: \"run_held\" must be a group, not a string\n"
					   "    run_held: \"/a\" }\n"
					   "    hint: write it as { ... }\n");
}

static void program_has_an_absolute_path(void **state)
{
	(void)state;
	expect(NOTIFY("run_held: { exec: \"tell\" }"), "rosterd.conf:3: \"exec\" must be an absolute path\n"
						       "    run_held: { exec: \"tell\" } }\n"
						       "    hint: write exec: \"/PATH/OF/PROGRAM\"\n");
	expect(NOTIFY("target_stuck: { exec: \"/bin/mail root\" }"),
	       "rosterd.conf:3: warning: \"exec\" is the path of one program, and this one has a space in it\n"
	       "    target_stuck: { exec: \"/bin/mail root\" } }\n"
	       "    hint: arguments cannot be given; write a script that gives them\n");
}

static void notice_is_posted_by_https_only(void **state)
{
	(void)state;
	expect(NOTIFY("needs_attention: { url: \"http://localhost/\" }"),
	       "rosterd.conf:3: \"url\" would be reached without encryption\n"
	       "    needs_attention: { url: \"http://localhost/\" } }\n"
	       "    hint: use https://\n");
	expect(NOTIFY("needs_attention: {\nurl: \"https://a:0/#x\" }"),
	       "rosterd.conf:4: \"url\" has a port that cannot be\n"
	       "    url: \"https://a:0/#x\" } }\n"
	       "    hint: a port is a number from 1 to 65535\n"
	       "rosterd.conf:4: \"url\" has a fragment, which is never sent\n"
	       "    url: \"https://a:0/#x\" } }\n"
	       "    hint: remove the # and what follows\n");
}

static void misspelt_notice_gets_the_nearest(void **state)
{
	(void)state;
	expect(NOTIFY("run_hold: { exec: \"/a\" }"), "rosterd.conf:3: unknown key \"run_hold\" in notify\n"
						     "    run_hold: { exec: \"/a\" } }\n"
						     "    hint: did you mean \"run_held\"?\n");
}

static void status_is_for_this_host_alone(void **state)
{
	struct loaded loaded = load_good(STATUS("listen: \"[::1]:9187\""));

	(void)state;
	assert_string_equal(loaded.config->status_listen, "[::1]:9187");
	loaded_free(&loaded);
	expect(STATUS("listen: \"0.0.0.0:9187\""),
	       "rosterd.conf:3: \"listen\" is neither a unix socket nor an address of this host alone\n"
	       "    listen: \"0.0.0.0:9187\" }\n"
	       "    hint: write unix:/PATH, 127.0.0.1:PORT or [::1]:PORT\n");
	expect(STATUS("listen: \"\""), "rosterd.conf:3: \"listen\" must not be empty\n"
				       "    listen: \"\" }\n"
				       "    hint: leave the key out if it is not needed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(notices_land_in_their_structs),    cmocka_unit_test(nobody_is_told_unless_it_is_said),
	    cmocka_unit_test(notice_needs_exactly_one_way),     cmocka_unit_test(value_that_is_wrong_counts_as_there),
	    cmocka_unit_test(program_has_an_absolute_path),     cmocka_unit_test(notice_is_posted_by_https_only),
	    cmocka_unit_test(misspelt_notice_gets_the_nearest), cmocka_unit_test(status_is_for_this_host_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
