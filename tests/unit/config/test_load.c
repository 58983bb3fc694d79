/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own for each test, which is the working directory: so messages hold no random name. */
static int enter_directory(void **state)
{
	char *directory = xstrdup("/tmp/roster-config-XXXXXX");

	*state = directory;
	return mkdtemp(directory) && chdir(directory) == 0 && mkdir("conf.d", 0700) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	static const char *const files[] = {"rosterd.conf",  "conf.d/.a.conf", "conf.d/a.conf", "conf.d/b.conf",
					    "conf.d/B.conf", "conf.d/c.txt",   "conf.d/d.conf"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	rmdir("conf.d/d.conf");
	int status = rmdir("conf.d") == 0 && chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
	free(*state);
	return status;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct loaded load_file(const char *file)
{
	struct loaded loaded = {.arena = arena_new()};
	int status = config_load(file, loaded.arena, &loaded.config, &loaded.findings, &loaded.err);

	assert_int_equal(status, loaded.findings.errors > 0 ? -1 : 0);
	return loaded;
}

static void expect_file(const char *want)
{
	struct loaded loaded = load_file("rosterd.conf");

	assert_findings(&loaded.findings, want);
	loaded_free(&loaded);
}

#define MAIN "version: 1\ndatabase: { embedded: \"db\" }\ninclude_dir: \"conf.d\"\n"

static void included_files_add_to_the_same_sections_in_c_order(void **state)
{
	(void)state;
	setlocale(LC_ALL, "C.UTF-8");
	write_file("rosterd.conf", MAIN "rules: { z: { users: \"(a=b)\"; into: \"platform\"; role: \"R\" } }\n");
	write_file("conf.d/a.conf", "safety: { mode: \"hold\" }\n"
				    "rules: { y: { users: \"(a=b)\"; into: \"platform\"; role: \"R\" } }\n");
	write_file("conf.d/B.conf", "safety: { window: \"1h\" }\n"
				    "rules: { x: { users: \"(a=b)\"; into: \"platform\"; role: \"R\" } }\n");
	write_file("conf.d/c.txt", "not read {\n");
	write_file("conf.d/.a.conf", "not read {\n");
	struct loaded loaded = load_file("rosterd.conf");
	assert_findings(&loaded.findings, "");
	assert_int_equal(loaded.config->safety.mode, SAFETY_HOLD);
	assert_int_equal(loaded.config->safety.window_ms, 3600000);
	assert_int_equal(loaded.config->rule_count, 3);
	assert_string_equal(loaded.config->rules[0].name, "z");
	assert_string_equal(loaded.config->rules[1].name, "x");
	assert_string_equal(loaded.config->rules[2].name, "y");
	assert_string_equal(loaded.config->rules[1].position.file, "conf.d/B.conf");
	assert_int_equal(loaded.config->rules[1].position.line, 2);
	loaded_free(&loaded);
}

static void setting_in_two_files_names_both_places(void **state)
{
	(void)state;
	write_file("rosterd.conf", MAIN "safety: { mode: \"hold\" }\n");
	write_file("conf.d/a.conf", "safety: { mode: \"enforce\" }\nversion: 1\n"
				    "sources: { s: { type: \"ldif\"; file: \"x\" } }\n");
	write_file("conf.d/b.conf", "\nsources: { s: { type: \"ldif\"; file: \"y\" } }\n");
	expect_file("conf.d/a.conf:1: \"mode\" is already set in rosterd.conf:4\n"
		    "    safety: { mode: \"enforce\" }\n"
		    "    hint: keep one of the two\n"
		    "conf.d/a.conf:2: \"version\" is already set in rosterd.conf:1\n"
		    "    version: 1\n"
		    "    hint: keep one of the two\n"
		    "conf.d/b.conf:2: \"s\" is already set in conf.d/a.conf:3\n"
		    "    sources: { s: { type: \"ldif\"; file: \"y\" } }\n"
		    "    hint: keep one of the two\n");
}

static void findings_come_in_the_order_of_files_and_lines(void **state)
{
	(void)state;
	write_file("rosterd.conf",
		   "include_dir: \"conf.d\"\nsafty: { }\ndatabase: { embedded: \"db\"; conninfo: \"x=y\" }\n"
		   "version: 2\n");
	write_file("conf.d/a.conf", "\nsafety: { mode: 5 }\noutlets: { }\n");
	struct loaded loaded = load_file("rosterd.conf");
	static const int lines[] = {2, 3, 4, 2, 3};
	assert_int_equal(loaded.findings.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(loaded.findings.items[i].position.line, lines[i]);
		assert_string_equal(loaded.findings.items[i].position.file, i < 3 ? "rosterd.conf" : "conf.d/a.conf");
	}
	loaded_free(&loaded);
}

static void nothing_is_missed_that_may_be_in_a_file_with_mistakes(void **state)
{
	(void)state;
	write_file("rosterd.conf", "include_dir: \"conf.d\"\nsafty: { }\n"
				   "rules: { r: { source: \"s\"; users: \"(a=b)\"; into: \"/x\"; role: \"R\" } }\n");
	write_file("conf.d/a.conf", "version: 1;;\n");
	expect_file("rosterd.conf:2: unknown key \"safty\"\n"
		    "    safty: { }\n"
		    "    hint: did you mean \"safety\"?\n"
		    "conf.d/a.conf:1: found \";\" where a name should be\n"
		    "    version: 1;;\n"
		    "    hint: remove it: one \";\" ends a setting, and it may be left out\n");
}

static void included_file_includes_no_more(void **state)
{
	(void)state;
	write_file("rosterd.conf", MAIN);
	write_file("conf.d/a.conf", "include_dir: \".\"\nsafty: { }\n");
	expect_file("conf.d/a.conf:1: \"include_dir\" is set in a file that is included itself\n"
		    "    include_dir: \".\"\n"
		    "    hint: only the main file may set it\n"
		    "conf.d/a.conf:2: unknown key \"safty\"\n"
		    "    safty: { }\n"
		    "    hint: did you mean \"safety\"?\n");
}

static void directory_that_is_not_there_is_a_finding(void **state)
{
	(void)state;
	write_file("rosterd.conf", "version: 1\ndatabase: { embedded: \"db\" }\ninclude_dir: \"gone\"\n");
	expect_file("rosterd.conf:3: the directory gone cannot be read: No such file or directory\n"
		    "    include_dir: \"gone\"\n"
		    "    hint: make it, empty if need be, or leave include_dir out\n");
	write_file("rosterd.conf", "version: 1\ndatabase: { embedded: \"db\" }\ninclude_dir: \"\"\n");
	expect_file("rosterd.conf:3: \"include_dir\" must be the name of a directory\n"
		    "    include_dir: \"\"\n");
	write_file("rosterd.conf", "version: 1\ndatabase: { embedded: \"db\" }\ninclude_dir: 5\n");
	expect_file("rosterd.conf:3: \"include_dir\" must be the name of a directory\n"
		    "    include_dir: 5\n");
}

static void included_name_that_is_no_file_is_a_finding(void **state)
{
	(void)state;
	write_file("rosterd.conf", MAIN);
	assert_int_equal(mkdir("conf.d/d.conf", 0700), 0);
	expect_file("conf.d/d.conf: is not a regular file\n");
}

static void main_file_that_cannot_be_read_is_a_finding(void **state)
{
	struct loaded loaded = load_file("gone.conf");

	(void)state;
	assert_findings(&loaded.findings, "gone.conf: cannot be read: No such file or directory\n");
	assert_string_equal(loaded.err.text, "gone.conf: cannot be read: No such file or directory");
	loaded_free(&loaded);
	assert_int_equal(mkfifo("rosterd.conf", 0600), 0);
	expect_file("rosterd.conf: is not a regular file\n");
}

static void file_larger_than_any_configuration_is_refused(void **state)
{
	(void)state;
	write_file("rosterd.conf", "version: 1\n");
	assert_int_equal(truncate("rosterd.conf", 17 * 1024 * 1024), 0);
	expect_file("rosterd.conf: cannot be read: File too large\n");
}

static void paths_are_relative_to_the_file_they_stand_in(void **state)
{
	char file[256];
	struct str want = {0};

	write_file("rosterd.conf", MAIN);
	write_file("conf.d/a.conf",
		   "sources: {\n"
		   " a: { type: \"ldif\"; file: \"people.ldif\" }\n"
		   " b: { type: \"ldap\"; url: \"ldaps://x\"; bind_dn: \"CN=x\"; password: \"file:secret\"\n"
		   "  ca_file: \"/etc/ca.pem\" } }\n");
	snprintf(file, sizeof(file), "%s/rosterd.conf", (const char *)*state);
	struct loaded loaded = load_file(file);
	assert_findings(&loaded.findings, "");
	str_printf(&want, "%s/db", (const char *)*state);
	assert_string_equal(loaded.config->database.embedded, str_text(&want));
	str_clear(&want);
	str_printf(&want, "%s/conf.d/people.ldif", (const char *)*state);
	assert_string_equal(loaded.config->sources[0].file, str_text(&want));
	str_clear(&want);
	str_printf(&want, "file:%s/conf.d/secret", (const char *)*state);
	assert_string_equal(loaded.config->sources[1].ldap.password.text, str_text(&want));
	assert_string_equal(loaded.config->sources[1].server.ca_file, "/etc/ca.pem");
	str_free(&want);
	loaded_free(&loaded);
	loaded = load_file("rosterd.conf");
	assert_string_equal(loaded.config->database.embedded, "db");
	assert_string_equal(loaded.config->sources[0].file, "conf.d/people.ldif");
	loaded_free(&loaded);
}

/* What a process is handed is what was read, whatever the files have become. */
static void packed_texts_are_loaded_without_their_files(void **state)
{
	struct arena *arena = arena_new();
	struct config_text *texts;
	struct findings findings;
	struct config *config = NULL;
	struct error err = {0};
	struct str bytes = {0};
	size_t count = 0;

	(void)state;
	write_file("rosterd.conf", MAIN "safety: { mode: \"hold\" }\n");
	write_file("conf.d/a.conf", "sources: { a: { type: \"ldif\"; file: \"people.ldif\" } }\n");
	write_file("conf.d/b.conf", "");
	struct loaded loaded = load_file("rosterd.conf");
	assert_findings(&loaded.findings, "");
	config_pack(loaded.config, &bytes);
	loaded_free(&loaded);
	write_file("rosterd.conf", "version: 1;;\n");
	write_file("conf.d/d.conf", "nonsense {\n");
	unlink("conf.d/a.conf");

	assert_int_equal(config_unpack(str_text(&bytes), bytes.size, arena, &texts, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(config_load_texts(texts, count, arena, &config, &findings, &err), 0);
	assert_int_equal(findings.count, 0);
	assert_string_equal(config->file, "rosterd.conf");
	assert_int_equal(config->safety.mode, SAFETY_HOLD);
	assert_string_equal(config->sources[0].file, "conf.d/people.ldif");
	assert_string_equal(config->sources[0].position.file, "conf.d/a.conf");
	assert_int_equal(config->text_count, 3);
	str_free(&bytes);
	arena_free(&arena);
}

static void damaged_bytes_are_no_texts(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} damaged[] = {{"", 0},
		       {"a", 1},
		       {"a\0", 2},
		       {"a\0"
			"1",
			3},
		       {"a\0\0b\0", 5},
		       {"a\0"
			"1\0b",
			5},
		       {"a\0"
			"2\0b\0",
			6},
		       {"a\0"
			"1\0bc",
			6},
		       {"a\0-1\0b\0", 7}};
	struct arena *arena = arena_new();
	struct config_text *texts;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct error err = {0};
		assert_int_equal(config_unpack(damaged[i].bytes, damaged[i].size, arena, &texts, &count, &err), -1);
		assert_int_equal(err.class, ERR_INTERNAL);
	}
	arena_free(&arena);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_DIRECTORY(included_files_add_to_the_same_sections_in_c_order),
	    IN_DIRECTORY(setting_in_two_files_names_both_places),
	    IN_DIRECTORY(findings_come_in_the_order_of_files_and_lines),
	    IN_DIRECTORY(nothing_is_missed_that_may_be_in_a_file_with_mistakes),
	    IN_DIRECTORY(included_file_includes_no_more),
	    IN_DIRECTORY(directory_that_is_not_there_is_a_finding),
	    IN_DIRECTORY(included_name_that_is_no_file_is_a_finding),
	    IN_DIRECTORY(main_file_that_cannot_be_read_is_a_finding),
	    IN_DIRECTORY(file_larger_than_any_configuration_is_refused),
	    IN_DIRECTORY(paths_are_relative_to_the_file_they_stand_in),
	    IN_DIRECTORY(packed_texts_are_loaded_without_their_files),
	    IN_DIRECTORY(damaged_bytes_are_no_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
