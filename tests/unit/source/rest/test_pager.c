/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/pager.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct collector {
	struct pager_sink sink;
	struct str ids;
};

static int collect(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	(void)object;
	(void)err;
	str_printf(&((struct collector *)sink)->ids, "%s ", id ? id : "?");
	return 0;
}

/* What is asked and what comes, in turn, until an answer ends it. */
struct turn {
	const char *url, *body, *link;
	int step;
};

static int take(struct pager_walk *walk, const struct turn *turn, struct collector *collector, struct error *err)
{
	struct arena *arena = arena_new();
	struct json *body = NULL;

	assert_string_equal(str_text(&walk->url), turn->url);
	assert_int_equal(json_parse(turn->body, strlen(turn->body), 1 << 20, &body, NULL), 0);
	int step = pager_take(walk, body, turn->link, arena, &collector->sink, err);
	json_free(&body);
	arena_free(&arena);
	return step;
}

static void assert_walk(const struct listing *listing, int64_t size, const struct turn *turns, const char *ids)
{
	struct pager_walk walk = {.listing = listing, .start = "https://x/u", .id = "i", .size = size, .count = -1};
	struct collector collector = {.sink = {collect}};
	struct error err = {0};

	pager_begin(&walk);
	for (; turns->url; turns++) {
		int step = take(&walk, turns, &collector, &err);
		if (step != turns->step)
			fail_msg("%s: step %d, not %d: %s", turns->url, step, turns->step, err.text);
		if (step == PAGER_MOVED || (step == PAGER_END && pager_wants_another_pass(&walk)))
			pager_begin(&walk);
	}
	assert_string_equal(str_text(&collector.ids), ids);
	str_free(&collector.ids);
	pager_free(&walk);
}

#define OFFSET                                                                                                         \
	{                                                                                                              \
		.kind = PAGER_OFFSET, .at = "o", .size = "n"                                                           \
	}

static void each_page_begins_with_the_last_object_of_the_one_before(void **state)
{
	const struct listing listing = {.items = "", .pager = OFFSET};
	const struct turn turns[] = {{"https://x/u?n=3&o=0", "[{\"i\":1},{\"i\":2},{\"i\":3}]", NULL, PAGER_MORE},
				     {"https://x/u?n=3&o=2", "[{\"i\":3},{\"i\":4},{\"i\":5}]", NULL, PAGER_MORE},
				     {"https://x/u?n=3&o=4", "[{\"i\":5}]", NULL, PAGER_END},
				     {0}};
	(void)state;
	assert_walk(&listing, 3, turns, "1 2 3 4 5 ");
}

static void what_moved_is_read_again_and_handed_over_once(void **state)
{
	const struct listing listing = {.items = "", .pager = OFFSET};
	const struct turn turns[] = {{"https://x/u?n=2&o=0", "[{\"i\":1},{\"i\":2}]", NULL, PAGER_MORE},
				     {"https://x/u?n=2&o=1", "[{\"i\":3},{\"i\":4}]", NULL, PAGER_MOVED},
				     {"https://x/u?n=2&o=0", "[{\"i\":2},{\"i\":3}]", NULL, PAGER_MORE},
				     {"https://x/u?n=2&o=1", "[{\"i\":3},{\"i\":4}]", NULL, PAGER_MORE},
				     {"https://x/u?n=2&o=2", "[]", NULL, PAGER_MOVED},
				     {"https://x/u?n=2&o=0", "[{\"i\":2},{\"i\":2}]", NULL, PAGER_MOVED},
				     {"https://x/u?n=2&o=0", "[]", NULL, PAGER_END},
				     {0}};
	(void)state;
	assert_walk(&listing, 2, turns, "1 2 3 4 ");
}

static void a_listing_that_strides_has_short_pages_in_the_middle(void **state)
{
	const struct listing listing = {.items = "",
					.pager = {.kind = PAGER_OFFSET, .at = "o", .size = "n", .strides = true}};
	const struct turn turns[] = {{"https://x/u?n=3&o=0", "[{\"i\":1},{\"i\":3}]", NULL, PAGER_MORE},
				     {"https://x/u?n=3&o=3", "[{\"i\":4},{\"i\":5},{\"i\":6}]", NULL, PAGER_MORE},
				     {"https://x/u?n=3&o=5", "[{\"i\":6},{\"i\":7}]", NULL, PAGER_MORE},
				     {"https://x/u?n=3&o=8", "[]", NULL, PAGER_END},
				     {0}};
	(void)state;
	assert_walk(&listing, 3, turns, "1 3 4 5 6 7 ");
}

#define INDEX                                                                                                          \
	{                                                                                                              \
		.kind = PAGER_INDEX, .at = "s", .size = "c", .total = "/t"                                             \
	}

static void a_number_of_all_is_held_against_what_came(void **state)
{
	const struct listing listing = {.items = "/r", .pager = INDEX};
	const struct turn short_one[] = {
	    {"https://x/u?c=9&s=1", "{\"t\":2,\"r\":[{\"i\":1},{\"i\":2}]}", NULL, PAGER_END}, {0}};
	const struct turn capped[] = {
	    {"https://x/u?c=9&s=1", "{\"t\":3,\"r\":[{\"i\":1},{\"i\":2}]}", NULL, PAGER_MORE},
	    {"https://x/u?c=9&s=2", "{\"t\":3,\"r\":[{\"i\":2},{\"i\":3}]}", NULL, PAGER_END},
	    {0}};
	const struct turn too_few[] = {
	    {"https://x/u?c=9&s=1", "{\"t\":3,\"r\":[{\"i\":1},{\"i\":2}]}", NULL, PAGER_MORE},
	    {"https://x/u?c=9&s=2", "{\"t\":3,\"r\":[{\"i\":2}]}", NULL, PAGER_BAD},
	    {0}};
	const struct turn changed[] = {
	    {"https://x/u?c=9&s=1", "{\"t\":3,\"r\":[{\"i\":1},{\"i\":2}]}", NULL, PAGER_MORE},
	    {"https://x/u?c=9&s=2", "{\"t\":4,\"r\":[{\"i\":2},{\"i\":3}]}", NULL, PAGER_MOVED},
	    {"https://x/u?c=9&s=1", "{\"t\":\"4\",\"r\":[]}", NULL, PAGER_BAD},
	    {0}};
	const struct turn single[] = {{"https://x/u?c=9&s=1", "{\"t\":2,\"r\":[{\"i\":1}]}", NULL, PAGER_MORE},
				      {"https://x/u?c=9&s=2", "{\"t\":2,\"r\":[{\"i\":2}]}", NULL, PAGER_END},
				      {0}};
	(void)state;
	assert_walk(&listing, 9, short_one, "1 2 ");
	assert_walk(&listing, 9, capped, "1 2 3 ");
	assert_walk(&listing, 9, too_few, "1 2 ");
	assert_walk(&listing, 9, changed, "1 2 ");
	assert_walk(&listing, 9, single, "1 2 ");
}

static void numbered_pages_are_read_twice(void **state)
{
	const struct listing listing = {
	    .items = "/r", .pager = {.kind = PAGER_PAGE, .at = "p", .first = 1, .next = "/next", .total = "/t"}};
	const struct turn turns[] = {{"https://x/u?p=1", "{\"t\":2,\"next\":2,\"r\":[{\"i\":1}]}", NULL, PAGER_MORE},
				     {"https://x/u?p=2", "{\"t\":2,\"next\":0,\"r\":[{\"i\":3}]}", NULL, PAGER_END},
				     {"https://x/u?p=1", "{\"t\":2,\"next\":2,\"r\":[{\"i\":2}]}", NULL, PAGER_MORE},
				     {"https://x/u?p=2", "{\"t\":2,\"next\":0,\"r\":[{\"i\":3}]}", NULL, PAGER_END},
				     {"https://x/u?p=1", "{\"t\":2,\"next\":3,\"r\":[{\"i\":2}]}", NULL, PAGER_BAD},
				     {0}};
	(void)state;
	assert_walk(&listing, 0, turns, "1 3 2 ");
}

static void cursors_and_addresses_are_followed(void **state)
{
	const struct listing cursors = {.items = "/r", .pager = {.kind = PAGER_CURSOR, .at = "c", .next = "/n"}};
	const struct turn by_cursor[] = {{"https://x/u?c=", "{\"n\":\"a/b\",\"r\":[{\"i\":1}]}", NULL, PAGER_MORE},
					 {"https://x/u?c=a%2Fb", "{\"n\":\"\",\"r\":[{\"i\":2}]}", NULL, PAGER_END},
					 {0}};
	const struct turn again[] = {{"https://x/u?c=", "{\"n\":\"a\",\"r\":[]}", NULL, PAGER_MORE},
				     {"https://x/u?c=a", "{\"n\":\"a\",\"r\":[{\"i\":1}]}", NULL, PAGER_BAD},
				     {0}};
	const struct listing next = {.items = "/r", .pager = {.kind = PAGER_NEXT, .next = "/n"}};
	const struct turn by_next[] = {{"https://x/u", "{\"n\":\"/v?z=1\",\"r\":[]}", NULL, PAGER_MORE},
				       {"https://x/v?z=1", "{\"n\":\"?z=2\",\"r\":[]}", NULL, PAGER_MORE},
				       {"https://x/u?z=2", "{\"n\":\"https://y/\",\"r\":[]}", NULL, PAGER_MORE},
				       {"https://y/", "{\"n\":\"a\\nb\",\"r\":[]}", NULL, PAGER_BAD},
				       {0}};
	const struct listing links = {.items = "", .pager = {.kind = PAGER_LINK}};
	const struct turn by_link[] = {{"https://x/u", "[{\"i\":1}]", "https://x/2", PAGER_MORE},
				       {"https://x/2", "[{\"i\":2},{\"i\":1}]", NULL, PAGER_MOVED},
				       {0}};
	(void)state;
	assert_walk(&cursors, 0, by_cursor, "1 2 ");
	assert_walk(&cursors, 0, again, "1 ");
	assert_walk(&next, 0, by_next, "");
	assert_walk(&links, 0, by_link, "1 2 ");
}

static void what_holds_no_list_is_no_page(void **state)
{
	const struct listing strict = {.items = "/r", .pager = {.kind = PAGER_NONE}};
	const struct listing loose = {.items = "/r", .items_optional = true, .pager = {.kind = PAGER_NONE}};
	static const char *const bodies[] = {"{}", "{\"r\":null}", "{\"r\":{}}", "[]", "{\"r\":5}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct turn turns[] = {{"https://x/u", bodies[i], NULL, PAGER_BAD}, {0}};
		const struct turn lenient[] = {{"https://x/u", bodies[i], NULL, i < 2 ? PAGER_END : PAGER_BAD}, {0}};
		assert_walk(&strict, 0, turns, "");
		assert_walk(&loose, 0, lenient, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_page_begins_with_the_last_object_of_the_one_before),
	    cmocka_unit_test(what_moved_is_read_again_and_handed_over_once),
	    cmocka_unit_test(a_listing_that_strides_has_short_pages_in_the_middle),
	    cmocka_unit_test(a_number_of_all_is_held_against_what_came),
	    cmocka_unit_test(numbered_pages_are_read_twice),
	    cmocka_unit_test(cursors_and_addresses_are_followed),
	    cmocka_unit_test(what_holds_no_list_is_no_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
