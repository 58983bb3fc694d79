/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_directory(void **state)
{
	char *directory = xstrdup("/tmp/roster-secret-XXXXXX");

	*state = directory;
	return mkdtemp(directory) && setenv("CREDENTIALS_DIRECTORY", directory, 1) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	struct str path = {0};

	str_printf(&path, "%s/bind", (const char *)*state);
	unlink(str_text(&path));
	str_free(&path);
	int status = rmdir(*state);
	free(*state);
	return status;
}

static void write_secret(const char *directory, const char *bytes, size_t size, mode_t mode)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/bind", directory);
	unlink(path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int read_reference(const char *text, struct secret *secret, struct error *err)
{
	struct secret_reference reference = {text};

	return secret_read(&reference, secret, err);
}

static int read_file(const char *directory, struct secret *secret, struct error *err)
{
	char reference[256];

	snprintf(reference, sizeof(reference), "file:%s/bind", directory);
	return read_reference(reference, secret, err);
}

static void assert_secret(struct secret *secret, const char *bytes, size_t size)
{
	assert_int_equal(secret->size, size);
	assert_memory_equal(secret->bytes, bytes, size);
	assert_int_equal(secret->bytes[size], '\0');
	secret_wipe(secret);
	assert_null(secret->bytes);
	assert_int_equal(secret->size, 0);
}

static void assert_refused(const char *directory, const char *why)
{
	struct secret secret = {(char *)"x", 1};
	struct error err = {0};

	assert_int_equal(read_file(directory, &secret, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_non_null(strstr(err.text, why));
	assert_true(text_starts_with(err.text, "cannot use the secret file:/tmp/"));
	assert_null(secret.bytes);
}

static void one_newline_at_the_end_is_dropped(void **state)
{
	struct secret secret;

	write_secret(*state, "hunter2\n", 8, 0600);
	assert_int_equal(read_file(*state, &secret, NULL), 0);
	assert_secret(&secret, "hunter2", 7);
	write_secret(*state, "hunter2\n\n", 9, 0640);
	assert_int_equal(read_file(*state, &secret, NULL), 0);
	assert_secret(&secret, "hunter2\n", 8);
	write_secret(*state, "a\0b", 3, 0400);
	assert_int_equal(read_file(*state, &secret, NULL), 0);
	assert_secret(&secret, "a\0b", 3);
}

static void credential_is_found_where_the_service_manager_put_it(void **state)
{
	struct secret secret;

	write_secret(*state, "hunter2", 7, 0400);
	assert_int_equal(read_reference("credential:bind", &secret, NULL), 0);
	assert_secret(&secret, "hunter2", 7);
}

static void credential_nowhere_names_where_it_was_looked_for(void **state)
{
	struct secret secret;
	struct error err = {0};
	char text[512];

	snprintf(text, sizeof text,
		 "cannot use the secret credential:roster-test-gone: %s/roster-test-gone and "
		 "/run/secrets/roster-test-gone: No such file or directory",
		 (const char *)*state);
	assert_int_equal(read_reference("credential:roster-test-gone", &secret, &err), -1);
	assert_string_equal(err.text, text);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(read_reference("credential:roster-test-gone", &secret, &err), -1);
	assert_string_equal(err.text, "cannot use the secret credential:roster-test-gone: "
				      "/run/secrets/roster-test-gone: No such file or directory");
}

static void file_others_may_touch_is_refused(void **state)
{
	static const mode_t modes[] = {0604, 0602, 0601, 0644};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_secret(*state, "x", 1, modes[i]);
		assert_refused(*state, "is open to every user of this host; run: chmod o= /tmp/");
	}
}

static void empty_secret_is_refused(void **state)
{
	write_secret(*state, "", 0, 0600);
	assert_refused(*state, "is empty");
	write_secret(*state, "\n", 1, 0600);
	assert_refused(*state, "is empty");
}

static void secret_has_at_most_64_kibibytes(void **state)
{
	char *bytes = xcalloc(1, 65537);
	struct secret secret;

	write_secret(*state, bytes, 65537, 0600);
	assert_refused(*state, "is larger than 64 KiB");
	write_secret(*state, bytes, 65536, 0600);
	assert_int_equal(read_file(*state, &secret, NULL), 0);
	assert_int_equal(secret.size, 65536);
	secret_wipe(&secret);
	free(bytes);
}

static void what_is_no_file_is_refused(void **state)
{
	struct secret secret;
	struct error err = {0};
	char path[256];

	assert_refused(*state, "No such file or directory");
	snprintf(path, sizeof(path), "%s/bind", (const char *)*state);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(*state, "is not a regular file");
	assert_int_equal(read_reference("file:/", &secret, &err), -1);
	assert_string_equal(err.text, "cannot use the secret file:/: /: is not a regular file");
}

static void text_that_is_no_reference_is_not_repeated(void **state)
{
	static const char *const texts[] = {"hunter2", "", "file:", "credential:", "credential:../hunter2"};
	struct secret secret;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = {0};
		assert_int_equal(read_reference(texts[i], &secret, &err), -1);
		assert_int_equal(err.class, ERR_CONFIG);
		assert_true(text_starts_with(err.text, "the reference to a secret "));
		assert_null(strstr(err.text, "hunter2"));
	}
}

static void wiping_nothing_is_fine(void **state)
{
	struct secret secret = {0};

	(void)state;
	secret_wipe(&secret);
	assert_null(secret.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_newline_at_the_end_is_dropped, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(credential_is_found_where_the_service_manager_put_it, make_directory,
					    remove_directory),
	    cmocka_unit_test_setup_teardown(credential_nowhere_names_where_it_was_looked_for, make_directory,
					    remove_directory),
	    cmocka_unit_test_setup_teardown(file_others_may_touch_is_refused, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(empty_secret_is_refused, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(secret_has_at_most_64_kibibytes, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, make_directory, remove_directory),
	    cmocka_unit_test(text_that_is_no_reference_is_not_repeated),
	    cmocka_unit_test(wiping_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
