/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster: where the private PostgreSQL of database.embedded lies, how it is reached, and where PostgreSQL's programs are.
 *
 * DIRECTORY/data is the cluster (mode 0700) and DIRECTORY/run holds its socket. DIRECTORY and run have mode 0711: every
 * user of this host may knock, and the server asks the kernel who it is. All names follow from the directory alone, so
 * that rosterd and rosterctl, whoever runs it, mean the same socket; nothing here looks at the cluster.
 */
#ifndef ROSTER_CLUSTER_H
#define ROSTER_CLUSTER_H

#include "roster/arena.h"

struct cluster_paths {
	const char *directory; /* absolute, without a slash at its end */
	const char *data, *run;
	const char *socket;
};

struct cluster_paths cluster_paths(const char *directory, struct arena *arena);
/* Why no cluster can be kept in a directory of this name, in words that follow it; NULL when one can. */
const char *cluster_path_flaw(const char *directory, struct arena *arena);
/* The conninfo of the cluster in directory: its socket, database "roster". Valid whether it runs or not. */
const char *cluster_conninfo(const char *directory, struct arena *arena);

/* --- PostgreSQL's programs --------------------------------------------------------------------------------------------- */

/* Debian keeps each major version apart: /usr/lib/postgresql/15/bin/initdb. */
#define POSTGRESQL_ROOT "/usr/lib/postgresql"
/* The schema needs what came with this one. */
enum { POSTGRESQL_OLDEST = 15 };

/* Which major version below root to run program of: wanted, or with wanted 0 the newest. 0 when there is none, or none
 * from POSTGRESQL_OLDEST on. */
int postgresql_version(const char *root, const char *program, int wanted);
/* The file of a program: POSTGRESQL_ROOT/version/bin/program. */
const char *postgresql_program(int version, const char *program, struct arena *arena);

#endif
