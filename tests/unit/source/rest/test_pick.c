/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/pick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char object_text[] =
    "{\"id\":7,\"login\":\"ann\",\"first\":\"Ann\",\"last\":\"Ng\",\"on\":true,\"off\":false,\"nil\":null,\"big\":"
    "9007199254740993,"
    "\"name\":{\"full\":\"Ann "
    "Ng\",\"a/b\":\"slash\",\"~\":\"tilde\"},\"list\":[\"x\",\"y\",5,true,null,{\"value\":\"v\"},{\"other\":1},[]],"
    "\"mails\":[{\"value\":\"home\",\"primary\":false},{\"value\":\"work\",\"primary\":true,\"type\":\"w\"}],"
    "\"attributes\":{\"dept\":[\"d1\",\"d2\"],\"login\":\"never\"},\"profile\":{\"mail\":\"m\"},\"status\":\"LOCKED_"
    "OUT\",\"empty\":\"\"}";

static const char *const home_pointers[] = {"/attributes", "/profile", NULL};
static const struct pick_homes homes = {home_pointers};

/* Values with | between them; "-" for none. */
static void assert_picks(const char *expression, const char *wanted)
{
	struct arena *arena = arena_new();
	struct json *object = NULL;
	struct attribute found;
	struct str text = {0};

	assert_int_equal(json_parse(object_text, strlen(object_text), 1 << 20, &object, NULL), 0);
	if (!pick_values(object, expression, &homes, arena, &found))
		str_add(&text, "-");
	for (size_t i = 0; i < found.count; i++)
		str_printf(&text, "%s%s", i > 0 ? "|" : "", found.values[i].data);
	if (strcmp(str_text(&text), wanted) != 0)
		fail_msg("%s gives %s, not %s", expression, str_text(&text), wanted);
	str_free(&text);
	json_free(&object);
	arena_free(&arena);
}

static void values_are_picked(void **state)
{
	(void)state;
	assert_picks("login", "ann");
	assert_picks("id", "7");
	assert_picks("on", "true");
	assert_picks("off", "false");
	assert_picks("big", "9007199254740993");
	assert_picks("nil", "-");
	assert_picks("empty", "-");
	assert_picks("nothing", "-");
	assert_picks("name", "-");
	assert_picks("list", "x|y|5|true|v");
	assert_picks("mails", "home|work");
}

static void pointers_are_followed(void **state)
{
	(void)state;
	assert_picks("/name/full", "Ann Ng");
	assert_picks("/name/a~1b", "slash");
	assert_picks("/name/~0", "tilde");
	assert_picks("/list/1", "y");
	assert_picks("/list/99", "-");
	assert_picks("/list/-1", "-");
	assert_picks("/list/1x", "-");
	assert_picks("/login/deeper", "-");
	assert_picks("/mails[?primary=true]/value", "work");
	assert_picks("/mails[?type=w]/value", "work");
	assert_picks("/mails[?type=q]/value", "-");
	assert_picks("/mails[?primary", "-");
	assert_picks("/mails[]/value", "-");
	assert_picks("/name[?a=b]", "-");
	assert_picks("/", "-");
}

static void a_name_is_looked_for_in_its_homes(void **state)
{
	(void)state;
	assert_picks("dept", "d1|d2");
	assert_picks("mail", "m");
	assert_picks("/attributes/login", "never");
}

static void several_are_joined(void **state)
{
	(void)state;
	assert_picks("first last", "Ann Ng");
	assert_picks("first nothing last", "Ann Ng");
	assert_picks(" nothing  nil ", "-");
}

static void assert_flaw(const char *conditions, const char *wanted, bool wants_unknown)
{
	struct arena *arena = arena_new();
	struct json *object = NULL;
	bool unknown;

	assert_int_equal(json_parse(object_text, strlen(object_text), 1 << 20, &object, NULL), 0);
	const char *flaw = pick_flaw(object, conditions, &homes, arena, &unknown);
	if (wanted)
		assert_string_equal(flaw, wanted);
	else
		assert_null(flaw);
	assert_int_equal(unknown, wants_unknown);
	json_free(&object);
	arena_free(&arena);
}

static void conditions_say_what_does_not_hold(void **state)
{
	(void)state;
	assert_flaw("", NULL, false);
	assert_flaw("on", NULL, false);
	assert_flaw("off", "off is false", false);
	assert_flaw("!on", "on is true", false);
	assert_flaw("!off", NULL, false);
	assert_flaw("!nothing", NULL, false);
	assert_flaw("nothing", NULL, true);
	assert_flaw("?nothing", NULL, false);
	assert_flaw("?off", "off is false", false);
	assert_flaw("on off", "off is false", false);
	assert_flaw("status=ACTIVE,LOCKED_OUT", NULL, false);
	assert_flaw("status=ACTIVE", "status is LOCKED_OUT", false);
	assert_flaw("status=LOCKED", "status is LOCKED_OUT", false);
	assert_flaw("!status=LOCKED_OUT", "status is LOCKED_OUT", false);
	assert_flaw("login", "login is ann", false);
	assert_flaw("?login=bob,ann", NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_picked),
	    cmocka_unit_test(pointers_are_followed),
	    cmocka_unit_test(a_name_is_looked_for_in_its_homes),
	    cmocka_unit_test(several_are_joined),
	    cmocka_unit_test(conditions_say_what_does_not_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
