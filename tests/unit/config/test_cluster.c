/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"
#include "roster/cluster.h"

#include <sys/stat.h>
#include <unistd.h>

static int make_arena(void **state)
{
	*state = arena_new();
	return 0;
}

static int free_arena(void **state)
{
	arena_free((struct arena **)state);
	return 0;
}

static void everything_lies_in_the_directory(void **state)
{
	struct cluster_paths paths = cluster_paths("/var/lib/roster/db//", *state);

	assert_string_equal(paths.directory, "/var/lib/roster/db");
	assert_string_equal(paths.data, "/var/lib/roster/db/data");
	assert_string_equal(paths.run, "/var/lib/roster/db/run");
	assert_string_equal(paths.socket, "/var/lib/roster/db/run/.s.PGSQL.5432");
}

static void a_relative_name_means_the_working_directory(void **state)
{
	char here[4096];

	assert_non_null(getcwd(here, sizeof here));
	assert_string_equal(cluster_paths("db", *state).directory, arena_printf(*state, "%s/db", here));
	assert_string_equal(cluster_conninfo("../db", *state),
			    arena_printf(*state, "host=%s/../db/run port=5432 dbname=roster", here));
}

static void a_conninfo_is_quoted_where_it_must_be(void **state)
{
	assert_string_equal(cluster_conninfo("/db", *state), "host=/db/run port=5432 dbname=roster");
	assert_string_equal(cluster_conninfo("/my db", *state), "host='/my db/run' port=5432 dbname=roster");
	assert_string_equal(cluster_conninfo("/it's", *state), "host='/it\\'s/run' port=5432 dbname=roster");
	assert_string_equal(cluster_conninfo("/a\\b", *state), "host='/a\\\\b/run' port=5432 dbname=roster");
}

/* "/run/.s.PGSQL.5432" and the 0 behind it leave 89 of 108 bytes. */
static void the_socket_must_fit(void **state)
{
	char name[92];

	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[89] = '\0';
	assert_null(cluster_path_flaw(name, *state));
	name[89] = 'x';
	name[90] = '\0';
	assert_string_equal(cluster_path_flaw(name, *state),
			    "is too long: the socket in it may have 107 bytes, not 108");
}

static void names_that_mean_something_to_libpq_are_refused(void **state)
{
	assert_string_equal(cluster_path_flaw("/a,b", *state), "holds a comma or a control character");
	assert_string_equal(cluster_path_flaw("/a\nb", *state), "holds a comma or a control character");
	assert_null(cluster_path_flaw("/a 'b' \"c\" \\d", *state));
	expect("version: 1\ndatabase: { embedded: \"/a,b\" }\n",
	       "rosterd.conf:2: \"embedded\" holds a comma or a control character\n"
	       "    database: { embedded: \"/a,b\" }\n"
	       "    hint: choose another directory\n");
}

static void a_configuration_gives_the_conninfo_and_does_not_show_it(void **state)
{
	struct loaded loaded = load_good("version: 1\ndatabase: { embedded: \"/my db\" }\n");
	struct str shown = {0};

	(void)state;
	assert_string_equal(loaded.config->database.conninfo, "host='/my db/run' port=5432 dbname=roster");
	config_show(loaded.config, false, &shown);
	assert_string_equal(str_text(&shown), "version: 1\ndatabase: {\n  embedded: \"/my db\"\n}\n");
	str_free(&shown);
	loaded_free(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_lies_in_the_directory),
	    cmocka_unit_test(a_relative_name_means_the_working_directory),
	    cmocka_unit_test(a_conninfo_is_quoted_where_it_must_be),
	    cmocka_unit_test(the_socket_must_fit),
	    cmocka_unit_test(names_that_mean_something_to_libpq_are_refused),
	    cmocka_unit_test(a_configuration_gives_the_conninfo_and_does_not_show_it),
	};
	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
