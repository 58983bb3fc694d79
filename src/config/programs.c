/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are started: those of PostgreSQL, and the administrator's own. */
#include "config/load.h"
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

void check_program(struct loader *loader, const struct conf_node *node, const char *path)
{
	struct position position = child_position(node, "exec");

	if (*path != '/')
		report_error(loader, position, "write exec: \"/PATH/OF/PROGRAM\"", "\"exec\" must be an absolute path");
	else if (strchr(path, ' '))
		report_warning(loader, position, "arguments cannot be given; write a script that gives them",
			       "\"exec\" is the path of one program, and this one has a space in it");
}
