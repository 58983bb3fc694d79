/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/cluster_private.h"
#include "roster/daemon.h"
#include "roster/log.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 50, FOLDERS_OPEN = 16 };

/* --- the version --------------------------------------------------------------------------------------------------------- */

/* Its own version reads it, and writes what a newer one can take over: pg_upgrade refuses our schema. */
static const char *move_commands(const struct cluster *cluster, int newer)
{
	struct arena *arena = cluster->arena;
	const char *directory = cluster->paths.directory;

	return arena_printf(arena,
			    "rosterctl database backup FILE; then without rosterd: mv %s %s.%d; then with rosterd: "
			    "%s --clean --if-exists --single-transaction --dbname='%s' FILE",
			    directory, directory, cluster->version, postgresql_program(newer, "pg_restore", arena),
			    cluster_conninfo(directory, arena));
}

static int refuse_version(const struct cluster *cluster, struct error *err)
{
	int version = cluster->version, newer = postgresql_version(POSTGRESQL_ROOT, "postgres", 0);

	if (version < POSTGRESQL_OLDEST)
		return error_set(err, ERR_CONFIG, "%s is of PostgreSQL %d, and roster needs %d or newer",
				 cluster->paths.data, version, POSTGRESQL_OLDEST);
	error_set(err, ERR_CONFIG, "%s is of PostgreSQL %d, which is not installed; type: apt install postgresql-%d",
		  cluster->paths.data, version, version);
	if (newer <= version)
		return -1;
	return error_hint(err, "to go on with version %d after that type, as user %s: %s", newer, cluster->user,
			  move_commands(cluster, newer));
}

int cluster_choose_version(struct cluster *cluster, struct error *err)
{
	cluster->programs = postgresql_version(POSTGRESQL_ROOT, "postgres", cluster->version);
	if (cluster->programs > 0)
		return 1;
	if (cluster->version > 0)
		return refuse_version(cluster, err);
	return error_set(err, ERR_CONFIG,
			 "PostgreSQL %d or newer is not installed in " POSTGRESQL_ROOT "; type: apt install postgresql",
			 POSTGRESQL_OLDEST);
}

/* --- initdb -------------------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

static int run_initdb(const struct cluster *cluster, const char *data, struct error *err)
{
	const char *const argv[] = {postgresql_program(cluster->programs, "initdb", cluster->arena),
				    "--pgdata",
				    data,
				    "--username",
				    cluster->user,
				    "--encoding=UTF8",
				    "--locale=C.UTF-8",
				    "--data-checksums",
				    "--auth-local=peer",
				    "--auth-host=reject",
				    "--no-instructions",
				    NULL};
	const struct program_start start = {
	    .argv = argv, .death_signal = SIGTERM, .kept = cluster->lock, .quiet = true};
	struct program *initdb = NULL;
	int rc = 1;

	if (program_start(&start, &initdb, err) != 0)
		return -1;
	while (!program_wait(initdb, LOOK_MS)) {
		child_alive();
		if (child_must_stop())
			program_signal(initdb, SIGTERM);
	}
	if (!program_succeeded(initdb))
		rc = child_must_stop() ? 0
				       : error_set(err, ERR_CONFIG, "initdb cannot make the database in %s (%s): %s",
						   data, program_end(initdb), program_last_words(initdb));
	program_free(&initdb);
	return rc;
}

/* The name data appears at once, with all that belongs to it. */
static int move_into_place(const struct cluster *cluster, const char *from, struct error *err)
{
	int directory = open(cluster->paths.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = rename(from, cluster->paths.data) != 0 || directory < 0 || fsync(directory) != 0;

	if (failed)
		error_set(err, cluster_file_fault(errno), "%s cannot be made: %s", cluster->paths.data,
			  strerror(errno));
	if (directory >= 0)
		close(directory);
	return failed ? -1 : 1;
}

/* Under another name first: an interrupted initdb leaves what looks like a cluster. */
int cluster_make(struct cluster *cluster, struct error *err)
{
	const char *data = arena_printf(cluster->arena, "%s.new", cluster->paths.data);

	if (nftw(data, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return error_set(err, ERR_CONFIG, "%s, left by an earlier start, cannot be removed: %s", data,
				 strerror(errno));
	log_info("making a private PostgreSQL %d in %s", cluster->programs, cluster->paths.directory);
	int rc = run_initdb(cluster, data, err);
	if (rc == 1)
		rc = move_into_place(cluster, data, err);
	if (rc == 1)
		cluster->version = cluster->programs;
	return rc;
}
