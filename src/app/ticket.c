/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ticket.h"

#include "roster/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL when this user has no place for it. */
static const char *folder_of(const struct app *app)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (runtime != NULL && *runtime == '/')
		return arena_printf(app->arena, "%s/roster", runtime);
	if (state != NULL && *state == '/')
		return arena_printf(app->arena, "%s/roster", state);
	return home != NULL && *home == '/' ? arena_printf(app->arena, "%s/.local/state/roster", home) : NULL;
}

/* By the socket it was got from: another roster knows nothing of it. */
static const char *path_in(const struct app *app, const char *folder)
{
	const char *listen = app->config->signin.listen;
	struct digest digest = digest_of(listen, strlen(listen));
	char name[UUID_TEXT];

	uuid_format(digest.bytes, name);
	return arena_printf(app->arena, "%s/session-%s", folder, name);
}

int ticket_read(const struct app *app, const char **ret, struct error *err)
{
	const char *folder = folder_of(app), *path = folder == NULL ? NULL : path_in(app, folder);
	struct secret secret = {0};

	if (path == NULL || (access(path, F_OK) != 0 && errno == ENOENT))
		return 0;
	const struct secret_reference reference = {arena_printf(app->arena, "file:%s", path)};
	if (secret_read(&reference, &secret, err) != 0)
		return error_hint(err, "remove it, and type: rosterctl login");
	*ret = arena_strdup(app->arena, secret.bytes);
	secret_wipe(&secret);
	return 1;
}

static int make_folder(const char *folder, struct arena *arena, struct error *err)
{
	char *path = arena_strdup(arena, folder);

	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, S_IRWXU);
		*slash = '/';
	}
	if (mkdir(path, S_IRWXU) == 0 || errno == EEXIST)
		return 0;
	return error_set(err, ERR_DENIED, "%s cannot be made: %s", folder, strerror(errno));
}

static int write_file(const char *path, const char *token, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	size_t size = strlen(token);
	bool written = fd >= 0 && write(fd, token, size) == (ssize_t)size;

	if (!written)
		error_set(err, ERR_DENIED, "%s cannot be written: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return written ? 0 : -1;
}

/* Whole or as it was. */
int ticket_write(const struct app *app, const char *token, struct error *err)
{
	const char *folder = folder_of(app);

	if (folder == NULL)
		return error_set(err, ERR_DENIED,
				 "there is no place to keep the sign-in: neither XDG_RUNTIME_DIR nor HOME is set");
	if (make_folder(folder, app->arena, err) != 0)
		return -1;
	const char *path = path_in(app, folder), *fresh = arena_printf(app->arena, "%s.%ld", path, (long)getpid());
	unlink(fresh);
	if (write_file(fresh, token, err) != 0)
		return -1;
	if (rename(fresh, path) == 0)
		return 0;
	error_set(err, ERR_DENIED, "%s cannot be written: %s", path, strerror(errno));
	unlink(fresh);
	return -1;
}

void ticket_remove(const struct app *app)
{
	const char *folder = folder_of(app);

	if (folder != NULL)
		unlink(path_in(app, folder));
}
