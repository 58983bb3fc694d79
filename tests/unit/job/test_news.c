/* SPDX-License-Identifier: Apache-2.0 */
#include "job/news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
	static struct news news;

	news_init(&news);
	*state = &news;
	return 0;
}

static int tear_down(void **state)
{
	news_free(*state);
	return 0;
}

static void say(struct news *news, enum entry_kind kind, const char *id, const char *dn)
{
	const struct entry entry = {.kind = kind, .id = id, .dn = dn};

	assert_int_equal(news->sink.entries.entry(&news->sink.entries, &entry, NULL), 0);
}

static void say_removed(struct news *news, int kind, const char *id)
{
	assert_int_equal(news->sink.removed(&news->sink, kind, id, NULL), 0);
}

static void the_last_word_counts(void **state)
{
	struct news *news = *state;

	say(news, ENTRY_USER, "1", "uid=a");
	say(news, ENTRY_USER, "2", "uid=b");
	say(news, ENTRY_USER, "1", "uid=c");
	assert_int_equal(news->count, 2);
	assert_string_equal(news->items[0].entry.dn, "uid=c");
	say_removed(news, ENTRY_USER, "1");
	assert_int_equal(news->items[0].removed, 1U << ENTRY_USER);
	say(news, ENTRY_USER, "1", "uid=d");
	assert_int_equal(news->items[0].removed, 0);
	assert_string_equal(news->items[0].entry.dn, "uid=d");
}

static void what_is_no_group_may_be_a_person_all_the_same(void **state)
{
	struct news *news = *state;

	say(news, ENTRY_USER, "1", "uid=a");
	say_removed(news, ENTRY_GROUP, "1");
	assert_int_equal(news->items[0].removed, 0);
	say_removed(news, ENTRY_USER, "2");
	say_removed(news, ENTRY_GROUP, "2");
	assert_int_equal(news->items[1].removed, 1U << ENTRY_USER | 1U << ENTRY_GROUP);
}

static void the_first_kind_wins(void **state)
{
	struct news *news = *state;

	say(news, ENTRY_USER, "1", "uid=a");
	say(news, ENTRY_GROUP, "1", "uid=a");
	assert_int_equal(news->items[0].entry.kind, ENTRY_USER);
	say(news, ENTRY_UNIT, "2", "ou=b");
	say(news, ENTRY_GROUP, "2", "ou=b");
	assert_int_equal(news->items[1].entry.kind, ENTRY_GROUP);
}

static void everything_is_a_copy(void **state)
{
	struct news *news = *state;
	char id[] = "1", dn[] = "uid=a", name[] = "cn", text[] = "x\0y";
	struct value value = {.data = text, .size = 3};
	struct attribute attribute = {.name = name, .values = &value, .count = 1};
	char closed[] = "it is locked", ends_by[] = "shadowExpire", sid[] = "S-1-2", group[] = "S-1-3";
	const struct entry entry = {
	    .kind = ENTRY_USER,
	    .id = id,
	    .dn = dn,
	    .attributes = &attribute,
	    .attribute_count = 1,
	    .account = {.closed = closed, .ends_by = ends_by, .ends = 17},
	    .security_id = sid,
	    .primary_group = group,
	};

	assert_int_equal(news->sink.entries.entry(&news->sink.entries, &entry, NULL), 0);
	memset(id, '?', sizeof id);
	memset(dn, '?', sizeof dn);
	memset(name, '?', sizeof name);
	memset(text, '?', sizeof text);
	memset(closed, '?', sizeof closed - 1);
	memset(ends_by, '?', sizeof ends_by - 1);
	memset(sid, '?', sizeof sid - 1);
	memset(group, '?', sizeof group - 1);
	assert_string_equal(news->items[0].id, "1");
	assert_string_equal(news->items[0].entry.dn, "uid=a");
	assert_string_equal(news->items[0].entry.attributes[0].name, "cn");
	assert_memory_equal(news->items[0].entry.attributes[0].values[0].data, "x\0y", 4);
	assert_string_equal(news->items[0].entry.account.closed, "it is locked");
	assert_string_equal(news->items[0].entry.account.ends_by, "shadowExpire");
	assert_int_equal(news->items[0].entry.account.ends, 17);
	assert_string_equal(news->items[0].entry.security_id, "S-1-2");
	assert_string_equal(news->items[0].entry.primary_group, "S-1-3");
}

static int count_calls(struct news *news, void *context, struct error *err)
{
	(void)err;
	++*(int *)context;
	news_forget_items(news);
	return 0;
}

static void many_are_handed_on_in_between(void **state)
{
	struct news *news = *state;
	int calls = 0;
	char id[16];

	news->full = count_calls;
	news->context = &calls;
	for (int i = 0; i < 2500; i++) {
		snprintf(id, sizeof id, "%d", i);
		say(news, ENTRY_USER, id, "uid=a");
	}
	assert_int_equal(calls, 2);
	assert_int_equal(news->count, 500);
	say(news, ENTRY_USER, "2499", "uid=b");
	assert_int_equal(news->count, 500);
}

static void a_place_that_comes_back_is_not_gone(void **state)
{
	struct news *news = *state;
	const struct place place = {.id = "p", .dn = "ou=p"};

	assert_true(news_is_empty(news));
	say_removed(news, ENTRY_KINDS, "o");
	say_removed(news, ENTRY_KINDS, "p");
	assert_int_equal(news->gone_count, 2);
	assert_int_equal(news->sink.place(&news->sink, &place, NULL), 0);
	assert_int_equal(news->gone_count, 1);
	assert_string_equal(news->gone_places[0], "o");
	assert_false(news_is_empty(news));
	news_clear(news);
	assert_true(news_is_empty(news));
}

#define NEWS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NEWS_TEST(the_last_word_counts),          NEWS_TEST(what_is_no_group_may_be_a_person_all_the_same),
	    NEWS_TEST(the_first_kind_wins),           NEWS_TEST(everything_is_a_copy),
	    NEWS_TEST(many_are_handed_on_in_between), NEWS_TEST(a_place_that_comes_back_is_not_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
