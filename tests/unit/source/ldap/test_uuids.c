/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/uuids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ldap_uuid uuid_of(uint32_t number)
{
	struct ldap_uuid uuid = {{0}};

	memcpy(uuid.bytes, &number, sizeof(number));
	return uuid;
}

static void an_empty_table_knows_nothing(void **state)
{
	struct uuids uuids = {0};
	struct ldap_uuid zero = uuid_of(0);
	size_t position = 0;

	(void)state;
	assert_int_equal(uuids_get(&uuids, &zero), UUID_UNSEEN);
	assert_null(uuids_next(&uuids, &position));
	uuids_free(&uuids);
}

static void the_last_word_counts_also_for_the_zero_uuid(void **state)
{
	struct uuids uuids = {0};
	struct ldap_uuid zero = uuid_of(0);

	(void)state;
	uuids_set(&uuids, &zero, UUID_REMOVED);
	assert_int_equal(uuids_get(&uuids, &zero), UUID_REMOVED);
	uuids_set(&uuids, &zero, UUID_CAME);
	assert_int_equal(uuids_get(&uuids, &zero), UUID_CAME);
	assert_int_equal(uuids.count, 1);
	uuids_free(&uuids);
}

static void many_are_kept_apart_and_walked_once(void **state)
{
	enum { MANY = 20000 };
	static bool met[MANY];
	struct uuids uuids = {0};
	const struct uuid_slot *slot;
	size_t position = 0;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		struct ldap_uuid uuid = uuid_of(i);
		uuids_set(&uuids, &uuid, (enum uuid_state)(1 + i % 3));
	}
	assert_int_equal(uuids.count, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct ldap_uuid uuid = uuid_of(i), other = uuid_of(i + MANY);
		assert_int_equal(uuids_get(&uuids, &uuid), 1 + i % 3);
		assert_int_equal(uuids_get(&uuids, &other), UUID_UNSEEN);
	}
	while ((slot = uuids_next(&uuids, &position))) {
		uint32_t number;
		memcpy(&number, slot->uuid.bytes, sizeof(number));
		assert_true(number < MANY && !met[number]);
		met[number] = true;
		assert_int_equal(slot->state, 1 + number % 3);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_true(met[i]);
	uuids_free(&uuids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_table_knows_nothing),
	    cmocka_unit_test(the_last_word_counts_also_for_the_zero_uuid),
	    cmocka_unit_test(many_are_kept_apart_and_walked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
