/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/cluster_private.h"
#include "roster/daemon.h"
#include "roster/log.h"
#include "roster/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_PRIVATE = 0700, MODE_PASS = 0711, LOCK_MODE = 0600, WAIT_MS = 50 };

enum error_class cluster_file_fault(int number)
{
	static const int passing[] = {ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM, EINTR, ESTALE};

	for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
		if (number == passing[i])
			return ERR_UNREACHABLE;
	return ERR_CONFIG;
}

static int cannot(const char *what, const char *path, struct error *err)
{
	return error_set(err, cluster_file_fault(errno), "%s cannot be %s: %s", path, what, strerror(errno));
}

/* --- what is there ------------------------------------------------------------------------------------------------------- */

/* The first line of a small file; "" when it cannot be read. */
static const char *read_line(const char *path, int line, struct arena *arena)
{
	FILE *file = fopen(path, "re");
	char text[1024] = "";

	if (file == NULL)
		return "";
	for (int i = 0; i < line; i++)
		if (fgets(text, sizeof text, file) == NULL)
			text[0] = '\0';
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return arena_strdup(arena, text);
}

/* What an earlier start that was interrupted may have left, and what a file system has by itself. */
static bool is_expected(const char *name)
{
	static const char *const names[] = {".", "..", "run", "lock", "data.new", "lost+found"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int refuse_others(const char *directory, struct error *err)
{
	DIR *folder = opendir(directory);
	const struct dirent *entry;
	int rc = 0;

	if (folder == NULL)
		return cannot("read", directory, err);
	while (rc == 0 && (entry = readdir(folder)) != NULL)
		if (!is_expected(entry->d_name))
			rc = error_set(err, ERR_CONFIG,
				       "%s is not empty (there is %s) and holds no database of roster; name a "
				       "directory that is empty or not there yet",
				       directory, entry->d_name);
	closedir(folder);
	return rc;
}

static int refuse_owner(const struct cluster *cluster, const char *path, struct error *err)
{
	struct stat info;

	if (stat(path, &info) != 0)
		return cannot("read", path, err);
	if (!S_ISDIR(info.st_mode))
		return error_set(err, ERR_CONFIG, "%s is not a directory", path);
	if (info.st_uid != geteuid())
		return error_set(err, ERR_CONFIG, "%s belongs to user %u, and this is %s; type: chown -R %s %s", path,
				 (unsigned)info.st_uid, cluster->user, cluster->user, path);
	return 0;
}

static bool is_missing(const char *path)
{
	struct stat info;

	return lstat(path, &info) != 0 && errno == ENOENT;
}

/* A database that cannot be read is one all the same: nobody shall be led to begin anew beside it. */
static int look_at_data(struct cluster *cluster, struct error *err)
{
	const char *data = cluster->paths.data, *file = arena_printf(cluster->arena, "%s/PG_VERSION", data);

	if (refuse_owner(cluster, data, err) != 0)
		return -1;
	if (access(file, R_OK) != 0 && errno != ENOENT)
		return cannot("read", file, err);
	cluster->version = (int)strtol(read_line(file, 1, cluster->arena), NULL, 10);
	if (cluster->version <= 0)
		return error_set(
		    err, ERR_CONFIG,
		    "%s holds no whole database, since its PG_VERSION is missing or empty: put a backup in its place "
		    "(see rosterd(8)), or move it away if what it kept is not needed",
		    data);
	return 0;
}

/* version is that of the cluster that is there, 0 for none. */
static int look(struct cluster *cluster, struct error *err)
{
	const char *directory = cluster->paths.directory;

	cluster->version = 0;
	if (is_missing(directory))
		return 0;
	if (refuse_owner(cluster, directory, err) != 0)
		return -1;
	return is_missing(cluster->paths.data) ? refuse_others(directory, err) : look_at_data(cluster, err);
}

/* --- for us alone -------------------------------------------------------------------------------------------------------- */

static int make_folder(const char *path, mode_t mode, struct error *err)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return cannot("made", path, err);
	/* Not what the umask made of it, nor what it was. */
	return chmod(path, mode) == 0 ? 0 : cannot("given its mode", path, err);
}

static int make_folders(const struct cluster *cluster, struct error *err)
{
	if (make_folder(cluster->paths.directory, MODE_PASS, err) != 0 ||
	    make_folder(cluster->paths.run, MODE_PASS, err) != 0)
		return -1;
	return cluster->version > 0 ? make_folder(cluster->paths.data, MODE_PRIVATE, err) : 0;
}

static int open_lock(struct cluster *cluster, struct error *err)
{
	const char *path = arena_printf(cluster->arena, "%s/lock", cluster->paths.directory);

	cluster->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
	return cluster->lock < 0 ? cannot("opened", path, err) : 0;
}

static bool is_same_directory(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

const char *cluster_pid_line(const struct cluster *cluster, int line)
{
	const char *path = arena_printf(cluster->arena, "%s/postmaster.pid", cluster->paths.data);

	return read_line(path, line, cluster->arena);
}

/* A server lives in its data directory; another program that got its number since does not. */
int cluster_postmaster(const struct cluster *cluster)
{
	int pid = (int)strtol(cluster_pid_line(cluster, 1), NULL, 10);
	const char *lives = arena_printf(cluster->arena, "/proc/%d/cwd", pid);

	return pid > 0 && is_same_directory(lives, cluster->paths.data) ? pid : 0;
}

/* The servers we start hold the lock too, down to their last process. The file postmaster.pid tells of one that somebody
 * started by hand. */
static bool is_free(const struct cluster *cluster)
{
	return flock(cluster->lock, LOCK_EX | LOCK_NB) == 0 && cluster_postmaster(cluster) == 0;
}

/* Whoever ran here may have been killed a moment ago, and his server may still be writing what it knows. */
static int await_free(const struct cluster *cluster, struct error *err)
{
	for (int waited = 0; !is_free(cluster); waited += WAIT_MS) {
		if (waited == WAIT_MS)
			log_warn("%s is used by another process (%s): waiting for its end", cluster->paths.directory,
				 cluster_pid_line(cluster, 1));
		if (waited >= CLUSTER_END_MS)
			return error_set(err, ERR_CONFLICT, "another process uses %s (process %s); is rosterd running?",
					 cluster->paths.directory, cluster_pid_line(cluster, 1));
		if (child_must_stop())
			return 0;
		child_alive();
		poll(NULL, 0, WAIT_MS);
	}
	return 1;
}

/* PostgreSQL would take any process of that number for its server: in a container numbers come again at each start. */
static int remove_stale_pid(const struct cluster *cluster, struct error *err)
{
	const char *path = arena_printf(cluster->arena, "%s/postmaster.pid", cluster->paths.data);

	return unlink(path) == 0 || errno == ENOENT ? 1 : cannot("removed", path, err);
}

int cluster_directory_take(struct cluster *cluster, struct error *err)
{
	if (look(cluster, err) != 0 || make_folders(cluster, err) != 0 || open_lock(cluster, err) != 0)
		return -1;
	int rc = await_free(cluster, err);
	if (rc <= 0)
		return rc;
	/* Another process may have made the cluster meanwhile. */
	return look(cluster, err) != 0 ? -1 : remove_stale_pid(cluster, err);
}
