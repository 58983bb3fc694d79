/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct value uids[] = {TEXT("zoe"), TEXT("adam"), TEXT("Ann")};
static struct value mails[] = {TEXT("z@x"), TEXT("\xFF"), TEXT(""), TEXT("a\0b"), TEXT("m@x")};
static struct value broken[] = {TEXT("\xFF"), TEXT("good")};
static struct value empty[] = {TEXT("")};
static struct value cns[] = {TEXT("ann  B"), TEXT("Ann B"), TEXT("Aa")};
static struct attribute attributes[] = {
    ATTRIBUTE("uid", uids), ATTRIBUTE("mail", mails), ATTRIBUTE("sn;lang-es", cns),
    ATTRIBUTE("x", broken), ATTRIBUTE("y", empty),    ATTRIBUTE("cn", cns),
    {"none", NULL, 0},
};
static const struct entry ann = {
    .dn = "2.5.4.3=ANN B+userid=ann,o=x", .attributes = attributes, .attribute_count = COUNT(attributes)};

static void kinds_have_the_names_of_the_database(void **state)
{
	(void)state;
	assert_string_equal(entry_kind_name(ENTRY_USER), "user");
	assert_string_equal(entry_kind_name(ENTRY_GROUP), "group");
	assert_string_equal(entry_kind_name(ENTRY_UNIT), "unit");
}

static void attributes_are_found_without_regard_to_case(void **state)
{
	(void)state;
	assert_ptr_equal(entry_attribute(&ann, "UID"), &attributes[0]);
	assert_null(entry_attribute(&ann, "title"));
}

static void options_are_part_of_the_name(void **state)
{
	(void)state;
	assert_null(entry_attribute(&ann, "sn"));
	assert_ptr_equal(entry_attribute(&ann, "SN;LANG-ES"), &attributes[2]);
}

static void text_is_the_first_value_if_it_is_text(void **state)
{
	(void)state;
	assert_string_equal(entry_text(&ann, "uid"), "zoe");
	assert_null(entry_text(&ann, "x"));
	assert_null(entry_text(&ann, "y"));
	assert_null(entry_text(&ann, "none"));
	assert_null(entry_text(&ann, "absent"));
}

static void chosen_value_is_the_one_in_the_rdn(void **state)
{
	(void)state;
	assert_string_equal(entry_chosen_text(&ann, "uid"), "Ann");
	/* Two spellings of it: the bytewise smallest. */
	assert_string_equal(entry_chosen_text(&ann, "cn"), "Ann B");
}

static void chosen_value_is_else_the_smallest_valid_one(void **state)
{
	struct entry lost = ann;

	(void)state;
	assert_string_equal(entry_chosen_text(&ann, "mail"), "m@x");
	assert_string_equal(entry_chosen_text(&ann, "x"), "good");
	assert_null(entry_chosen_text(&ann, "y"));
	assert_null(entry_chosen_text(&ann, "none"));
	assert_null(entry_chosen_text(&ann, "absent"));
	lost.dn = "not a dn";
	assert_string_equal(entry_chosen_text(&lost, "uid"), "Ann");
	lost.dn = "uid=elsewhere";
	assert_string_equal(entry_chosen_text(&lost, "uid"), "Ann");
	lost.dn = "ou=y,uid=zoe";
	assert_string_equal(entry_chosen_text(&lost, "uid"), "Ann");
}

static const char *id_of(const char *name, const char *bytes, size_t size, struct arena *arena)
{
	struct value value = {.data = bytes, .size = size};
	const struct attribute attribute = {.name = name, .values = &value, .count = 1};
	const char *id = NULL;
	struct error err = {0};

	if (entry_id(&attribute, arena, &id, &err) < 0) {
		assert_int_equal(err.class, ERR_DATA);
		assert_non_null(strstr(err.text, name));
		return NULL;
	}
	return id;
}

static void ids_have_one_canonical_text(void **state)
{
	static const char guid[] = "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF";
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(id_of("entryUUID", "00112233-4455-6677-8899-AABBCCDDEEFF", 36, arena),
			    "00112233-4455-6677-8899-aabbccddeeff");
	assert_string_equal(id_of("ObjectGuid", guid, 16, arena), "00112233-4455-6677-8899-aabbccddeeff");
	assert_string_equal(id_of("employeeNumber", "E-0042", 6, arena), "E-0042");
	assert_string_equal(id_of("objectGUID", "plain", 5, arena), "plain");
	assert_string_equal(id_of("nsuniqueid", "B76385cc-e59011f1-87d6fea3-de8439ba", 35, arena),
			    "b76385cc-e590-11f1-87d6-fea3de8439ba");
	assert_string_equal(id_of("nsUniqueId", "b76385cc-e59011f1-87d6fea3-de8439bx", 35, arena),
			    "b76385cc-e59011f1-87d6fea3-de8439bx");
	assert_string_equal(id_of("nsUniqueId", "b76385cc-e59011f1-87d6fea3+de8439ba", 35, arena),
			    "b76385cc-e59011f1-87d6fea3+de8439ba");
	assert_string_equal(id_of("employeeNumber", "b76385cc-e59011f1-87d6fea3-de8439ba", 35, arena),
			    "b76385cc-e59011f1-87d6fea3-de8439ba");
	assert_null(id_of("nsUniqueId", guid, 16, arena));
	assert_null(id_of("employeeNumber", "", 0, arena));
	arena_free(&arena);
}

static void an_id_has_exactly_one_value(void **state)
{
	struct error err = {0};
	const char *id;

	(void)state;
	assert_int_equal(entry_id(&attributes[0], NULL, &id, &err), -1);
	assert_string_equal(err.text, "uid has 3 values, an id has one");
	assert_int_equal(entry_id(&attributes[6], NULL, &id, &err), -1);
	assert_string_equal(err.text, "none has 0 values, an id has one");
}

static void secrets_are_known_whatever_their_spelling(void **state)
{
	(void)state;
	assert_true(attribute_is_secret("userPassword"));
	assert_true(attribute_is_secret("USERPASSWORD;x-hash"));
	assert_true(attribute_is_secret("unicodePwd"));
	assert_true(attribute_is_secret("sambaNTPassword"));
	assert_true(attribute_is_secret("krbPrincipalKey"));
	assert_false(attribute_is_secret("userPasswordHint"));
	assert_false(attribute_is_secret("user"));
	assert_false(attribute_is_secret("uid"));
	assert_false(attribute_is_secret(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds_have_the_names_of_the_database),
	    cmocka_unit_test(attributes_are_found_without_regard_to_case),
	    cmocka_unit_test(options_are_part_of_the_name),
	    cmocka_unit_test(text_is_the_first_value_if_it_is_text),
	    cmocka_unit_test(chosen_value_is_the_one_in_the_rdn),
	    cmocka_unit_test(chosen_value_is_else_the_smallest_valid_one),
	    cmocka_unit_test(ids_have_one_canonical_text),
	    cmocka_unit_test(an_id_has_exactly_one_value),
	    cmocka_unit_test(secrets_are_known_whatever_their_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
