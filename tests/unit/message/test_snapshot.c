/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *permissions[] = {NULL, "view", "edit", "scale"};
static const char *roles[] = {NULL, "Owner", "Developer", "Operator"};
static const struct message_names names = {permissions, roles, 4, 4};

/* Apps 7 and 8 belong to groups 3 and 4 below 1, the namespace 9 to group 4; on 6 nobody can do anything. */
static struct snapshot *company(void)
{
	struct snapshot *s = snapshot_new();

	snapshot_add_resource(s, "6", "app:none");
	snapshot_add_resource(s, "7", "app:shop");
	snapshot_add_resource(s, "8", "app:gate");
	snapshot_add_resource(s, "9", "namespace:k/n/test");
	snapshot_add_role(s, "1", "app", true);
	snapshot_add_role(s, "2", "app", true);
	snapshot_add_role(s, "3", "app", true);
	snapshot_add_role(s, "3", "namespace", true);
	snapshot_add_role(s, "4", "app", false);
	snapshot_add_reach(s, "8", "app", "{8,4,1}");
	snapshot_add_reach(s, "7", "app", "{7,3,1}");
	snapshot_add_reach(s, "9", "namespace", "{4,1}");
	return s;
}

static void add_person(struct snapshot *s, const char *user)
{
	snapshot_add_person(s, &(struct told){.user = user, .login = user, .external_ids = "{}"});
}

/* What the schema would say of a set of roles: role 4 permits nothing, and what role 3 does not count beside it. */
static const struct {
	const char *kind, *roles, *permissions, *counting;
} known[] = {
    {"app", "{1}", "{1,2}", "{1}"},         {"app", "{2}", "{1}", "{2}"}, {"app", "{4}", "{}", "{}"},
    {"app", "{1,2,3}", "{1,2}", "{1,2,3}"}, {"app", "{3,4}", "{}", "{}"}, {"app", "{2,3,4}", "{1}", "{2}"},
    {"namespace", "{3}", "{3}", "{3}"},
};

static void say(struct snapshot *s, size_t number, const char *kind, size_t kind_size, const char *set)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i].kind) == kind_size && memcmp(known[i].kind, kind, kind_size) == 0 &&
		    memcmp(known[i].roles, set, strlen(known[i].roles)) == 0) {
			snapshot_add_set(s, number, known[i].permissions, known[i].counting);
			return;
		}
	fail_msg("nobody knows %s", set);
}

/* Look at a resource and answer what is asked about sets: {app,app} and {"{1}","{2,3}"}. */
static size_t look(struct snapshot *s, size_t index)
{
	struct str kinds = {0}, sets = {0};
	size_t asked = snapshot_look(s, index);

	snapshot_sets(s, &kinds, &sets);
	const char *kind = str_text(&kinds) + 1, *set = str_text(&sets) + 1;
	for (size_t i = 1; i <= asked; i++) {
		size_t size = strcspn(kind, ",}");
		say(s, i, kind, size, set + 1);
		kind += size + 1;
		set = strchr(set + 1, '"') + 2;
	}
	str_free(&kinds);
	str_free(&sets);
	return asked;
}

/* That each of these texts is of one person. */
static void expect(struct snapshot *s, size_t index, const char *name, size_t count, const char *const changes[])
{
	struct snapshot_resource resource;

	look(s, index);
	snapshot_tell(s, index, &names, &resource);
	assert_string_equal(resource.name, name);
	assert_int_equal(resource.people, count);
	for (size_t i = 0; i < count; i++) {
		size_t same = 0;
		for (size_t k = 0; k < count; k++) {
			const struct told_change change = snapshot_change(s, k);
			char text[1024];
			snprintf(text, sizeof text, "%.*s%.*s", (int)change.user.size, change.user.text,
				 (int)change.access.size, change.access.text);
			same += strstr(text, changes[i]) != NULL;
			assert_non_null(strstr(change.resource.text, name));
		}
		assert_int_equal(same, 1);
	}
}

#define ACCESS(login, permissions, roles)                                                                              \
	"\"login\":\"" login "\",\"email\":null,\"name\":null,\"external_ids\":{}},\"permissions\":{\"before\":[],"    \
	"\"after\":[" permissions "]},\"roles\":{\"before\":[],\"after\":[" roles "]}}"

static void what_is_held_above_reaches_what_is_below(void **state)
{
	struct snapshot *s = company();

	(void)state;
	snapshot_add_holding(s, "ann", "1", "2");
	snapshot_add_holding(s, "bob", "4", "2");
	add_person(s, "ann");
	add_person(s, "bob");
	assert_int_equal(snapshot_count(s), 4);
	expect(s, 0, "app:none", 0, NULL);
	expect(s, 1, "app:shop", 1, (const char *[]){ACCESS("ann", "\"view\"", "\"Developer\"")});
	expect(
	    s, 2, "app:gate", 2,
	    (const char *[]){ACCESS("ann", "\"view\"", "\"Developer\""), ACCESS("bob", "\"view\"", "\"Developer\"")});
	/* A role that means nothing there is not told. */
	expect(s, 3, "namespace:k/n/test", 0, NULL);
	snapshot_free(&s);
	assert_null(s);
}

static void roles_add_up_in_any_order(void **state)
{
	struct snapshot *s = company();

	(void)state;
	snapshot_add_holding(s, "ann", "1", "3");
	snapshot_add_holding(s, "ann", "3", "2");
	snapshot_add_holding(s, "ann", "7", "1");
	snapshot_add_holding(s, "bob", "7", "2");
	snapshot_add_holding(s, "bob", "3", "1");
	snapshot_add_holding(s, "bob", "1", "3");
	/* Twice, from two sources. */
	snapshot_add_holding(s, "bob", "1", "3");
	add_person(s, "ann");
	add_person(s, "bob");
	expect(s, 1, "app:shop", 2,
	       (const char *[]){ACCESS("ann", "\"view\",\"edit\"", "\"Owner\",\"Developer\",\"Operator\""),
				ACCESS("bob", "\"view\",\"edit\"", "\"Owner\",\"Developer\",\"Operator\"")});
	/* What was found out about one resource does not stay for the next, which is of another kind. */
	expect(
	    s, 3, "namespace:k/n/test", 2,
	    (const char *[]){ACCESS("ann", "\"scale\"", "\"Operator\""), ACCESS("bob", "\"scale\"", "\"Operator\"")});
	snapshot_free(&s);
}

static void a_set_says_what_it_permits_and_is_asked_about_once(void **state)
{
	struct snapshot *s = company();

	(void)state;
	snapshot_add_holding(s, "ann", "1", "3");
	snapshot_add_holding(s, "ann", "1", "4");
	snapshot_add_holding(s, "bob", "3", "2");
	snapshot_add_holding(s, "bob", "1", "3");
	snapshot_add_holding(s, "bob", "1", "4");
	snapshot_add_holding(s, "eve", "8", "4");
	add_person(s, "ann");
	add_person(s, "bob");
	add_person(s, "eve");
	/* What only stands in the way is not told, nor is who may do nothing. */
	expect(s, 1, "app:shop", 1, (const char *[]){ACCESS("bob", "\"view\"", "\"Developer\"")});
	assert_int_equal(look(s, 1), 0);
	expect(s, 2, "app:gate", 0, NULL);
	assert_int_equal(look(s, 2), 0);
	expect(s, 1, "app:shop", 1, (const char *[]){ACCESS("bob", "\"view\"", "\"Developer\"")});
	snapshot_free(&s);
}

static void who_is_not_known_is_not_told(void **state)
{
	struct snapshot *s = company();

	(void)state;
	snapshot_add_holding(s, "ann", "1", "2");
	snapshot_add_holding(s, "gone", "1", "2");
	add_person(s, "ann");
	expect(s, 1, "app:shop", 1, (const char *[]){ACCESS("ann", "\"view\"", "\"Developer\"")});
	snapshot_free(&s);
}

static void questions_name_each_thing_once(void **state)
{
	struct snapshot *s = company();
	struct str text = {0};

	(void)state;
	snapshot_add_holding(s, "ann", "1", "2");
	snapshot_add_holding(s, "ann", "4", "2");
	snapshot_resources(s, &text);
	str_add_char(&text, ' ');
	snapshot_anchors(s, &text);
	str_add_char(&text, ' ');
	snapshot_kinds(s, &text);
	str_add_char(&text, ' ');
	snapshot_users(s, &text);
	assert_string_equal(text.data, "{6,7,8,9} {8,4,1,7,3} {app,namespace} {ann}");
	str_free(&text);
	snapshot_free(&s);
}

static void many_people_and_anchors_keep_their_numbers(void **state)
{
	struct snapshot *s = snapshot_new();
	struct snapshot_resource resource;
	char anchors[8192] = "{", user[32], anchor[32];

	(void)state;
	for (int i = 1; i <= 1000; i++)
		snprintf(anchors + strlen(anchors), sizeof anchors - strlen(anchors), "%s%d", i == 1 ? "" : ",", i);
	strncat(anchors, "}", 2);
	snapshot_add_resource(s, "7", "app:shop");
	snapshot_add_role(s, "2", "app", true);
	snapshot_add_reach(s, "7", "app", anchors);
	for (int i = 1; i <= 3000; i++) {
		snprintf(user, sizeof user, "u%d", i);
		snprintf(anchor, sizeof anchor, "%d", 1 + i % 1000);
		snapshot_add_holding(s, user, anchor, "2");
		add_person(s, user);
	}
	assert_int_equal(look(s, 0), 1);
	snapshot_tell(s, 0, &names, &resource);
	assert_int_equal(resource.people, 3000);
	snapshot_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_held_above_reaches_what_is_below),
	    cmocka_unit_test(roles_add_up_in_any_order),
	    cmocka_unit_test(a_set_says_what_it_permits_and_is_asked_about_once),
	    cmocka_unit_test(who_is_not_known_is_not_told),
	    cmocka_unit_test(questions_name_each_thing_once),
	    cmocka_unit_test(many_people_and_anchors_keep_their_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
