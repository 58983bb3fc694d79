/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"
#include "config/peer.h"
#include "roster/cluster.h"

#include <string.h>

static const char two_ways[] =
    "database: { embedded: \"/var/lib/roster/db\" }      # rosterd keeps a private PostgreSQL\n"
    "database: { conninfo: \"host=/run/postgresql dbname=roster\" }      # or: the server you have";

static void check_transport(struct loader *loader, struct position position, const struct conninfo *conninfo)
{
	if (strcmp(conninfo->sslmode, "verify-full") == 0)
		return;
	if (!conninfo_is_local(conninfo))
		report_error(loader, position, "add sslmode=verify-full, and sslrootcert=FILE for your own authority",
			     "the database is on another host, but its certificate is not checked");
	else if (*conninfo->service)
		report_warning(loader, position, "add sslmode=verify-full here, or see that the service says it",
			       "whether the service \"%s\" is on another host cannot be seen here", conninfo->service);
}

static void check_conninfo(struct loader *loader, const struct conf_node *node)
{
	struct position position = node_position(node);
	struct conninfo conninfo;
	struct error err = {0};

	if (conninfo_parse(loader->config->database.conninfo, loader->arena, &conninfo, &err) < 0) {
		report_error(loader, position, "write it as libpq does: host=... dbname=...", "\"conninfo\": %s",
			     err.text);
		return;
	}
	if (conninfo.has_password)
		report_error(loader, position, "use passfile=FILE, a client certificate, or peer authentication",
			     "\"conninfo\" holds a password");
	if (conninfo.has_user)
		report_error(loader, position, "remove it: owner_role and daemon_role say who connects",
			     "\"conninfo\" names a user");
	check_transport(loader, position, &conninfo);
}

/* Everybody who asks for the conninfo gets one, whichever way it is. */
static void check_embedded(struct loader *loader, const struct conf_node *node)
{
	struct database_config *database = &loader->config->database;
	const char *flaw = cluster_path_flaw(database->embedded, loader->arena);

	if (flaw)
		report_error(loader, node_position(node), "choose another directory", "\"embedded\" %s", flaw);
	else
		database->conninfo = cluster_conninfo(database->embedded, loader->arena);
}

void check_database(struct loader *loader)
{
	const struct conf_node *database = conf_child(loader->root, "database");
	const struct conf_node *conninfo = conf_child(database, "conninfo");
	const struct conf_node *embedded = conf_child(database, "embedded");

	if (!database && !loader->partial)
		report_error(loader, node_position(loader->root), two_ways,
			     "the file does not say which \"database\" to use");
	else if (database && database->type == CONF_GROUP && !conninfo && !embedded && !loader->partial)
		report_error(loader, node_position(database), two_ways, "\"database\" does not say which one to use");
	else if (conninfo && embedded)
		report_error(loader, node_position(conninfo->line > embedded->line ? conninfo : embedded), two_ways,
			     "\"database\" has both \"conninfo\" and \"embedded\"");
	if (conninfo && *loader->config->database.conninfo)
		check_conninfo(loader, conninfo);
	else if (embedded && *loader->config->database.embedded)
		check_embedded(loader, embedded);
}
