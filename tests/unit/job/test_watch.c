/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "job/watch.h"

/* Remembers the last word; goes on as long as it is told to. */
struct listener {
	struct sync_watch watch;
	bool go_on;
	int steps;
	char last[128];
};

static bool hear(struct sync_watch *watch, const char *what)
{
	struct listener *listener = (struct listener *)watch;

	listener->steps++;
	strncpy(listener->last, what, sizeof listener->last - 1);
	return listener->go_on;
}

struct end {
	struct entry_sink sink;
	int entries, unreadable;
};

static int end_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	(void)entry;
	(void)err;
	((struct end *)sink)->entries++;
	return 0;
}

static int end_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why, struct error *err)
{
	(void)id;
	(void)what;
	(void)why;
	(void)err;
	((struct end *)sink)->unreadable++;
	return 0;
}

enum { MANY = 32 };

/* So many entries, and a second ago somebody was told. */
static int stream(struct watched *watched, struct error *err)
{
	struct entry entry = {.id = "x"};
	int rc = 0;

	for (int i = 0; rc == 0 && i < MANY; i++) {
		watched->told_at -= 1000;
		rc = i % 2 == 0 ? watched->sink.entry(&watched->sink, &entry, err)
				: watched->sink.unreadable(&watched->sink, NULL, "x", "y", err);
	}
	return rc;
}

static void test_everything_passes_and_is_counted(void **state)
{
	struct listener listener = {.watch.step = hear, .go_on = true};
	struct end end = {.sink = {end_entry, end_unreadable}};
	struct watched watched;
	struct error err = {0};

	(void)state;
	watched_start(&watched, &end.sink, &listener.watch);
	assert_int_equal(stream(&watched, &err), 0);
	assert_int_equal(end.entries, MANY / 2);
	assert_int_equal(end.unreadable, MANY / 2);
	assert_int_equal(listener.steps, 2);
	assert_string_equal(listener.last, "reading, 32 entries so far");
}

static void test_what_the_mirror_knows_says_how_much_there_is(void **state)
{
	struct listener listener = {.watch.step = hear, .go_on = true};
	struct end end = {.sink = {end_entry, end_unreadable}};
	struct watched watched;
	struct error err = {0};

	(void)state;
	watched_start(&watched, &end.sink, &listener.watch);
	watched.expected = 40;
	assert_int_equal(stream(&watched, &err), 0);
	assert_string_equal(listener.last, "reading, 32 of about 40 entries");
	assert_int_equal(stream(&watched, &err), 0);
	assert_string_equal(listener.last, "reading, 64 entries so far");
}

static void test_nobody_need_listen(void **state)
{
	struct end end = {.sink = {end_entry, end_unreadable}};
	struct watched watched;
	struct error err = {0};

	(void)state;
	watched_start(&watched, &end.sink, NULL);
	assert_int_equal(stream(&watched, &err), 0);
	assert_int_equal(end.entries, MANY / 2);
	assert_int_equal(watch_step(NULL, "comparing", &err), 0);
	watch_apply(NULL, 0, 1);
}

static void test_a_read_ends_when_it_is_told_to(void **state)
{
	struct listener listener = {.watch.step = hear, .go_on = false};
	struct end end = {.sink = {end_entry, end_unreadable}};
	struct watched watched;
	struct error err = {0};

	(void)state;
	watched_start(&watched, &end.sink, &listener.watch);
	assert_int_equal(stream(&watched, &err), -1);
	assert_int_equal(err.class, ERR_CONFLICT);
	assert_int_equal(end.entries + end.unreadable, 15);
}

static void test_what_is_applied_goes_on_whatever_the_answer(void **state)
{
	struct listener listener = {.watch.step = hear, .go_on = false};

	(void)state;
	watch_apply(&listener.watch, 0, 7);
	assert_string_equal(listener.last, "applying 7 changes");
	watch_apply(&listener.watch, 100000, 250000);
	assert_string_equal(listener.last, "applying, 100000 of 250000 changes done");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_everything_passes_and_is_counted),
	    cmocka_unit_test(test_what_the_mirror_knows_says_how_much_there_is),
	    cmocka_unit_test(test_nobody_need_listen),
	    cmocka_unit_test(test_a_read_ends_when_it_is_told_to),
	    cmocka_unit_test(test_what_is_applied_goes_on_whatever_the_answer),
	};
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
