/* SPDX-License-Identifier: Apache-2.0 */
/* The files that say who may come in, and how the server works: written anew at each start. */
#include "daemon/cluster_private.h"
#include "roster/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITTEN "# Written by rosterd at each start.\n"

/* initdb knows the time zone of this host. What ALTER SYSTEM says comes after all of this, so an administrator has the
 * last word, except on what cluster_server_start() says on the command line. */
static const char settings[] = WRITTEN "# Use ALTER SYSTEM to change a setting.\n"
				       "include 'postgresql.conf'\n"
				       "shared_buffers = '128MB'\n"
				       "max_connections = 100\n"
				       "jit = off\n"
				       "logging_collector = off\n"
				       "log_destination = 'stderr'\n"
				       "log_line_prefix = '[%p] '\n"; /* the time is in our log */

static const char access_rules[] = WRITTEN "local all all peer map=roster\n";

static int write_file(const char *path, const char *text, struct error *err)
{
	FILE *file = fopen(path, "we");
	int failed = file == NULL || fputs(text, file) == EOF || fflush(file) != 0 || fsync(fileno(file)) != 0;

	if (failed)
		error_set(err, cluster_file_fault(errno), "%s cannot be written: %s", path, strerror(errno));
	if (file != NULL)
		fclose(file);
	return failed ? -1 : 0;
}

/* Whole or as it was. */
static int replace_file(const struct cluster *cluster, const char *name, const char *text, struct error *err)
{
	const char *path = arena_printf(cluster->arena, "%s/%s", cluster->paths.data, name);
	const char *fresh = arena_printf(cluster->arena, "%s.new", path);

	if (write_file(fresh, text, err) != 0)
		return -1;
	if (rename(fresh, path) != 0)
		return error_set(err, cluster_file_fault(errno), "%s cannot be written: %s", path, strerror(errno));
	return 0;
}

/* --- pg_ident.conf: which user of the host may be which role ------------------------------------------------------------- */

static void add_name(struct str *out, const char *name)
{
	str_add_char(out, '"');
	for (; *name; name++)
		str_add(out, *name == '"' ? "\"\"" : (const char[]){*name, '\0'});
	str_add_char(out, '"');
}

static void add_owner(struct str *out, const char *user, const char *role)
{
	str_add(out, "roster ");
	add_name(out, user);
	str_add_char(out, ' ');
	add_name(out, role);
	str_add_char(out, '\n');
}

/* For a regular expression within double quotes. */
static void add_literal(struct str *out, const char *name)
{
	for (; *name; name++) {
		if (*name == '"')
			str_add_char(out, '"');
		else if (ispunct((unsigned char)*name))
			str_add_char(out, '\\');
		str_add_char(out, *name);
	}
}

/* Everybody else is the role of his own name, but never one that works for roster, whatever he is called. */
static void add_everybody(struct str *out, const struct database_config *database)
{
	str_add(out, "roster \"/^(?!(?:");
	add_literal(out, database->owner_role);
	str_add_char(out, '|');
	add_literal(out, database->daemon_role);
	str_add_char(out, '|');
	add_literal(out, database->signin_role);
	str_add_char(out, '|');
	add_literal(out, database->signals_role);
	str_add(out, ")$)(.+)$\" \\1\n");
}

static int write_users(const struct cluster *cluster, struct error *err)
{
	struct str text = {0};

	str_add(&text, WRITTEN);
	add_owner(&text, cluster->user, cluster->database->owner_role);
	add_owner(&text, cluster->user, cluster->database->daemon_role);
	add_owner(&text, cluster->user, cluster->database->signin_role);
	add_owner(&text, cluster->user, cluster->database->signals_role);
	add_owner(&text, cluster->user, cluster->user);
	add_everybody(&text, cluster->database);
	int rc = replace_file(cluster, "pg_ident.conf", str_text(&text), err);
	str_free(&text);
	return rc;
}

int cluster_write_settings(const struct cluster *cluster, struct error *err)
{
	if (replace_file(cluster, "roster.conf", settings, err) != 0 ||
	    replace_file(cluster, "pg_hba.conf", access_rules, err) != 0 || write_users(cluster, err) != 0)
		return -1;
	return 1;
}
