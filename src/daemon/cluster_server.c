/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/cluster_private.h"
#include "roster/daemon.h"
#include "roster/log.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 50, LINE_STATUS = 8 };

int cluster_server_ended(const struct cluster *cluster, struct error *err)
{
	const char *words = program_last_words(cluster->server);

	return error_set(err, ERR_UNREACHABLE, "PostgreSQL in %s ended (%s)%s%s", cluster->paths.directory,
			 program_end(cluster->server), *words ? ", it last said: " : "", words);
}

/* As PostgreSQL's own pg_ctl looks for it: no connection that would be refused, and logged, all the time. */
static bool is_ready(const struct cluster *cluster)
{
	return strtol(cluster_pid_line(cluster, 1), NULL, 10) == program_id(cluster->server) &&
	       strncmp(cluster_pid_line(cluster, LINE_STATUS), "ready", strlen("ready")) == 0;
}

/* However long it takes: after a crash there may be much to recover. */
static int await_ready(struct cluster *cluster, struct error *err)
{
	while (!is_ready(cluster)) {
		if (program_wait(cluster->server, LOOK_MS))
			return cluster_server_ended(cluster, err);
		if (child_must_stop())
			return 0;
		child_alive();
	}
	program_started(cluster->server);
	return 1;
}

int cluster_server_start(struct cluster *cluster, struct error *err)
{
	struct arena *arena = cluster->arena;
	const char *settings = arena_printf(arena, "config_file=%s/roster.conf", cluster->paths.data);
	/* A list, in which a name may hold anything between double quotes. */
	const char *sockets = arena_printf(arena, "unix_socket_directories=\"%s\"", cluster->paths.run);
	const char *postgres = postgresql_program(cluster->programs, "postgres", arena);
	const char *const argv[] = {postgres,
				    "-D",
				    cluster->paths.data,
				    "-c",
				    settings,
				    "-c",
				    "listen_addresses=",
				    "-c",
				    sockets,
				    "-c",
				    "unix_socket_permissions=0777",
				    "-c",
				    "port=5432",
				    NULL};
	/* INT is its fast shutdown: it does not wait for sessions. */
	const struct program_start start = {.argv = argv, .death_signal = SIGINT, .kept = cluster->lock};

	return program_start(&start, &cluster->server, err) != 0 ? -1 : await_ready(cluster, err);
}

static bool ends_within(struct program *server, int milliseconds)
{
	for (int waited = 0; waited < milliseconds; waited += LOOK_MS) {
		if (program_wait(server, LOOK_MS))
			return true;
		child_alive();
	}
	return program_wait(server, 0);
}

void cluster_server_stop(struct cluster *cluster)
{
	if (cluster->server == NULL || program_wait(cluster->server, 0))
		return;
	program_signal(cluster->server, SIGINT);
	if (ends_within(cluster->server, CLUSTER_END_MS))
		return;
	log_warn("PostgreSQL in %s does not end, it is cut off and will recover at the next start",
		 cluster->paths.directory);
	program_signal(cluster->server, SIGQUIT);
	ends_within(cluster->server, CLUSTER_END_MS);
}
