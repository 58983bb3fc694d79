/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration only refers to, before it is needed. */
#include "roster/job.h"
#include "roster/notices.h"
#include "roster/target.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
	const struct config *config;
	enum secrets_looked_at which;
	struct arena *arena;
	struct findings *findings;
};

/* path is that of the setting, "sources.corp.password". */
static void add(const struct look *look, const char *path, const char *whose, const struct error *fault)
{
	config_report(look->config, path, arena_printf(look->arena, "%s: %s", whose, fault->text), look->arena,
		      look->findings);
}

/* A credential is there for the service alone, and a file may be closed to who asks: nothing is wrong with either. */
static bool is_elsewhere(const struct look *look, const struct secret_reference *reference, const struct error *fault)
{
	return look->which == SECRETS_READABLE &&
	       (fault->class == ERR_DENIED || strncmp(reference->text, "credential:", strlen("credential:")) == 0);
}

static bool can_be_read(const struct look *look, const struct secret_reference *reference, struct error *fault)
{
	struct secret secret = {0};
	bool read = secret_read(reference, &secret, fault) == 0;

	secret_wipe(&secret);
	if (!read && is_elsewhere(look, reference, fault))
		*fault = (struct error){0};
	return read;
}

/* Who asks may not use it, and the service might: not what nobody may run. */
static bool is_closed_to_us(const struct look *look, const char *file, int mode)
{
	struct stat info;

	return look->which == SECRETS_READABLE && errno == EACCES &&
	       (mode != X_OK || stat(file, &info) != 0 || (info.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0);
}

/* A file that a setting names, and which is to be read (R_OK) or run (X_OK); NULL or "" when there is none. */
static void look_at_file(const struct look *look, const char *setting, const char *file, int mode, const char *whose)
{
	struct error fault = {0};

	if (file == NULL || file[0] == '\0' || access(file, mode) == 0)
		return;
	const char *why = strerror(errno);
	if (is_closed_to_us(look, file, mode))
		return;
	error_set(&fault, ERR_CONFIG, "%s: %s", file, why);
	add(look, setting, whose, &fault);
}

static void look_at_source(const struct look *look, const struct source_config *source)
{
	const struct {
		const char *key;
		const struct secret_reference *reference;
	} secrets[] = {{"password", &source->ldap.password},
		       {"client_secret", &source->client.secret},
		       {"client_key", &source->client.key},
		       {"token", &source->client.token}};
	const char *whose = arena_printf(look->arena, "source %s", source->name);

	look_at_file(look, arena_printf(look->arena, "sources.%s.ca_file", source->name), source->server.ca_file, R_OK,
		     whose);
	look_at_file(look, arena_printf(look->arena, "sources.%s.keytab", source->name), source->ldap.keytab, R_OK,
		     whose);
	look_at_file(look, arena_printf(look->arena, "sources.%s.client_cert", source->name),
		     source->client.certificate, R_OK, whose);
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
		const struct secret_reference *reference = secrets[i].reference;
		struct error fault = {0};
		if (reference->text != NULL && reference->text[0] != '\0' && !can_be_read(look, reference, &fault) &&
		    fault.class != ERR_NONE)
			add(look, arena_printf(look->arena, "sources.%s.%s", source->name, secrets[i].key), whose,
			    &fault);
	}
}

static void look_at_target(const struct look *look, const struct target_config *target)
{
	const struct target_ops *driver = target_driver(target->type);
	const char *whose = arena_printf(look->arena, "target %s", target->name);

	look_at_file(look, arena_printf(look->arena, "targets.%s.ca_file", target->name), target->ca_file, R_OK, whose);
	if (target->exec[0] == '/')
		look_at_file(look, arena_printf(look->arena, "targets.%s.exec", target->name), target->exec, X_OK,
			     whose);
	for (size_t i = 0; i < target->sign_count; i++) {
		struct error fault = {0};
		if (can_be_read(look, &target->sign[i], &fault) && driver != NULL && driver->check_key != NULL)
			driver->check_key(&target->sign[i], &fault);
		if (fault.class != ERR_NONE)
			add(look, arena_printf(look->arena, "targets.%s.sign", target->name), whose, &fault);
	}
}

/* Of a path that is not absolute enough is said elsewhere. */
static void look_at_notices(const struct look *look)
{
	for (enum notice i = 0; i < NOTICES; i++) {
		const char *name = notice_name(i), *program = look->config->notices[i].exec;
		if (program[0] == '/')
			look_at_file(look, arena_printf(look->arena, "notify.%s.exec", name), program, X_OK,
				     arena_printf(look->arena, "notify.%s", name));
	}
}

void secrets_check(const struct config *config, enum secrets_looked_at which, struct arena *arena,
		   struct findings *findings)
{
	const struct look look = {config, which, arena, findings};

	for (size_t i = 0; i < config->source_count; i++)
		look_at_source(&look, &config->sources[i]);
	for (size_t i = 0; i < config->target_count; i++)
		look_at_target(&look, &config->targets[i]);
	look_at_notices(&look);
}
