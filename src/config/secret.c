/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_SIZE_MAX = 64 * 1024, NAME_SIZE_MAX = 255 };

#define CREDENTIAL "credential:"
#define FILE_PATH  "file:"

const char *secret_flaw(const char *text)
{
	if (text_starts_with(text, CREDENTIAL)) {
		const char *name = text + strlen(CREDENTIAL);
		if (!*name || strlen(name) > NAME_SIZE_MAX || strchr(name, '/') || *name == '.')
			return "names a credential that cannot exist";
		return NULL;
	}
	if (!text_starts_with(text, FILE_PATH))
		return "must say where the secret is, not what it is";
	return text[strlen(FILE_PATH)] ? NULL : "names no file";
}

static int open_quietly(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* In a directory the service manager made for this process, else where containers have them. path: of what was opened, else
 * of all that was tried. */
static int open_credential(const char *name, struct str *path)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char elsewhere[sizeof "/run/secrets/" + NAME_SIZE_MAX];
	int fd = -1;

	snprintf(elsewhere, sizeof elsewhere, "/run/secrets/%s", name);
	if (directory && *directory) {
		str_printf(path, "%s/%s", directory, name);
		fd = open_quietly(str_text(path));
		if (fd >= 0 || errno != ENOENT)
			return fd;
	}
	fd = open_quietly(elsewhere);
	if (fd >= 0)
		str_clear(path);
	str_printf(path, "%s%s", path->size > 0 ? " and " : "", elsewhere);
	return fd;
}

/* Judged on the open file, so that it cannot be exchanged in between. */
static int check_file(int fd, const char *path, struct error *err)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return error_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return error_set(err, ERR_CONFIG, "%s: is not a regular file", path);
	if (info.st_mode & S_IRWXO)
		return error_set(err, ERR_CONFIG, "%s: is open to every user of this host; run: chmod o= %s", path,
				 path);
	if (info.st_size > SECRET_SIZE_MAX)
		return error_set(err, ERR_CONFIG, "%s: is larger than %d KiB, so it is no secret", path,
				 SECRET_SIZE_MAX / 1024);
	return 0;
}

/* One byte more than allowed, to notice a file that grew. */
static int read_all(int fd, const char *path, struct secret *ret, struct error *err)
{
	char *bytes = xmalloc(SECRET_SIZE_MAX + 1);
	struct secret secret = {bytes, 0};
	ssize_t got = 1;

	while (got != 0 && secret.size <= SECRET_SIZE_MAX) {
		got = read(fd, bytes + secret.size, SECRET_SIZE_MAX + 1 - secret.size);
		if (got < 0 && errno != EINTR) {
			error_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
			goto fail;
		}
		secret.size += got > 0 ? (size_t)got : 0;
	}
	if (secret.size > SECRET_SIZE_MAX) {
		error_set(err, ERR_CONFIG, "%s: is larger than %d KiB, so it is no secret", path,
			  SECRET_SIZE_MAX / 1024);
		goto fail;
	}
	if (secret.size > 0 && bytes[secret.size - 1] == '\n')
		secret.size--;
	/* An empty password would make a bind anonymous and yet succeed. */
	if (secret.size == 0) {
		error_set(err, ERR_CONFIG, "%s: is empty", path);
		goto fail;
	}
	explicit_bzero(bytes + secret.size, SECRET_SIZE_MAX + 1 - secret.size);
	*ret = secret;
	return 0;
fail:
	secret.size = SECRET_SIZE_MAX + 1;
	secret_wipe(&secret);
	return -1;
}

int secret_read(const struct secret_reference *reference, struct secret *ret, struct error *err)
{
	int status = -1, fd = -1;
	struct str path = {0};
	const char *flaw = secret_flaw(reference->text);

	*ret = (struct secret){0};
	if (flaw)
		return error_set(err, ERR_CONFIG, "the reference to a secret %s", flaw);
	if (text_starts_with(reference->text, CREDENTIAL)) {
		fd = open_credential(reference->text + strlen(CREDENTIAL), &path);
	} else {
		str_add(&path, reference->text + strlen(FILE_PATH));
		fd = open_quietly(str_text(&path));
	}
	if (fd < 0) {
		error_set(err, errno == EACCES ? ERR_DENIED : ERR_CONFIG, "%s: %s", str_text(&path), strerror(errno));
		goto out;
	}
	if (check_file(fd, str_text(&path), err) < 0 || read_all(fd, str_text(&path), ret, err) < 0)
		goto out;
	status = 0;
out:
	if (status < 0)
		error_prefix(err, "cannot use the secret %s", reference->text);
	if (fd >= 0)
		close(fd);
	str_free(&path);
	return status;
}

void secret_wipe(struct secret *secret)
{
	if (secret->bytes)
		explicit_bzero(secret->bytes, secret->size);
	free(secret->bytes);
	*secret = (struct secret){0};
}
