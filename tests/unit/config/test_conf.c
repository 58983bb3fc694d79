/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"

static const char file[] = "f";

static struct conf_node *parse(const char *text, struct arena *arena)
{
	struct conf_node *root = NULL;
	struct error err = {0};
	int line;

	assert_int_equal(conf_parse(text, file, arena, &root, &line, &err), 0);
	return root;
}

static void tree_has_types_values_and_lines(void **state)
{
	struct arena *arena = arena_new();
	const struct conf_node *root =
	    parse("a: 1\nb: 4294967297L\nc: 1.5\nd: \"x\"\ne: true\nf: ( 1, [ \"y\" ] )\ng: {\n h: false }\n", arena);
	static const enum conf_type types[] = {CONF_INTEGER, CONF_INTEGER, CONF_REAL, CONF_STRING,
					       CONF_TRUTH,   CONF_LIST,    CONF_GROUP};

	(void)state;
	assert_int_equal(root->type, CONF_GROUP);
	assert_null(root->name);
	assert_int_equal(root->line, 0);
	assert_int_equal(root->count, 7);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(root->children[i]->type, types[i]);
		assert_int_equal(root->children[i]->line, i + 1);
		assert_ptr_equal(root->children[i]->file, file);
	}
	assert_int_equal(conf_child(root, "a")->integer, 1);
	assert_int_equal(conf_child(root, "b")->integer, 4294967297);
	assert_string_equal(conf_child(root, "d")->text, "x");
	assert_true(conf_child(root, "e")->truth);
	assert_string_equal(conf_child(root, "f")->children[1]->children[0]->text, "y");
	assert_false(conf_child(conf_child(root, "g"), "h")->truth);
	assert_int_equal(conf_child(conf_child(root, "g"), "h")->line, 8);
	arena_free(&arena);
}

static void child_that_is_not_there_is_null(void **state)
{
	struct arena *arena = arena_new();
	const struct conf_node *root = parse("a: [ 1 ]", arena);

	(void)state;
	assert_null(conf_child(root, "b"));
	assert_null(conf_child(conf_child(root, "a"), "b"));
	assert_null(conf_child(NULL, "a"));
	arena_free(&arena);
}

static void mistake_is_given_with_its_line(void **state)
{
	struct arena *arena = arena_new();
	struct conf_node *root = NULL;
	struct error err = {0};
	int line;

	(void)state;
	assert_int_equal(conf_parse("a: 1\nb 2\n", file, arena, &root, &line, &err), -1);
	assert_int_equal(line, 2);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_string_equal(err.text, "syntax error");
	assert_null(root);
	arena_free(&arena);
}

static void depth_is_limited(void **state)
{
	struct arena *arena = arena_new();
	struct str text = {0};
	struct conf_node *root = NULL;
	struct error err = {0};
	int line;

	(void)state;
	for (int i = 0; i < 33; i++)
		str_add(&text, "a: {");
	for (int i = 0; i < 33; i++)
		str_add(&text, "}");
	assert_int_equal(conf_parse(str_text(&text), file, arena, &root, &line, &err), -1);
	assert_string_equal(err.text, "groups are nested more than 32 deep");
	str_free(&text);
	arena_free(&arena);
}

static void types_have_names_for_messages(void **state)
{
	(void)state;
	assert_string_equal(conf_type_name(CONF_GROUP), "a group");
	assert_string_equal(conf_type_name(CONF_TRUTH), "true or false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tree_has_types_values_and_lines), cmocka_unit_test(child_that_is_not_there_is_null),
	    cmocka_unit_test(mistake_is_given_with_its_line),  cmocka_unit_test(depth_is_limited),
	    cmocka_unit_test(types_have_names_for_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
