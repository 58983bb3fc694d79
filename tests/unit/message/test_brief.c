/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/brief.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct message_names nobody = {NULL, NULL, 0, 0};
static const struct message_window window = {
    .target = "app", .history = "h", .number = 3, .revision = 7, .snapshot = true, .complete = true};

enum { ROOM = 64 };

static struct piece piece(const char *text)
{
	return (struct piece){text, strlen(text)};
}

static struct brief_people *people_of(const char *texts)
{
	struct brief_people *people = brief_people_new();
	struct error err = {0};

	assert_int_equal(brief_people_add(people, texts, strlen(texts), &err), 0);
	return people;
}

static void expect(const char *text, const struct brief_people *people, const char *message)
{
	struct str brief = {0}, out = {0};
	struct error err = {0};

	str_add(&brief, text);
	assert_int_equal(brief_expand(&brief, people, &out, &err), 0);
	assert_string_equal(str_text(&out), message);
	str_free(&brief);
	str_free(&out);
}

static void refuse(const char *text, const struct brief_people *people)
{
	struct str brief = {0}, out = {0};
	struct error err = {0};

	str_add(&brief, text);
	assert_int_equal(brief_expand(&brief, people, &out, &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
	str_free(&brief);
	str_free(&out);
}

static void test_reading(void **state)
{
	struct brief_people *people = people_of("3:ann3:bob0:");

	(void)state;
	expect("{\"changes\":[]}", NULL, "{\"changes\":[]}");
	expect("", NULL, "");
	expect("t1:[t0:t1:]", NULL, "[]");
	expect("t1:[b1:<a1:>0,1,a2:>>0,r0,1,b0:2,t1:]", people, "[<ann>,<bob>,<ann>>,<bob>,>]");
	brief_people_free(&people);
}

/* What was written by something else, or torn, is no message. */
static void test_what_is_no_brief(void **state)
{
	static const char texts[] = "x|t|t1|t1:|t2:x|t:x|b1:|a9:x|2,|0|0;|,|r0,|a0:r|a0:r1,|a0:r0|-1,|t-1:| t0:|t1:x{|"
				    "18446744073709551616,|t18446744073709551615:x|";
	struct brief_people *people = people_of("3:ann3:bob");

	(void)state;
	for (const char *text = texts, *end; (end = strchr(text, '|')) != NULL; text = end + 1) {
		char copy[ROOM] = {0};
		memcpy(copy, text, (size_t)(end - text));
		refuse(copy, people);
	}
	refuse("0,", NULL);
	brief_people_free(&people);
}

static void test_texts_of_people_that_are_none(void **state)
{
	static const char *const texts[] = {"3", "3:", "4:ann", "x", "3:ann,", ":ann", "3ann"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct brief_people *people = brief_people_new();
		struct error err = {0};
		assert_int_equal(brief_people_add(people, texts[i], strlen(texts[i]), &err), -1);
		brief_people_free(&people);
	}
}

/* --- what is written can be read ----------------------------------------------------------------------------------------- */

enum { PEOPLE = 50, CHANGES = 2000 };

/* As a snapshot does it: the buffer of the resource is used again for the next one. */
static void add_changes(struct message *message, unsigned accesses, const char (*users)[ROOM], size_t *size)
{
	static char resource[ROOM], access[300][ROOM];

	for (unsigned i = 0; i < CHANGES; i++) {
		unsigned which = i * 7919 % accesses, who = i * 31 % PEOPLE;
		snprintf(resource, sizeof resource, "{\"resource\":%u", i / 100);
		snprintf(access[which], sizeof access[which], ",\"access\":%u,\"%s\"}", which,
			 which % 2 == 0 ? "\xc3\xa4" : "a:,");
		const struct told_change change = {
		    .resource = piece(resource),
		    .user = piece(users[who]),
		    .access = piece(access[which]),
		    .person = who,
		};
		message_add_change(message, &change);
		*size += change.resource.size + change.user.size + change.access.size;
	}
	message_list(message, 1, "app:\"x\"", true);
}

static void test_a_part(unsigned accesses)
{
	static char users[PEOPLE][ROOM];
	struct message *message = message_new(&nobody);
	struct str texts = {0}, out = {0}, expanded = {0};
	struct error err = {0};
	size_t size = 0;

	for (unsigned i = 0; i < PEOPLE; i++) {
		snprintf(users[i], sizeof users[i], ",\"user\":\"%u\"", i);
		brief_add_person(&texts, &(struct piece){users[i], strlen(users[i])});
	}
	struct brief_people *people = people_of(str_text(&texts));
	message_be_brief(message, true);
	for (int part = 1; part < 3; part++) {
		str_clear(&out);
		str_clear(&expanded);
		add_changes(message, accesses, users, &size);
		message_write(message, &window, part, part == 2, &out);
		const struct str *brief = message_brief(message);
		assert_true(brief_refers(brief));
		if (accesses < 10)
			assert_true(brief->size < out.size / 5);
		assert_int_equal(brief_expand(brief, people, &expanded, &err), 0);
		assert_string_equal(str_text(&expanded), str_text(&out));
	}
	assert_true(out.size > size / 2);
	message_free(&message);
	brief_people_free(&people);
	str_free(&texts);
	str_free(&out);
	str_free(&expanded);
}

static void test_parts(void **state)
{
	(void)state;
	test_a_part(1);
	test_a_part(5);
	/* More than there is room to remember. */
	test_a_part(BRIEF_BEHINDS);
	test_a_part(BRIEF_BEHINDS + 1);
	test_a_part(300);
}

static void test_a_part_without_changes(void **state)
{
	struct message *message = message_new(&nobody);
	struct str out = {0}, expanded = {0};
	struct error err = {0};

	(void)state;
	message_be_brief(message, true);
	message_list(message, 4, "app:x", true);
	message_write(message, &window, 1, true, &out);
	assert_int_equal(brief_expand(message_brief(message), NULL, &expanded, &err), 0);
	assert_string_equal(str_text(&expanded), str_text(&out));
	message_be_brief(message, false);
	message_write(message, &window, 2, true, &out);
	assert_int_equal(message_brief(message)->size, 0);
	message_free(&message);
	str_free(&out);
	str_free(&expanded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_what_is_no_brief),
	    cmocka_unit_test(test_texts_of_people_that_are_none),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_a_part_without_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
