/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_sync_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Octets of a string literal, which may hold NULs. */
#define OCTETS(literal) (literal), sizeof(literal) - 1
#define UUID_A          "AAAAAAAAAAAAAAAA"
#define UUID_B          "BBBBBBBBBBBBBBBB"

typedef int decoder(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret);

static int open_arena(void **state)
{
	*state = arena_new();
	return 0;
}

static int close_arena(void **state)
{
	struct arena *arena = *state;

	arena_free(&arena);
	return 0;
}

static void assert_cookie(const struct ldap_sync_message *message, const char *cookie)
{
	assert_non_null(message->cookie.data);
	assert_int_equal(message->cookie.size, strlen(cookie));
	assert_memory_equal(message->cookie.data, cookie, strlen(cookie));
}

static void assert_uuid(const struct ldap_uuid *uuid, const char *octets)
{
	assert_memory_equal(uuid->bytes, octets, sizeof(uuid->bytes));
}

/* --- the request -------------------------------------------------------------------------------------------------------- */

static void requests_are_encoded_without_defaults(void **state)
{
	static const struct {
		struct ldap_sync_search search;
		const char *octets;
		size_t size;
	} vectors[] = {
	    {{.persist = false}, OCTETS("\x30\x03\x0a\x01\x01")},
	    {{.persist = true}, OCTETS("\x30\x03\x0a\x01\x03")},
	    {{.cookie = {"", 0}}, OCTETS("\x30\x03\x0a\x01\x01")},
	    {{.cookie = {"r\0d", 3}}, OCTETS("\x30\x08\x0a\x01\x01\x04\x03r\0d")},
	    {{.reload_hint = true}, OCTETS("\x30\x06\x0a\x01\x01\x01\x01\xff")},
	    {{.persist = true, .cookie = {"c", 1}, .reload_hint = true},
	     OCTETS("\x30\x09\x0a\x01\x03\x04\x01"
		    "c\x01\x01\xff")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct str out = {0};
		sync_request_encode(&vectors[i].search, &out);
		assert_int_equal(out.size, vectors[i].size);
		assert_memory_equal(out.data, vectors[i].octets, out.size);
		str_free(&out);
	}
}

/* --- states ------------------------------------------------------------------------------------------------------------- */

static void a_state_has_a_uuid_and_maybe_a_cookie(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_state_decode(OCTETS("\x30\x15\x0a\x01\x01\x04\x10" UUID_A), *state, &message), 0);
	assert_int_equal(message.state, SYNC_ADD);
	assert_uuid(&message.uuid, UUID_A);
	assert_null(message.cookie.data);
	assert_int_equal(
	    sync_state_decode(OCTETS("\x30\x1a\x0a\x01\x03\x04\x10" UUID_B "\x04\x03two"), *state, &message), 0);
	assert_int_equal(message.state, SYNC_DELETE);
	assert_uuid(&message.uuid, UUID_B);
	assert_cookie(&message, "two");
}

static void all_four_states_are_known_and_no_fifth(void **state)
{
	const int known[] = {SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE};
	char octets[] = "\x30\x15\x0a\x01?\x04\x10" UUID_A;
	struct ldap_sync_message message = {0};

	for (int number = 0; number < 4; number++) {
		octets[4] = (char)number;
		assert_int_equal(sync_state_decode(octets, sizeof(octets) - 1, *state, &message), 0);
		assert_int_equal(message.state, known[number]);
	}
	for (int number = 4; number < 256; number++) {
		octets[4] = (char)number;
		assert_int_equal(sync_state_decode(octets, sizeof(octets) - 1, *state, &message), -1);
	}
}

/* --- the end ------------------------------------------------------------------------------------------------------------ */

static void the_end_is_of_a_present_phase_unless_it_says_otherwise(void **state)
{
	struct ldap_sync_message message = {.deletes = true};

	assert_int_equal(sync_done_decode(OCTETS("\x30\x00"), *state, &message), 0);
	assert_false(message.deletes);
	assert_null(message.cookie.data);
	assert_int_equal(sync_done_decode(OCTETS("\x30\x08\x04\x03new\x01\x01\xff"), *state, &message), 0);
	assert_true(message.deletes);
	assert_cookie(&message, "new");
	assert_int_equal(sync_done_decode(OCTETS("\x30\x03\x01\x01\x00"), *state, &message), 0);
	assert_false(message.deletes);
}

static void any_octet_but_zero_is_true(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_done_decode(OCTETS("\x30\x03\x01\x01\x01"), *state, &message), 0);
	assert_true(message.deletes);
	assert_int_equal(sync_done_decode(OCTETS("\x30\x03\x01\x01\x80"), *state, &message), 0);
	assert_true(message.deletes);
}

static void an_empty_cookie_is_told_apart_from_none(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_done_decode(OCTETS("\x30\x05\x04\x00\x01\x01\xff"), *state, &message), 0);
	assert_non_null(message.cookie.data);
	assert_int_equal(message.cookie.size, 0);
}

/* --- the information between entries ------------------------------------------------------------------------------------ */

static void a_new_cookie_comes_alone(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_info_decode(OCTETS("\x80\x04"
						 "rid="),
					  *state, &message),
			 0);
	assert_int_equal(message.kind, SYNC_COOKIE);
	assert_cookie(&message, "rid=");
}

static void a_phase_is_the_last_unless_it_says_otherwise(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_info_decode(OCTETS("\xa1\x00"), *state, &message), 0);
	assert_int_equal(message.kind, SYNC_PHASE);
	assert_true(message.deletes && message.refresh_done);
	assert_null(message.cookie.data);
	assert_int_equal(sync_info_decode(OCTETS("\xa2\x00"), *state, &message), 0);
	assert_true(!message.deletes && message.refresh_done);
	assert_int_equal(sync_info_decode(OCTETS("\xa2\x06\x04\x01"
						 "c\x01\x01\x00"),
					  *state, &message),
			 0);
	assert_true(!message.deletes && !message.refresh_done);
	assert_cookie(&message, "c");
}

static void an_id_set_lists_deleted_or_present_ids(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_info_decode(OCTETS("\xa3\x2c\x04\x01"
						 "c\x01\x01\xff\x31\x24\x04\x10" UUID_A "\x04\x10" UUID_B),
					  *state, &message),
			 0);
	assert_int_equal(message.kind, SYNC_IDS);
	assert_true(message.deletes);
	assert_cookie(&message, "c");
	assert_int_equal(message.id_count, 2);
	assert_uuid(&message.ids[0], UUID_A);
	assert_uuid(&message.ids[1], UUID_B);

	message = (struct ldap_sync_message){0};
	assert_int_equal(sync_info_decode(OCTETS("\xa3\x14\x31\x12\x04\x10" UUID_B), *state, &message), 0);
	assert_false(message.deletes);
	assert_int_equal(message.id_count, 1);
	assert_uuid(&message.ids[0], UUID_B);
}

static void an_id_set_may_be_empty_and_large(void **state)
{
	enum { MANY = 5000 };
	struct ldap_sync_message message = {0};
	struct str octets = {0};
	const char head[] = {(char)0xa3, (char)0x83, 0x01, 0x5f, (char)0x95, 0x31, (char)0x83, 0x01, 0x5f, (char)0x90};

	assert_int_equal(sync_info_decode(OCTETS("\xa3\x02\x31\x00"), *state, &message), 0);
	assert_int_equal(message.id_count, 0);

	str_append(&octets, head, sizeof(head));
	for (uint32_t i = 0; i < MANY; i++) {
		str_append(&octets, OCTETS("\x04\x10uuid-number-"));
		str_append(&octets, &i, sizeof(i));
	}
	assert_int_equal(octets.size, sizeof(head) + MANY * 18);
	assert_int_equal(sync_info_decode(octets.data, octets.size, *state, &message), 0);
	assert_int_equal(message.id_count, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_memory_equal(message.ids[i].bytes + 12, &i, sizeof(i));
	str_free(&octets);
}

/* --- what is no such value ---------------------------------------------------------------------------------------------- */

static void later_parts_are_skipped(void **state)
{
	struct ldap_sync_message message = {0};

	assert_int_equal(sync_done_decode(OCTETS("\x30\x07\x01\x01\xff\x85\x02zz"), *state, &message), 0);
	assert_true(message.deletes);
	assert_int_equal(sync_info_decode(OCTETS("\xa1\x04\x85\x02zz"), *state, &message), 0);
	assert_int_equal(sync_info_decode(OCTETS("\xa3\x06\x31\x00\x85\x02zz"), *state, &message), 0);
	assert_int_equal(
	    sync_state_decode(OCTETS("\x30\x19\x0a\x01\x01\x04\x10" UUID_A "\x85\x02zz"), *state, &message), 0);
}

static void malformed_values_are_refused(void **state)
{
	static const struct {
		decoder *decode;
		const char *octets;
		size_t size;
	} vectors[] = {
	    {sync_state_decode, OCTETS("")},
	    {sync_state_decode, OCTETS("\x30")},
	    {sync_state_decode, OCTETS("\x30\x00")},
	    {sync_state_decode, OCTETS("\x30\x80\x0a\x01\x01\x04\x10" UUID_A "\0\0")}, /* indefinite length */
	    {sync_state_decode, OCTETS("\x30\x15\x0a\x01\x01\x04\x10" UUID_A "x")},    /* something behind */
	    {sync_state_decode, OCTETS("\x30\x14\x0a\x01\x01\x04\x10" UUID_A)},        /* shorter than it is */
	    {sync_state_decode, OCTETS("\x30\x16\x0a\x01\x01\x04\x10" UUID_A)},        /* longer than it is */
	    {sync_state_decode, OCTETS("\x31\x15\x0a\x01\x01\x04\x10" UUID_A)},        /* a set */
	    {sync_state_decode, OCTETS("\x30\x15\x02\x01\x01\x04\x10" UUID_A)},        /* an integer */
	    {sync_state_decode, OCTETS("\x30\x16\x0a\x02\x00\x01\x04\x10" UUID_A)},    /* of two octets */
	    {sync_state_decode, OCTETS("\x30\x14\x0a\x01\x01\x04\x0f"
				       "AAAAAAAAAAAAAAA")},                         /* 15 octets */
	    {sync_state_decode, OCTETS("\x30\x16\x0a\x01\x01\x04\x11" UUID_A "A")}, /* 17 octets */
	    {sync_state_decode, OCTETS("\x30\x15\x0a\x01\x01\x04\x84\xff\xff\xff\xff"
				       "AAAAAAAAAAAA")},
	    {sync_state_decode, OCTETS("\x30\x18\x0a\x01\x01\x04\x10" UUID_A "\x01\x01\xff")}, /* a boolean instead */
	    {sync_done_decode, OCTETS("")},
	    {sync_done_decode, OCTETS("\x04\x00")},
	    {sync_done_decode, OCTETS("\x30\x05\x01\x01\xff\x04\x00")},     /* in the wrong order */
	    {sync_done_decode, OCTETS("\x30\x06\x01\x01\xff\x01\x01\x00")}, /* twice */
	    {sync_done_decode, OCTETS("\x30\x02\x01\x00")},                 /* a boolean without its octet */
	    {sync_done_decode, OCTETS("\x30\x04\x01\x02\xff\xff")},         /* with two */
	    {sync_done_decode, OCTETS("\x30\x02\x04\x7f")},
	    {sync_done_decode, OCTETS("\x30\x00\x00")},
	    {sync_info_decode, OCTETS("")},
	    {sync_info_decode, OCTETS("\xa4\x00")}, /* no fifth choice */
	    {sync_info_decode, OCTETS("\x30\x00")},
	    {sync_info_decode, OCTETS("\x80\x05rid=")},
	    {sync_info_decode, OCTETS("\x80\x03rid=")},
	    {sync_info_decode, OCTETS("\xa1\x02\x31\x00")}, /* a phase with ids */
	    {sync_info_decode, OCTETS("\xa3\x00")},         /* an id set without a set */
	    {sync_info_decode, OCTETS("\xa3\x03\x01\x01\xff")},
	    {sync_info_decode, OCTETS("\xa3\x04\x31\x02\x04\x00")},        /* an id of no octets */
	    {sync_info_decode, OCTETS("\xa3\x02\x31\x12\x04\x10" UUID_A)}, /* ids beyond what holds them */
	    {sync_info_decode, OCTETS("\xa3\x14\x31\x10\x04\x10" UUID_A)},
	    {sync_info_decode, OCTETS("\xa3\x17\x31\x15\x04\x10" UUID_A "\x01\x01\xff")}, /* a boolean among ids */
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct ldap_sync_message message = {0};
		if (vectors[i].decode(vectors[i].octets, vectors[i].size, *state, &message) != -1)
			fail_msg("vector %zu was taken", i);
	}
}

/* Cut or changed at any place a value is refused or understood otherwise, and nothing else happens. */
static void damage_of_every_octet_is_survived(void **state)
{
	static const char whole[] = "\xa3\x2c\x04\x01"
				    "c\x01\x01\xff\x31\x24\x04\x10" UUID_A "\x04\x10" UUID_B;
	char octets[sizeof(whole) - 1];

	for (size_t size = 0; size < sizeof(octets); size++) {
		struct ldap_sync_message message = {0};
		assert_int_equal(sync_info_decode(whole, size, *state, &message), -1);
	}
	for (size_t at = 0; at < sizeof(octets); at++) {
		for (int octet = 0; octet < 256; octet++) {
			struct ldap_sync_message message = {0};
			memcpy(octets, whole, sizeof(octets));
			octets[at] = (char)octet;
			(void)sync_info_decode(octets, sizeof(octets), *state, &message);
			assert_true(message.id_count <= 2);
		}
		arena_reset(*state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_encoded_without_defaults),
	    cmocka_unit_test(a_state_has_a_uuid_and_maybe_a_cookie),
	    cmocka_unit_test(all_four_states_are_known_and_no_fifth),
	    cmocka_unit_test(the_end_is_of_a_present_phase_unless_it_says_otherwise),
	    cmocka_unit_test(any_octet_but_zero_is_true),
	    cmocka_unit_test(an_empty_cookie_is_told_apart_from_none),
	    cmocka_unit_test(a_new_cookie_comes_alone),
	    cmocka_unit_test(a_phase_is_the_last_unless_it_says_otherwise),
	    cmocka_unit_test(an_id_set_lists_deleted_or_present_ids),
	    cmocka_unit_test(an_id_set_may_be_empty_and_large),
	    cmocka_unit_test(later_parts_are_skipped),
	    cmocka_unit_test(malformed_values_are_refused),
	    cmocka_unit_test(damage_of_every_octet_is_survived),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
