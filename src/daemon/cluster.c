/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/cluster.h"

#include "daemon/cluster_private.h"
#include "roster/daemon.h"
#include "roster/log.h"
#include "roster/store.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 1000 };

static int find_user(struct cluster *cluster, struct error *err)
{
	errno = 0;
	const struct passwd *user = getpwuid(geteuid());
	int failed = errno;

	if (geteuid() == 0)
		return error_set(err, ERR_CONFIG,
				 "PostgreSQL does not run as root: start rosterd as a user of its own");
	/* Who answers for users may be away; not to know one is no error for it. */
	if (user == NULL && failed != 0 && failed != ENOENT)
		return error_set(err, ERR_UNREACHABLE, "user %u cannot be looked up: %s", (unsigned)geteuid(),
				 strerror(failed));
	if (user == NULL)
		return error_set(err, ERR_CONFIG,
				 "user %u has no name on this host, and PostgreSQL knows users by name; add it to "
				 "/etc/passwd",
				 (unsigned)geteuid());
	cluster->user = arena_strdup(cluster->arena, user->pw_name);
	return 0;
}

static int find_directory(struct cluster *cluster, const char *directory, struct error *err)
{
	const char *flaw = cluster_path_flaw(directory, cluster->arena);

	if (flaw != NULL)
		return error_set(err, ERR_CONFIG, "%s: the name %s; choose another directory", directory, flaw);
	cluster->paths = cluster_paths(directory, cluster->arena);
	return 0;
}

/* The database and its schema, as the superuser, who bears the name of this user. */
static int prepare(const struct cluster *cluster, struct error *err)
{
	const struct database_config own = {
	    .conninfo = cluster_conninfo(cluster->paths.directory, cluster->arena),
	    .embedded = "", /* by whom it is run needs no hint */
	    .owner_role = cluster->user,
	};
	struct schema_state state = {0};
	struct store *store = NULL;
	int from = 0;

	if (store_database_make(&own, err) != 0 || store_open(&own, STORE_OWNER, &store, err) != 0)
		return -1;
	int rc = store_schema_migrate(store, true, &from, err);
	if (rc == 0)
		rc = store_schema_state(store, &state, err);
	store_close(&store);
	if (rc == 0 && from != state.latest)
		log_info(from == 0 ? "the schema is made, version %d" : "the schema is now version %d", state.latest);
	return rc == 0 ? 1 : -1;
}

static int watch(struct cluster *cluster, struct error *err)
{
	while (!child_must_stop()) {
		if (program_wait(cluster->server, WAIT_MS))
			return cluster_server_ended(cluster, err);
		child_alive();
	}
	return 0;
}

static int run(struct cluster *cluster, struct error *err)
{
	int rc = cluster_directory_take(cluster, err);

	if (rc == 1)
		rc = cluster_choose_version(cluster, err);
	if (rc == 1 && cluster->version == 0)
		rc = cluster_make(cluster, err);
	if (rc == 1)
		rc = cluster_write_settings(cluster, err);
	if (rc == 1)
		rc = cluster_server_start(cluster, err);
	if (rc == 1)
		rc = prepare(cluster, err);
	if (rc != 1)
		return rc;
	child_ready();
	return watch(cluster, err);
}

int cluster_run(const char *directory, const struct child_context *context, struct error *err)
{
	struct cluster cluster = {.arena = arena_new(), .database = &context->config->database, .lock = -1};
	int rc = -1;

	if (find_user(&cluster, err) == 0 && find_directory(&cluster, directory, err) == 0)
		rc = run(&cluster, err);
	cluster_server_stop(&cluster);
	program_free(&cluster.server);
	if (cluster.lock >= 0)
		close(cluster.lock);
	arena_free(&cluster.arena);
	return rc;
}
