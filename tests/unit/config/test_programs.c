/* SPDX-License-Identifier: Apache-2.0 */
#include "expect.h"
#include "roster/cluster.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with these versions of "initdb", an executable file. */
struct root {
	char path[64];
};

static void make_program(const struct root *root, const char *version, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", root->path, version);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/%s/bin", root->path, version);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/%s/bin/initdb", root->path, version);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	close(fd);
}

static struct root make_root(const char *const versions[])
{
	struct root root = {"/tmp/roster-programs-XXXXXX"};

	assert_non_null(mkdtemp(root.path));
	for (size_t i = 0; versions[i]; i++)
		make_program(&root, versions[i], 0700);
	return root;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

static void remove_root(const struct root *root)
{
	assert_int_equal(nftw(root->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void the_newest_is_taken_unless_one_is_wanted(void **state)
{
	struct root root = make_root((const char *const[]){"9.6", "13", "15", "16", "100", "17devel", "current", NULL});

	(void)state;
	assert_int_equal(postgresql_version(root.path, "initdb", 0), 100);
	assert_int_equal(postgresql_version(root.path, "initdb", 15), 15);
	assert_int_equal(postgresql_version(root.path, "initdb", 17), 0);
	assert_int_equal(postgresql_version(root.path, "pg_dump", 0), 0);
	remove_root(&root);
}

static void what_is_too_old_is_not_taken(void **state)
{
	struct root root = make_root((const char *const[]){"13", "14", NULL});

	(void)state;
	assert_int_equal(postgresql_version(root.path, "initdb", 0), 0);
	assert_int_equal(postgresql_version(root.path, "initdb", 14), 0);
	remove_root(&root);
}

static void what_cannot_be_run_is_not_there(void **state)
{
	struct root root = make_root((const char *const[]){"15", NULL});

	(void)state;
	make_program(&root, "16", 0600);
	assert_int_equal(postgresql_version(root.path, "initdb", 0), 15);
	assert_int_equal(postgresql_version(root.path, "initdb", 16), 0);
	assert_int_equal(postgresql_version("/nonexistent", "initdb", 0), 0);
	remove_root(&root);
}

static void a_program_has_its_place(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(postgresql_program(15, "postgres", arena), "/usr/lib/postgresql/15/bin/postgres");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_newest_is_taken_unless_one_is_wanted),
	    cmocka_unit_test(what_is_too_old_is_not_taken),
	    cmocka_unit_test(what_cannot_be_run_is_not_there),
	    cmocka_unit_test(a_program_has_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
