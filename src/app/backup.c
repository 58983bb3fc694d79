/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of everything roster keeps, by PostgreSQL's own pg_dump. */
#include "app/verbs.h"
#include "roster/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* It holds what the directory says about people. */
enum { BACKUP_MODE = 0600, NOT_EXECUTED = 127 };

static int cannot(const char *what, const char *file, struct error *err)
{
	return error_set(err, ERR_DATA, "%s cannot be %s: %s", file, what, strerror(errno));
}

/* The file to write: the argument, or in the directory it names one that is called after the time. */
static const char *backup_file(const char *argument, struct arena *arena)
{
	struct stat info;
	struct tm parts;
	char name[64];
	time_t now = time(NULL);

	if (stat(argument, &info) != 0 || !S_ISDIR(info.st_mode))
		return argument;
	strftime(name, sizeof name, "roster-%Y%m%dT%H%M%SZ.dump", gmtime_r(&now, &parts));
	return arena_printf(arena, "%s/%s", argument, name);
}

/* Only roster's own: the database may hold more. */
static const char *const *dump_command(struct app *app, int version)
{
	const struct database_config *database = &app->config->database;
	const char **argv = arena_alloc_array(app->arena, 7, sizeof *argv);

	argv[0] = postgresql_program(version, "pg_dump", app->arena);
	argv[1] = "--format=custom";
	argv[2] = "--no-password";
	argv[3] = "--schema=roster";
	argv[4] = arena_printf(app->arena, "--username=%s", database->owner_role);
	argv[5] = arena_printf(app->arena, "--dbname=%s", database->conninfo);
	return argv;
}

static int run_dump(const char *const *argv, int output, struct error *err)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return error_set(err, ERR_INTERNAL, "%s cannot be started: %s", argv[0], strerror(errno));
	if (pid == 0) {
		dup2(output, STDOUT_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(NOT_EXECUTED);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, ERR_UNREACHABLE, "there is no backup: %s failed", argv[0]);
	return 0;
}

/* Locked, since two into the same file would be none. What an interrupted one left is written over. */
static int open_part(const char *part, struct error *err)
{
	int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, BACKUP_MODE);

	if (fd < 0)
		return cannot("made", part, err);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		error_set(err, ERR_CONFLICT, "another backup is writing %s", part);
	else if (fchmod(fd, BACKUP_MODE) != 0 || ftruncate(fd, 0) != 0)
		cannot("written", part, err);
	else
		return fd;
	close(fd);
	return -1;
}

static int refuse_existing(const char *file, struct error *err)
{
	struct stat info;

	if (lstat(file, &info) == 0)
		return error_set(err, ERR_DATA, "%s is there already; name another file", file);
	return errno == ENOENT ? 0 : cannot("made", file, err);
}

static int write_backup(const char *const *argv, const char *file, const char *part, struct error *err)
{
	int fd = open_part(part, err), rc;

	if (fd < 0)
		return -1;
	rc = run_dump(argv, fd, err);
	if (rc == 0 && fsync(fd) != 0)
		rc = cannot("written", part, err);
	/* Somebody may have taken the name meanwhile. */
	if (rc == 0)
		rc = refuse_existing(file, err);
	if (rc == 0 && rename(part, file) != 0)
		rc = cannot("made", file, err);
	if (rc != 0)
		unlink(part);
	close(fd);
	return rc;
}

/* Whether the owner comes in at all is said better by us than by pg_dump. */
static int check_schema(struct app *app, struct error *err)
{
	struct schema_state state;
	struct store *store = NULL;

	if (app_connect(app, STORE_OWNER, &store, err) != 0)
		return -1;
	int rc = store_schema_state(store, &state, err);
	store_close(&store);
	if (rc == 0 && state.version == 0)
		return error_set(err, ERR_CONFIG, "the database holds no roster schema, there is nothing to back up");
	return rc;
}

int cmd_database_backup(struct app *app, int argc, char **argv, struct error *err)
{
	if (app_options(app->verb, &argc, argv, NULL, 0, 1, 1, err) != 0)
		return -1;
	const char *file = backup_file(argv[0], app->arena);
	const char *part = arena_printf(app->arena, "%s.part", file);
	int version = postgresql_version(POSTGRESQL_ROOT, "pg_dump", 0);

	if (refuse_existing(file, err) != 0 || check_schema(app, err) != 0)
		return -1;
	if (version == 0)
		return error_set(err, ERR_CONFIG,
				 "PostgreSQL's pg_dump is not installed in " POSTGRESQL_ROOT
				 "; type: apt install postgresql-client");
	if (write_backup(dump_command(app, version), file, part, err) != 0)
		return -1;
	app_done(app, "everything roster keeps is in %s", file);
	return 0;
}
