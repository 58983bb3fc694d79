/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/cluster.h"

#include "roster/str.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number a folder is named after; 0 for any other name. */
static int version_named(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits == 0 || digits > 4 || name[digits] ? 0 : (int)strtol(name, NULL, 10);
}

static bool is_there(const char *root, const char *version, const char *program)
{
	struct str path = {0};

	str_printf(&path, "%s/%s/bin/%s", root, version, program);
	bool there = access(str_text(&path), X_OK) == 0;
	str_free(&path);
	return there;
}

int postgresql_version(const char *root, const char *program, int wanted)
{
	DIR *folder = opendir(root);
	const struct dirent *entry;
	int best = 0;

	while (folder && (entry = readdir(folder))) {
		int version = version_named(entry->d_name);
		if (version >= POSTGRESQL_OLDEST && version > best && (wanted == 0 || version == wanted) &&
		    is_there(root, entry->d_name, program))
			best = version;
	}
	if (folder)
		closedir(folder);
	return best;
}

const char *postgresql_program(int version, const char *program, struct arena *arena)
{
	return arena_printf(arena, POSTGRESQL_ROOT "/%d/bin/%s", version, program);
}
