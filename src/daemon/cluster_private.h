/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_private: what the steps to a running private PostgreSQL share.
 *
 * The steps: directory (is it ours, and free), make (initdb, when there is none), settings (who may come in, and how),
 * server (start, wait, stop). Each returns 1 to go on, 0 when the child was told to stop, -1 with err.
 */
#ifndef DAEMON_CLUSTER_PRIVATE_H
#define DAEMON_CLUSTER_PRIVATE_H

#include "daemon/program.h"
#include "roster/cluster.h"
#include "roster/config.h"

#include <stdbool.h>

struct cluster {
	struct arena *arena;
	struct cluster_paths paths;
	const struct database_config *database;
	const char *user; /* of this process: the superuser of the cluster */
	int version;      /* of the cluster, 0 when there is none yet */
	int programs;     /* the version to run */
	int lock;         /* held until the last process of the server has ended */
	struct program *server;
};

/* The class of a file that cannot be used, by its errno: ERR_CONFIG, which ends rosterd, unless it may pass by itself. */
enum error_class cluster_file_fault(int number);

/* How long an earlier server in the same directory, and ours when it is told to stop, may take. */
enum { CLUSTER_END_MS = 20000 };

/* Refuse a directory that is not ours or holds something else, before anything is touched; then make what is missing,
 * set the modes, and have it for this process alone. Fills version and lock; a postmaster.pid of a crash is gone. */
int cluster_directory_take(struct cluster *cluster, struct error *err);
/* The process that PostgreSQL's postmaster.pid names if it is a server in data, 0 when there is none. */
int cluster_postmaster(const struct cluster *cluster);
/* The words of its line of that number, from 1; "" when there is none. */
const char *cluster_pid_line(const struct cluster *cluster, int line);

/* Fill programs: as the cluster is, the newest for a new one. ERR_CONFIG with what to type when they are not there. */
int cluster_choose_version(struct cluster *cluster, struct error *err);
/* initdb; fills version. */
int cluster_make(struct cluster *cluster, struct error *err);

int cluster_write_settings(const struct cluster *cluster, struct error *err);

/* Start, and wait until it takes connections. */
int cluster_server_start(struct cluster *cluster, struct error *err);
/* It ended by itself: -1 with what it said. */
int cluster_server_ended(const struct cluster *cluster, struct error *err);
/* Does nothing when none runs. */
void cluster_server_stop(struct cluster *cluster);

#endif
