/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr = -1;
static char said[64 * 1024];

static void capture_start(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	fclose(file);
}

/* What was written to standard error since capture_start(). */
static const char *capture_end(void)
{
	assert_true(lseek(STDERR_FILENO, 0, SEEK_SET) == 0);
	ssize_t size = read(STDERR_FILENO, said, sizeof(said) - 1);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	real_stderr = -1;
	assert_true(size >= 0);
	said[size] = '\0';
	return said;
}

static int restore(void **state)
{
	(void)state;
	if (real_stderr >= 0)
		capture_end();
	log_setup(LOG_INFO_LEVEL, LOG_AUTO);
	log_bind("source", NULL);
	log_bind("run", NULL);
	return 0;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match %s", text, pattern);
	regfree(&regex);
}

/* What one message at level info makes of standard error. */
static const char *logged(enum log_format format, const char *message)
{
	log_setup(LOG_DEBUG_LEVEL, format);
	capture_start();
	log_info("%s", message);
	return capture_end();
}

static void logfmt_has_time_level_message_and_fields(void **state)
{
	(void)state;
	log_bind("source", "corp");
	log_bind("run", "1290");
	assert_matches(logged(LOG_LOGFMT, "read 12 entries"),
		       "^ts=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z level=info "
		       "msg=\"read 12 entries\" source=corp run=1290\n$");
}

static void human_has_short_time_level_message_and_fields(void **state)
{
	(void)state;
	assert_matches(logged(LOG_HUMAN, "read \"all\""), "^[0-9]{2}:[0-9]{2}:[0-9]{2} info   read \"all\"\n$");
	log_bind("source", "corp");
	log_bind("run", "1290");
	assert_matches(logged(LOG_HUMAN, "done"), "^[0-9:]{8} info   done  source=corp run=1290\n$");
}

static void json_is_one_object_per_line(void **state)
{
	(void)state;
	log_bind("source", "co\"rp");
	assert_matches(logged(LOG_JSON, "it's \\ \"done\"\n"),
		       "^\\{\"ts\":\"[0-9T:.-]+Z\",\"level\":\"info\",\"msg\":\"it's \\\\\\\\ \\\\\"done\\\\\"\\\\n\","
		       "\"source\":\"co\\\\\"rp\"\\}\n$");
}

static void journal_has_the_priority_in_front(void **state)
{
	(void)state;
	log_bind("source", "corp");
	assert_matches(logged(LOG_JOURNAL, "read \"all\""), "^<6>read \"all\"  source=corp\n$");
	log_setup(LOG_DEBUG_LEVEL, LOG_JOURNAL);
	capture_start();
	log_debug("a");
	log_change("b");
	log_warn("c");
	log_error("d");
	assert_matches(capture_end(), "^<7>a  source=corp\n<5>b  source=corp\n<4>c  source=corp\n<3>d  source=corp\n$");
}

static void levels_and_formats_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_named("debug"), LOG_DEBUG_LEVEL);
	assert_int_equal(log_level_named("error"), LOG_ERROR_LEVEL);
	assert_int_equal(log_level_named("loud"), LOG_INFO_LEVEL);
	assert_int_equal(log_format_named("text"), LOG_HUMAN);
	assert_int_equal(log_format_named("journal"), LOG_JOURNAL);
	assert_int_equal(log_format_named("binary"), LOG_AUTO);
}

static void auto_is_logfmt_when_not_on_a_terminal(void **state)
{
	(void)state;
	assert_matches(logged(LOG_AUTO, "x"), "^ts=[^ ]+ level=info msg=\"x\"\n$");
}

static void auto_is_human_on_a_terminal(void **state)
{
	(void)state;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_true(end >= 0);
	real_stderr = dup(STDERR_FILENO);
	dup2(end, STDERR_FILENO);
	log_info("hello");
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	real_stderr = -1;
	close(end);
	ssize_t size = read(terminal, said, sizeof(said) - 1);
	close(terminal);
	assert_true(size > 0);
	said[size] = '\0';
	assert_matches(said, "^[0-9:]{8} info   hello\r\n$");
}

static void levels_below_the_least_are_silent(void **state)
{
	static const char *const names[] = {"debug", "info", "change", "warn", "error"};

	(void)state;
	for (int least = LOG_DEBUG_LEVEL; least <= LOG_ERROR_LEVEL; least++) {
		log_setup((enum log_level)least, LOG_LOGFMT);
		capture_start();
		log_debug("x");
		log_info("x");
		log_change("x");
		log_warn("x");
		log_error("x");
		const char *text = capture_end();
		for (int level = LOG_DEBUG_LEVEL; level <= LOG_ERROR_LEVEL; level++) {
			char wanted[32];
			snprintf(wanted, sizeof(wanted), " level=%s ", names[level]);
			assert_int_equal(strstr(text, wanted) != NULL, level >= least);
		}
	}
}

static void message_never_leaves_its_line(void **state)
{
	static const enum log_format formats[] = {LOG_HUMAN, LOG_LOGFMT, LOG_JSON, LOG_JOURNAL};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const char *text = logged(formats[i], "a\nb\r\x1B[31m\tc\x7F\xC2\x85\xE2\x80\xA8\xE2\x80\xAE");
		assert_non_null(strstr(text, "a\\nb\\r\\u001b[31m\\tc\\u007f\\u0085\\u2028\\u202e"));
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	}
}

static void bytes_that_are_not_utf8_become_replacement_characters(void **state)
{
	(void)state;
	const char *text = logged(LOG_JSON, "\xC3\xA4 \xC3( \xFF \xED\xA0\x80 \xE2\x82");
	assert_non_null(strstr(text, "\"msg\":\"\xC3\xA4 \\ufffd( \\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\"}"));
}

static void values_are_quoted_when_they_need_it(void **state)
{
	(void)state;
	log_bind("source", "");
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), " source=\"\"\n"));
	log_bind("source", "two words");
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), " source=\"two words\"\n"));
	log_bind("source", "a=b");
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), " source=\"a=b\"\n"));
	log_bind("source", "evil\" level=error");
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), " source=\"evil\\\" level=error\"\n"));
	log_bind("source", "cn:alice@example.org/x_1-2,3+4");
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), " source=cn:alice@example.org/x_1-2,3+4\n"));
	log_bind("source", "b\xC3\xBC"
			   "ro");
	assert_non_null(strstr(logged(LOG_HUMAN, "x"), " source=\"b\xC3\xBC"
						       "ro\"\n"));
}

static void bound_fields_are_copied_replaced_and_unbound(void **state)
{
	char value[] = "1290";

	(void)state;
	log_bind("source", "corp");
	log_bind("run", value);
	value[0] = 'X';
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), " source=corp run=1290\n"));
	log_bind("source", "hr");
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), "msg=\"x\" source=hr run=1290\n"));
	log_bind("source", NULL);
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), "msg=\"x\" run=1290\n"));
	log_bind("never", NULL);
	log_bind("run", NULL);
	assert_non_null(strstr(logged(LOG_LOGFMT, "x"), "msg=\"x\"\n"));
}

static void long_message_is_whole_and_one_line(void **state)
{
	char *message = malloc(20001);

	(void)state;
	assert_non_null(message);
	for (size_t i = 0; i < 10000; i++)
		memcpy(message + 2 * i, "\xC3\xA4", 2);
	message[20000] = '\0';
	assert_non_null(strstr(logged(LOG_LOGFMT, message), message));
	free(message);
}

static void errno_survives(void **state)
{
	(void)state;
	capture_start();
	errno = ENOTDIR;
	log_info("x");
	int after = errno;
	capture_end();
	assert_int_equal(after, ENOTDIR);
}

static void closed_stderr_is_no_trouble(void **state)
{
	(void)state;
	int kept = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	log_setup(LOG_INFO_LEVEL, LOG_AUTO);
	errno = ENOTDIR;
	log_error("nobody hears this");
	int after = errno;
	dup2(kept, STDERR_FILENO);
	close(kept);
	assert_int_equal(after, ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(logfmt_has_time_level_message_and_fields, restore),
	    cmocka_unit_test_teardown(human_has_short_time_level_message_and_fields, restore),
	    cmocka_unit_test_teardown(json_is_one_object_per_line, restore),
	    cmocka_unit_test_teardown(journal_has_the_priority_in_front, restore),
	    cmocka_unit_test_teardown(levels_and_formats_have_names, restore),
	    cmocka_unit_test_teardown(auto_is_logfmt_when_not_on_a_terminal, restore),
	    cmocka_unit_test_teardown(auto_is_human_on_a_terminal, restore),
	    cmocka_unit_test_teardown(levels_below_the_least_are_silent, restore),
	    cmocka_unit_test_teardown(message_never_leaves_its_line, restore),
	    cmocka_unit_test_teardown(bytes_that_are_not_utf8_become_replacement_characters, restore),
	    cmocka_unit_test_teardown(values_are_quoted_when_they_need_it, restore),
	    cmocka_unit_test_teardown(bound_fields_are_copied_replaced_and_unbound, restore),
	    cmocka_unit_test_teardown(long_message_is_whole_and_one_line, restore),
	    cmocka_unit_test_teardown(errno_survives, restore),
	    cmocka_unit_test_teardown(closed_stderr_is_no_trouble, restore),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
