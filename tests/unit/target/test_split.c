/* SPDX-License-Identifier: Apache-2.0 */
#include "target/nats/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define STAMP "\"history\":\"h\",\"revision\":7,\"window\":3"
#define A     "{\"id\":4,\"name\":\"app:a\"}"
#define B     "{\"id\":2,\"name\":\"app:b\"}"

static struct arena *arena;
static struct pieces pieces;

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void split(const char *text)
{
	struct error err = {0};

	assert_int_equal(split_message(text, strlen(text), arena, &pieces, &err), 0);
}

static void assert_piece(size_t index, int64_t resource, const char *name, const char *body)
{
	const struct piece *piece = &pieces.items[index];

	assert_true(index < pieces.count);
	assert_int_equal(piece->resource, resource);
	if (name)
		assert_string_equal(piece->name, name);
	else
		assert_null(piece->name);
	assert_int_equal(piece->size, strlen(body));
	assert_memory_equal(piece->body, body, piece->size);
}

static void changes_go_to_their_resources_in_their_order(void **state)
{
	(void)state;
	split("{" STAMP ",\"changes\":[{\"resource\":" A ",\"user\":1},{\"resource\":" B ",\"user\":2},{\"resource\":" A
	      ",\"user\":3}]}");
	assert_int_equal(pieces.count, 2);
	assert_piece(0, 2, "app:b", "{" STAMP ",\"changes\":[{\"resource\":" B ",\"user\":2}]}");
	assert_piece(1, 4, "app:a",
		     "{" STAMP ",\"changes\":[{\"resource\":" A ",\"user\":1},{\"resource\":" A ",\"user\":3}]}");
	assert_string_equal(pieces.history, "h");
	assert_int_equal(pieces.revision, 7);
	assert_int_equal(pieces.window, 3);
}

/* Of a resource that nobody may use any more a snapshot says nothing else. */
static void who_is_named_without_a_change_is_told(void **state)
{
	(void)state;
	split("{" STAMP ",\"resources\":[" A "," B "],\"changes\":[{\"resource\":" B "}]}");
	assert_int_equal(pieces.count, 2);
	assert_piece(0, 2, "app:b", "{" STAMP ",\"resources\":[" B "],\"changes\":[{\"resource\":" B "}]}");
	assert_piece(1, 4, "app:a", "{" STAMP ",\"resources\":[" A "],\"changes\":[]}");
}

static void that_all_was_told_comes_last_and_once(void **state)
{
	(void)state;
	split("{" STAMP ",\"complete\":true,\"last\":false,\"resources\":[" A "],\"changes\":[]}");
	assert_int_equal(pieces.count, 1);
	assert_null(strstr(pieces.items[0].body, "complete"));
	split("{" STAMP ",\"complete\":true,\"last\":true,\"resources\":[" A "],\"changes\":[]}");
	assert_int_equal(pieces.count, 2);
	assert_piece(1, 0, NULL, "{" STAMP ",\"last\":true,\"resources\":[],\"changes\":[],\"complete\":true}");
}

static void what_is_no_message_is_refused(void **state)
{
	static const char *const wrong[] = {"",
					    "[]",
					    "null",
					    "{}",
					    "{" STAMP,
					    "{" STAMP ",\"changes\":[1]}",
					    "{" STAMP ",\"changes\":[{\"resource\":{\"id\":1}}]}",
					    "{" STAMP ",\"resources\":[null]}",
					    "{\"history\":1,\"revision\":7,\"window\":3}",
					    "{\"history\":\"h\",\"revision\":\"7\",\"window\":3}"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct error err = {0};
		assert_int_equal(split_message(wrong[i], strlen(wrong[i]), arena, &pieces, &err), -1);
		assert_int_not_equal(err.text[0], '\0');
	}
}

static void later_is_of_the_same_history(void **state)
{
	static const struct {
		const char *other;
		bool later;
	} cases[] = {
	    {"{\"history\":\"h\",\"revision\":7,\"window\":4}", true},
	    {"{\"history\":\"h\",\"revision\":8,\"window\":1}", true},
	    {"{\"history\":\"h\",\"revision\":7,\"window\":3}", false},
	    {"{\"history\":\"h\",\"revision\":6,\"window\":9}", false},
	    {"{\"history\":\"old\",\"revision\":9,\"window\":9}", false},
	    {"no message", false},
	};

	(void)state;
	split("{" STAMP ",\"changes\":[]}");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(split_is_later(cases[i].other, strlen(cases[i].other), &pieces), cases[i].later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(changes_go_to_their_resources_in_their_order, begin, end),
	    cmocka_unit_test_setup_teardown(who_is_named_without_a_change_is_told, begin, end),
	    cmocka_unit_test_setup_teardown(that_all_was_told_comes_last_and_once, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_message_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(later_is_of_the_same_history, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
