/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void a_file_without_records_is_incomplete(void **state)
{
	assert_incomplete(*state, "", "", "the file holds no records");
	assert_incomplete(*state, "version: 1\n# nothing\n\n", "", "the file holds no records");
	assert_incomplete(*state, "search: 2\nresult: 0 Success\n", "", "the file holds no records");
}

static void a_cut_file_is_incomplete_and_its_last_record_not_believed(void **state)
{
	static const char reason[] =
	    "the file ends within the line that ends the record at line 6: it may have been cut "
	    "off, a whole one ends with a newline";

	assert_incomplete(*state, ANN "dn: cn=b\nobjectClass: person\nentryUUID: " UUID(2) "\nmail: b@exam",
			  ANN_SEEN "bad - :6 cn=b: the file ends inside this record\n", reason);
	assert_incomplete(*state, ANN "dn: cn=b\nobjectClass: person\nentryUUID: " UUID(2) "\nmail:: YW",
			  ANN_SEEN "bad - :6 cn=b: line 9 is not valid base64\n", reason);
	assert_incomplete(*state, ANN "result: 0 Succ", ANN_SEEN, reason);
}

static void results_of_ldapsearch_decide(void **state)
{
	assert_complete(*state, "# extended LDIF\n#\n" ANN "search: 2\nresult: 0 Success\n\n# numEntries: 1\n",
			ANN_SEEN);
	assert_complete(*state, ANN "result: 0\n", ANN_SEEN);
	assert_incomplete(*state, ANN "search: 2\nresult: 4 Size limit exceeded\n", ANN_SEEN,
			  "line 6 says that the search ended early: result 4 Size limit exceeded");
	assert_incomplete(*state, "search: 2\nresult: 03\n\n" ANN, ANN_SEEN,
			  "line 1 says that the search ended early: result 03");
	assert_incomplete(*state, "# extended LDIF\n#\n" ANN, ANN_SEEN,
			  "ldapsearch began this file but did not finish it: the line \"result:\" is missing");
}

static void references_to_other_servers_are_incomplete(void **state)
{
	assert_incomplete(*state, ANN "ref: ldap://b/o=x\n", ANN_SEEN,
			  "line 6 refers to entries on another server: ldap://b/o=x");
}

static void a_reason_is_text_whatever_the_file_says(void **state)
{
	struct fixture *fixture = *state;
	struct str text = {0};

	assert_incomplete(fixture, ANN "result: 4 \xFF\n", ANN_SEEN,
			  "line 6 says that the search ended early: result (not text)");
	str_add(&text, ANN "result: 40");
	for (int i = 0; i < 400; i++)
		str_add(&text, "\xC3\xA4");
	str_add(&text, "\n");
	write_file(fixture->file, text.data);
	assert_int_equal(read_it(fixture), 0);
	assert_true(text_is_valid(fixture->result.reason, strlen(fixture->result.reason)));
	assert_true(strlen(fixture->result.reason) >= 508);
	str_free(&text);
}

static void the_first_reason_is_told(void **state)
{
	assert_incomplete(*state, ANN "ref: ldap://b/o=x\n\nresult: 4 x\n", ANN_SEEN,
			  "line 6 refers to entries on another server: ldap://b/o=x");
}

/* What sha256sum(1) prints for ANN. */
static const char ann_sha256[] = "7342e5a3526f8ab5f649cf40373f6bf55b5699258810d8cbd99758dba2a7f29d";

static void a_wrong_checksum_is_incomplete(void **state)
{
	static const char wrong[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct fixture *fixture = *state;
	char reason[512];

	write_file(fixture->checksum, wrong);
	snprintf(reason, sizeof(reason), "the SHA-256 of the file is %s, but %s says %s", ann_sha256, fixture->checksum,
		 wrong);
	assert_incomplete(fixture, ANN, ANN_SEEN, reason);
}

static void a_right_checksum_is_complete_in_every_form(void **state)
{
	static const char *const names[] = {"", "\n", "  people.ldif\n", " *people.ldif\r\n",
					    "  /srv/export/people.ldif\n"};
	struct fixture *fixture = *state;
	char text[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text), "%064d  other.ldif\n%s%s", 0, ann_sha256, names[i]);
		write_file(fixture->checksum, text);
		assert_complete(fixture, ANN, ANN_SEEN);
	}
}

static void a_checksum_file_that_says_nothing_is_incomplete(void **state)
{
	struct fixture *fixture = *state;
	const char *const texts[] = {"", "abc  people.ldif\n",
				     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  other.ldif\n",
				     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefpeople.ldif\n"};
	char reason[256];

	snprintf(reason, sizeof(reason), "%s holds no SHA-256 of people.ldif", fixture->checksum);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		write_file(fixture->checksum, texts[i]);
		assert_incomplete(fixture, ANN, ANN_SEEN, reason);
	}
}

static void a_checksum_file_that_cannot_be_opened_is_incomplete(void **state)
{
	struct fixture *fixture = *state;
	char reason[256];

	assert_int_equal(symlink(fixture->checksum, fixture->checksum), 0);
	snprintf(reason, sizeof(reason), "cannot open %s: Too many levels of symbolic links", fixture->checksum);
	assert_incomplete(fixture, ANN, ANN_SEEN, reason);
}

/* Grow the file while it is read. */
static int grow_file(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	FILE *file = fopen(fixture_of(sink)->file, "a");

	(void)entry;
	(void)err;
	fputs("# more\n", file);
	fclose(file);
	return 0;
}

static void a_file_that_changes_while_it_is_read_is_incomplete(void **state)
{
	struct fixture *fixture = *state;

	fixture->sink.entry = grow_file;
	assert_incomplete(fixture, ANN, "", "the file changed while it was read: write another one and rename it");
}

static void assert_failed(struct fixture *fixture, enum error_class class, const char *before, const char *behind)
{
	struct str text = {0};

	assert_int_equal(read_it(fixture), -1);
	assert_int_equal(fixture->result.completeness, READ_FAILED);
	assert_int_equal(fixture->err.class, class);
	str_printf(&text, "%s%s%s", before, fixture->file, behind);
	assert_string_equal(fixture->err.text, text.data);
	str_free(&text);
}

static void a_file_of_changes_fails(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->file, ANN "dn: cn=b\nchangetype: delete\n");
	assert_failed(fixture, ERR_DATA, "",
		      ": line 7: this file is a list of changes, not the content of a directory; export it without "
		      "changetype");
}

static void a_missing_file_and_a_folder_fail(void **state)
{
	struct fixture *fixture = *state;

	assert_failed(fixture, ERR_UNREACHABLE, "cannot open ", ": No such file or directory");
	assert_int_equal(mkdir(fixture->file, 0700), 0);
	assert_failed(fixture, ERR_CONFIG, "", " is not a regular file");
	assert_int_equal(rmdir(fixture->file), 0);
	assert_int_equal(mkfifo(fixture->file, 0600), 0);
	assert_failed(fixture, ERR_CONFIG, "", " is not a regular file");
}

static void assert_stopped(struct fixture *fixture, const char *message)
{
	assert_int_equal(read_it(fixture), -1);
	assert_int_equal(fixture->result.completeness, READ_FAILED);
	assert_int_equal(fixture->err.class, ERR_CONFLICT);
	assert_string_equal(fixture->err.text, message);
}

static void the_receiver_can_stop_the_read(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture->file, "cn: x\n\n" ANN);
	fixture->stop_at = "bad";
	assert_stopped(fixture, "stopped at bad");
	fixture->stop_at = UUID(1);
	assert_stopped(fixture, "stopped at " UUID(1));
}

static void a_source_can_be_read_again(void **state)
{
	struct fixture *fixture = *state;
	struct source *source = NULL;

	assert_int_equal(ldif_source_ops.open(&fixture->config, &source, &fixture->err), 0);
	for (int i = 0; i < 2; i++) {
		write_file(fixture->file, ANN);
		assert_int_equal(ldif_source_ops.read_all(source, &fixture->sink, &fixture->result, &fixture->err), 0);
		assert_int_equal(fixture->result.completeness, READ_COMPLETE);
		assert_int_equal(fixture->result.entries, 1);
	}
	assert_string_equal(fixture->seen.data, ANN_SEEN ANN_SEEN);
	ldif_source_ops.close(&source);
}

static void assert_not_opened(struct fixture *fixture, const char *message)
{
	struct source *source = NULL;

	assert_int_equal(ldif_source_ops.open(&fixture->config, &source, &fixture->err), -1);
	assert_null(source);
	assert_int_equal(fixture->err.class, ERR_CONFIG);
	assert_string_equal(fixture->err.text, message);
}

static void a_wrong_configuration_is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.users.base = "nowhere";
	assert_not_opened(fixture, "source corp: users.base: \"nowhere\" is not a DN");
	fixture->config.users.base = "";
	fixture->config.groups.filter = "cn=x";
	assert_not_opened(fixture, "source corp: groups.filter: filter \"cn=x\", column 1: expected (");
	fixture->config.file = "";
	assert_not_opened(fixture, "source corp: has no file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_without_records_is_incomplete),
	    TEST(a_cut_file_is_incomplete_and_its_last_record_not_believed),
	    TEST(results_of_ldapsearch_decide),
	    TEST(references_to_other_servers_are_incomplete),
	    TEST(a_reason_is_text_whatever_the_file_says),
	    TEST(the_first_reason_is_told),
	    TEST(a_wrong_checksum_is_incomplete),
	    TEST(a_right_checksum_is_complete_in_every_form),
	    TEST(a_checksum_file_that_says_nothing_is_incomplete),
	    TEST(a_checksum_file_that_cannot_be_opened_is_incomplete),
	    TEST(a_file_that_changes_while_it_is_read_is_incomplete),
	    TEST(a_file_of_changes_fails),
	    TEST(a_missing_file_and_a_folder_fail),
	    TEST(the_receiver_can_stop_the_read),
	    TEST(a_source_can_be_read_again),
	    TEST(a_wrong_configuration_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
