/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/cluster.h"

#include "roster/str.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* Fixed, since PGPORT means another server. */
#define PORT "5432"

static const char *absolute(const char *path, struct arena *arena)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = here ? arena_printf(arena, "%s/%s", here, path) : arena_strdup(arena, path);
	size_t size = strlen(whole);

	free(here);
	while (size > 1 && whole[size - 1] == '/')
		whole[--size] = '\0';
	return whole;
}

struct cluster_paths cluster_paths(const char *directory, struct arena *arena)
{
	struct cluster_paths paths = {.directory = absolute(directory, arena)};

	paths.data = arena_printf(arena, "%s/data", paths.directory);
	paths.run = arena_printf(arena, "%s/run", paths.directory);
	paths.socket = arena_printf(arena, "%s/.s.PGSQL." PORT, paths.run);
	return paths;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* A shorter name elsewhere is no way out of a path that is too long: in /tmp anybody could be there first, and a place
 * that depends on the user or his environment is not found by others. */
const char *cluster_path_flaw(const char *directory, struct arena *arena)
{
	struct cluster_paths paths = cluster_paths(directory, arena);
	size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, size = strlen(paths.socket);

	if (*paths.directory != '/')
		return "is relative to a working directory that is gone";
	if (size > most)
		return arena_printf(arena, "is too long: the socket in it may have %zu bytes, not %zu", most, size);
	/* libpq takes what is behind a comma for another host. */
	if (strchr(paths.directory, ',') || has_control(paths.directory))
		return "holds a comma or a control character";
	return NULL;
}

static void add_quoted(struct str *out, const char *text)
{
	str_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			str_add_char(out, '\\');
		str_add_char(out, *text);
	}
	str_add_char(out, '\'');
}

const char *cluster_conninfo(const char *directory, struct arena *arena)
{
	const char *run = cluster_paths(directory, arena).run;
	struct str text = {0};

	str_add(&text, "host=");
	if (strpbrk(run, " '\\"))
		add_quoted(&text, run);
	else
		str_add(&text, run);
	str_add(&text, " port=" PORT " dbname=roster");
	const char *conninfo = arena_strdup(arena, str_text(&text));
	str_free(&text);
	return conninfo;
}
