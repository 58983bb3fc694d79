/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/lists.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 1000 };

static struct digest numbered(unsigned number)
{
	return digest_of(&number, sizeof number);
}

static struct list_key key_of(const struct lists *lists, unsigned number)
{
	char text[32];
	int size = snprintf(text, sizeof text, "uid=u%u,ou=people", number);

	return lists_key(lists, 0, text, (size_t)size);
}

/* Read values first to last - 1; how many of them are new. */
static unsigned read_values(const struct lists *lists, struct list *list, unsigned first, unsigned last)
{
	unsigned fresh = 0;

	for (unsigned i = first; i < last; i++) {
		struct list_value value = {.reference = numbered(i)};
		struct list_key key = key_of(lists, i);
		if (list_see(list, key, &value)) {
			struct digest reference = numbered(i);
			assert_true(digest_equal(&value.reference, &reference));
			continue;
		}
		list_put(list, key, &value);
		fresh++;
	}
	return fresh;
}

static struct list *add_read(struct lists *lists, const char *id, unsigned count)
{
	struct list *list = lists_add(lists, id, count);
	struct digest content = numbered(count);

	assert_non_null(list);
	list_begin(list, &content);
	assert_int_equal(read_values(lists, list, 0, count), count);
	return list;
}

static size_t end(struct list *list, struct arena *arena, const struct digest **left)
{
	size_t count = 0;

	assert_int_equal(list_end(list, arena, left, &count), 0);
	return count;
}

static void test_of_a_list_that_comes_again_only_the_difference_is_told(void **state)
{
	struct lists *lists = lists_new();
	struct arena *arena = arena_new();
	struct list *list = add_read(lists, "one", MANY);
	struct digest content = numbered(7), first = numbered(0);
	const struct digest *left;

	(void)state;
	assert_int_equal(end(list, arena, &left), 0);
	assert_ptr_equal(lists_find(lists, "one"), list);
	assert_null(lists_find(lists, "another"));
	list_begin(list, &content);
	assert_true(digest_equal(list_content(list), &content));
	assert_int_equal(read_values(lists, list, 1, MANY + 2), 2);
	assert_int_equal(end(list, arena, &left), 1);
	assert_true(digest_equal(&left[0], &first));
	/* Told once. */
	list_begin(list, &content);
	assert_int_equal(read_values(lists, list, 1, MANY + 2), 0);
	assert_int_equal(end(list, arena, &left), 0);
	/* And new when it is back. */
	list_begin(list, &content);
	assert_int_equal(read_values(lists, list, 0, MANY + 2), 1);
	assert_int_equal(end(list, arena, &left), 0);
	arena_free(&arena);
	lists_free(&lists);
}

static void test_who_is_written_in_two_ways_leaves_with_the_last(void **state)
{
	struct lists *lists = lists_new();
	struct arena *arena = arena_new();
	struct list *list = add_read(lists, "one", MANY);
	struct list_key upper = lists_key(lists, 0, "UID=U5", 6);
	struct list_value value = {.reference = numbered(5), .odd = true}, found;
	struct digest content = numbered(1);
	const struct digest *left;

	(void)state;
	list_put(list, upper, &value);
	assert_int_equal(end(list, arena, &left), 0);
	list_begin(list, &content);
	read_values(lists, list, 0, 5);
	read_values(lists, list, 6, MANY);
	assert_true(list_see(list, upper, &found));
	assert_true(found.odd);
	assert_int_equal(end(list, arena, &left), 0);
	list_begin(list, &content);
	read_values(lists, list, 0, 5);
	read_values(lists, list, 6, MANY);
	assert_int_equal(end(list, arena, &left), 1);
	assert_true(digest_equal(&left[0], &value.reference));
	arena_free(&arena);
	lists_free(&lists);
}

static void test_a_list_that_lost_or_won_much_is_added_anew(void **state)
{
	struct lists *lists = lists_new();
	struct arena *arena = arena_new();
	struct list *list = add_read(lists, "one", MANY);
	struct digest content = numbered(1);
	const struct digest *left;
	size_t count;

	(void)state;
	list_begin(list, &content);
	read_values(lists, list, 0, MANY / 2);
	assert_int_equal(list_end(list, arena, &left, &count), -1);
	list = add_read(lists, "one", MANY);
	list_begin(list, &content);
	read_values(lists, list, 0, 3 * MANY);
	assert_int_equal(list_end(list, arena, &left, &count), -1);
	arena_free(&arena);
	lists_free(&lists);
}

static void test_what_is_kept_is_bounded(void **state)
{
	struct lists *lists = lists_new();
	char id[16];

	(void)state;
	assert_null(lists_add(lists, "small", 10));
	assert_null(lists_add(lists, "huge", 1000000));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "%u", i);
		add_read(lists, id, MANY);
	}
	assert_null(lists_find(lists, "0"));
	assert_non_null(lists_find(lists, "299"));
	/* The one that is used stays. */
	assert_non_null(lists_find(lists, "150"));
	add_read(lists, "large", 190000);
	assert_null(lists_find(lists, "160"));
	assert_non_null(lists_find(lists, "150"));
	lists_forget(lists, "150");
	assert_null(lists_find(lists, "150"));
	lists_free(&lists);
}

static bool same_key(struct list_key one, struct list_key other)
{
	return one.high == other.high || one.low == other.low;
}

static void test_keys_differ(void **state)
{
	struct lists *lists = lists_new(), *others = lists_new();
	static const char zeroes[32];

	(void)state;
	assert_false(same_key(lists_key(lists, 0, "u1", 2), lists_key(lists, 1, "u1", 2)));
	assert_false(same_key(lists_key(lists, 0, "u1", 2), lists_key(others, 0, "u1", 2)));
	for (size_t size = 1; size < sizeof zeroes; size++)
		assert_false(same_key(lists_key(lists, 0, zeroes, size), lists_key(lists, 0, zeroes, size - 1)));
	struct list_key one = lists_key(lists, 2, "uid=u1,ou=people", 16),
			again = lists_key(lists, 2, "uid=u1,ou=people", 16);
	assert_true(one.high == again.high && one.low == again.low);
	lists_free(&others);
	lists_free(&lists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_a_list_that_comes_again_only_the_difference_is_told),
	    cmocka_unit_test(test_who_is_written_in_two_ways_leaves_with_the_last),
	    cmocka_unit_test(test_a_list_that_lost_or_won_much_is_added_anew),
	    cmocka_unit_test(test_what_is_kept_is_bounded),
	    cmocka_unit_test(test_keys_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
