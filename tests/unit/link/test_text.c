/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/text.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void only_utf8_without_nul_is_valid(void **state)
{
	static const char *const refused[] = {"\x80",   "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
					      "abc\xFF"};

	(void)state;
	assert_true(text_is_valid("", 0));
	assert_true(text_is_valid(NULL, 0));
	assert_true(text_is_valid("plain", 5));
	assert_true(text_is_valid("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80", 11));
	assert_true(text_is_valid("\xEF\xBF\xBF", 3));
	assert_false(text_is_valid("a\0b", 3));
	assert_false(text_is_valid("\xC3\xA4\0", 3));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(text_is_valid(refused[i], strlen(refused[i])));
	/* What follows beyond size must not complete a character. */
	assert_false(text_is_valid("\xE2\x82\xAC", 2));
}

static void folding_gives_one_form_to_all_spellings(void **state)
{
	static const struct {
		const char *text, *folded;
	} vectors[] = {
	    {"", ""},
	    {"Pay-API.Devs_7 @[`{", "pay-api.devs_7 @[`{"},
	    {"M\xC3\x9CLLER", "m\xC3\xBCller"},
	    {"MU\xCC\x88LLER", "m\xC3\xBCller"}, /* u and combining diaeresis */
	    {"Stra\xC3\x9F"
	     "e",
	     "strasse"}, /* sharp s */
	    {"STRA\xE1\xBA\x9E"
	     "E",
	     "strasse"}, /* capital sharp s */
	    {"\xEF\xAC\x81le o\xEF\xAC\x83"
	     "ce",
	     "file office"},                                                           /* ligatures fi, ffi */
	    {"\xEF\xBC\xA1\xEF\xBC\xA4\xEF\xBC\xAD\xEF\xBC\xA9\xEF\xBC\xAE", "admin"}, /* fullwidth ADMIN */
	    {"\xF0\x9D\x90\x80\xE2\x84\xAA", "ak"},                   /* mathematical bold A, Kelvin sign */
	    {"\xC4\xB0", "i\xCC\x87"},                                /* I with dot above */
	    {"\xC4\xB1", "\xC4\xB1"},                                 /* dotless i is a letter of its own */
	    {"\xCE\xA3\xCE\x8A\xCF\x82", "\xCF\x83\xCE\xAF\xCF\x83"}, /* both small sigmas are one */
	    {"\xC2\xB2\xE2\x85\xA7", "2viii"},                        /* superscript two, Roman eight */
	    {"a\xC2\xA0"
	     "b",
	     "a b"},                                          /* no-break space */
	    {"q\xCC\x87\xCC\xA3", "q\xCC\xA3\xCC\x87"},       /* marks in canonical order */
	    {"\xE1\x84\x80\xE1\x85\xA1", "\xEA\xB0\x80"},     /* Hangul composes */
	    {"\xE2\x80\x8D", "\xE2\x80\x8D"},                 /* ignorables stay */
	    {"\xCE\xB1\xCD\x85\xCC\x81", "\xCE\xAC\xCE\xB9"}, /* iota below, then acute: */
	    {"\xE1\xBE\xB4", "\xCE\xAC\xCE\xB9"},             /* the same letter in one piece */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct str out = {0};
		str_add(&out, "KEPT:");
		assert_int_equal(text_fold(vectors[i].text, strlen(vectors[i].text), &out), 0);
		assert_memory_equal(out.data, "KEPT:", 5);
		assert_string_equal(out.data + 5, vectors[i].folded);
		str_free(&out);
	}
}

static void folding_refuses_what_is_not_utf8(void **state)
{
	struct str out = {0};

	(void)state;
	str_add(&out, "kept");
	assert_int_equal(text_fold("abc\xC3", 4, &out), -1);
	assert_int_equal(text_fold("\xED\xA0\x80", 3, &out), -1);
	assert_int_equal(text_fold("\xC0\x80", 2, &out), -1);
	assert_string_equal(out.data, "kept");
	str_free(&out);
}

static void folding_keeps_nul(void **state)
{
	struct str out = {0};

	(void)state;
	assert_int_equal(text_fold("A\0B", 3, &out), 0);
	assert_int_equal(text_fold("\xC3\x84\0B", 4, &out), 0);
	assert_int_equal(out.size, 7);
	assert_memory_equal(out.data, "a\0b\xC3\xA4\0b", 7);
	str_free(&out);
}

/* xorshift: the same texts in every run */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* A character from the blocks where normalisation and folding have most to do, or from anywhere. */
static uint32_t random_code(uint32_t *seed)
{
	static const uint32_t blocks[][2] = {
	    {0x20, 0x7E},     {0xA0, 0x24F},    {0x300, 0x36F},     {0x370, 0x3FF},     {0x1F00, 0x1FFF},
	    {0x2100, 0x218F}, {0xFB00, 0xFB4F}, {0xFF00, 0xFFEF},   {0x1100, 0x11FF},   {0xAC00, 0xD7A3},
	    {0x900, 0xDFF},   {0x3000, 0x33FF}, {0x1D400, 0x1D7FF}, {0xE000, 0x10FFFF}, {0x20, 0xD7FF},
	};
	const uint32_t *block = blocks[next_random(seed) % (sizeof(blocks) / sizeof(blocks[0]))];
	return block[0] + next_random(seed) % (block[1] - block[0] + 1);
}

static void add_code(struct str *out, uint32_t code)
{
	if (code < 0x80) {
		str_add_char(out, (char)code);
		return;
	}
	int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
	str_add_char(out, (char)(first[more] | code >> 6 * more));
	while (more-- > 0)
		str_add_char(out, (char)(0x80 | (code >> 6 * more & 0x3F)));
}

static void folding_twice_is_folding_once(void **state)
{
	uint32_t seed = 20240229;
	struct str text = {0}, once = {0}, twice = {0};

	(void)state;
	for (int round = 0; round < 100000; round++) {
		str_clear(&text);
		str_clear(&once);
		str_clear(&twice);
		for (uint32_t left = 1 + next_random(&seed) % 6; left > 0; left--)
			add_code(&text, random_code(&seed));
		assert_true(text_is_valid(text.data, text.size));
		assert_int_equal(text_fold(text.data, text.size, &once), 0);
		assert_int_equal(text_fold(once.data, once.size, &twice), 0);
		assert_int_equal(once.size, twice.size);
		assert_memory_equal(once.data, twice.data, once.size);
		assert_true(text_is_valid(once.data, once.size));
	}
	str_free(&text);
	str_free(&once);
	str_free(&twice);
}

static void digest_is_the_first_half_of_sha256(void **state)
{
	/* FIPS 180-4 examples */
	static const uint8_t abc[16] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
					0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23};
	static const uint8_t none[16] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
					 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24};

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct digest digest = digest_of("abc", 3);
		assert_memory_equal(digest.bytes, abc, 16);
		digest = digest_of(NULL, 0);
		assert_memory_equal(digest.bytes, none, 16);
	}
}

static void digests_are_equal_when_all_bytes_are(void **state)
{
	struct digest a = digest_of("a", 1), b = digest_of("b", 1), a_again = digest_of("a", 1);

	(void)state;
	assert_true(digest_equal(&a, &a_again));
	assert_false(digest_equal(&a, &b));
	a_again.bytes[15] ^= 1;
	assert_false(digest_equal(&a, &a_again));
}

/* The digest over two pieces. */
static struct digest digest_pair(struct digest_state *digest, const char *a, const char *b)
{
	digest_add(digest, a, strlen(a));
	digest_add(digest, b, strlen(b));
	return digest_finish(digest);
}

static void pieces_are_framed(void **state)
{
	struct digest_state *digest = digest_start();
	struct digest first = digest_pair(digest, "a", "bc");
	struct digest second = digest_pair(digest, "ab", "c");
	struct digest empty = digest_pair(digest, "abc", "");
	struct digest again = digest_pair(digest, "a", "bc");

	(void)state;
	assert_false(digest_equal(&first, &second));
	assert_false(digest_equal(&first, &empty));
	assert_true(digest_equal(&first, &again));
	digest_add(digest, "abc", 3);
	struct digest single = digest_finish(digest);
	assert_false(digest_equal(&single, &empty));
	digest_free(&digest);
	assert_null(digest);
	digest_free(&digest);
}

static void frame_is_the_size_in_eight_bytes_low_one_first(void **state)
{
	struct digest_state *digest = digest_start();
	struct digest plain = digest_of("\3\0\0\0\0\0\0\0abc", 11);

	(void)state;
	digest_add(digest, "abc", 3);
	struct digest framed = digest_finish(digest);
	assert_true(digest_equal(&framed, &plain));
	digest_free(&digest);
}

static void *digest_in_thread(void *result)
{
	*(struct digest *)result = digest_of("abc", 3);
	return NULL;
}

static void threads_do_not_share_a_context(void **state)
{
	struct digest here = digest_of("abc", 3), there[4];
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, digest_in_thread, &there[i]), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(digest_equal(&here, &there[i]));
	}
}

static void uuid_is_written_and_read(void **state)
{
	static const uint8_t bytes[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
	uint8_t parsed[16];
	char text[UUID_TEXT];

	(void)state;
	uuid_format(bytes, text);
	assert_string_equal(text, "01234567-89ab-cdef-fedc-ba9876543210");
	assert_true(uuid_parse(text, parsed));
	assert_memory_equal(parsed, bytes, 16);
	memset(parsed, 0, sizeof(parsed));
	assert_true(uuid_parse("01234567-89AB-cDeF-FEDC-BA9876543210", parsed));
	assert_memory_equal(parsed, bytes, 16);
}

static void what_is_no_uuid_is_refused_and_leaves_bytes_alone(void **state)
{
	static const char *const refused[] = {
	    "",
	    "01234567",
	    "01234567-89ab-cdef-fedc-ba987654321",
	    "01234567-89ab-cdef-fedc-ba98765432100",
	    "0123456789abcdeffedcba9876543210",
	    "01234567-89ab-cdef-fedcba-9876543210",
	    "01234567-89ab-cdef-fedc-ba987654321g",
	    "{01234567-89ab-cdef-fedc-ba98765432}",
	    "01234567 89ab-cdef-fedc-ba9876543210",
	};
	uint8_t bytes[16] = {7};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(uuid_parse(refused[i], bytes));
	assert_int_equal(bytes[0], 7);
}

static void expect_clean(const char *dirty, const char *clean)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", dirty);
	text_clean(text);
	assert_string_equal(text, clean);
	assert_true(text_is_valid(text, strlen(text)));
	assert_false(text_has_control(text, strlen(text)));
}

static void what_is_no_text_is_cleaned(void **state)
{
	(void)state;
	expect_clean("", "");
	expect_clean("caf\xC3\xA9 \xE2\x82\xAC", "caf\xC3\xA9 \xE2\x82\xAC");
	expect_clean("a\nb\tc\x7F", "a?b?c?");
	expect_clean("a\xC2\x85"
		     "b\xE2\x80\xA8",
		     "a??b???");
	expect_clean("cut \xE2\x82", "cut ??");
	expect_clean("\xFF\xC3 \xC0\x8A", "?? ??");
}

static void hidden_characters_are_found(void **state)
{
	static const char *const hidden[] = {"an\xE2\x80\x8Bn", "an\xC2\xADn", "\xE2\x80\xAE-ann",
					     "ann\xEF\xBB\xBF", "a\tb",        "\xC2\x85"};
	static const char *const seen[] = {"", "ann", "Zo\xC3\xAB \xC3\x85ngstr\xC3\xB6m", "\xE6\x9D\x8E", "a b"};

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_true(text_has_hidden(hidden[i], strlen(hidden[i])));
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		assert_false(text_has_hidden(seen[i], strlen(seen[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_utf8_without_nul_is_valid),
	    cmocka_unit_test(what_is_no_text_is_cleaned),
	    cmocka_unit_test(folding_gives_one_form_to_all_spellings),
	    cmocka_unit_test(folding_refuses_what_is_not_utf8),
	    cmocka_unit_test(folding_keeps_nul),
	    cmocka_unit_test(folding_twice_is_folding_once),
	    cmocka_unit_test(digest_is_the_first_half_of_sha256),
	    cmocka_unit_test(digests_are_equal_when_all_bytes_are),
	    cmocka_unit_test(pieces_are_framed),
	    cmocka_unit_test(frame_is_the_size_in_eight_bytes_low_one_first),
	    cmocka_unit_test(threads_do_not_share_a_context),
	    cmocka_unit_test(uuid_is_written_and_read),
	    cmocka_unit_test(what_is_no_uuid_is_refused_and_leaves_bytes_alone),
	    cmocka_unit_test(hidden_characters_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
