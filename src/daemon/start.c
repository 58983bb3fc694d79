/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line to the supervisor, a child, or something shorter. */
#include "daemon/child.h"
#include "daemon/options.h"
#include "daemon/private.h"
#include "daemon/spawn.h"
#include "daemon/supervisor.h"
#include "roster/job.h"
#include "roster/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char default_config[] = "/etc/roster/rosterd.conf";

/* --- the configuration ------------------------------------------------------------------------------------------------- */

/* The working directory is left, so the file must be found from everywhere. */
static const char *absolute_config(const struct daemon_options *options, struct arena *arena)
{
	const char *named = getenv("ROSTER_CONFIG"), *file = options->config_file;

	if (file == NULL)
		file = named == NULL || named[0] == '\0' ? default_config : named;
	if (file[0] == '/')
		return arena_strdup(arena, file);
	char *here = getcwd(NULL, 0);
	const char *path = here == NULL ? file : arena_printf(arena, "%s/%s", here, file);
	free(here);
	return path;
}

/* --- the process ------------------------------------------------------------------------------------------------------- */

static int leave_surroundings(struct error *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || chdir("/") != 0)
		return error_set(err, ERR_INTERNAL, "/dev/null or / cannot be used: %s", strerror(errno));
	close(null);
	umask(S_IRWXG | S_IRWXO);
	/* libldap must not read settings that are not ours. */
	setenv("LDAPNOINIT", "1", 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

static const struct duty *duty_named(const struct duty *const duties[], const char *name)
{
	for (; *duties != NULL; duties++)
		if (strcmp((*duties)->name, name) == 0)
			return *duties;
	return NULL;
}

/* The exit code of the process: what goes wrong from here on is for the log. */
static int live(const struct duty *duty, const char *subject, const char *file)
{
	struct setup setup;
	struct error err = {0};
	int exit_code;

	if (child_prepare(duty) != 0)
		return 0;
	int rc = child_is_supervised() ? daemon_take_over(HANDOVER_FD, &setup, &err)
				       : daemon_load(file, TELL_ERRORS, &setup, &err);
	if (rc == 0) {
		daemon_log_as(setup.config);
		struct child_context context = {.config_file = file, .config = setup.config, .subject = subject};
		exit_code = child_main(duty, &context);
	} else {
		log_error("%s", err.text);
		exit_code = error_exit_code(err.class);
	}
	daemon_unload(&setup);
	return exit_code;
}

static int run_child(const struct duty *const duties[], const struct daemon_options *options, const char *file,
		     int *exit_code, struct error *err)
{
	const struct duty *duty = duty_named(duties, options->duty);
	struct arena *arena = arena_new();
	int rc = 0;

	if (duty == NULL) {
		rc = error_set(err, ERR_USAGE, "there is no duty \"%s\"", options->duty);
	} else {
		log_bind("child", child_title(duty, options->subject, arena));
		*exit_code = live(duty, options->subject, file);
		log_bind("child", NULL);
	}
	arena_free(&arena);
	return rc;
}

static int run_parent(const struct duty *const duties[], const struct daemon_options *options, const char *file,
		      struct error *err)
{
	struct setup setup;
	int rc = daemon_load(file, TELL_ALL, &setup, err);

	if (rc == 0)
		daemon_log_as(setup.config);
	if (rc == 0 && options->test)
		fprintf(stderr, "%s is good\n", file);
	else if (rc == 0 && options->once)
		rc = daemon_once(setup.config, err);
	else if (rc == 0)
		rc = daemon_permitted(setup.config, err) == 0 ? supervise(duties, file, &setup, err) : -1;
	daemon_unload(&setup);
	return rc;
}

static int run(const struct duty *const duties[], const struct daemon_options *options, int *exit_code,
	       struct error *err)
{
	struct arena *arena = arena_new();
	const char *file = absolute_config(options, arena);
	int rc = leave_surroundings(err);

	if (rc == 0 && options->duty != NULL)
		rc = run_child(duties, options, file, exit_code, err);
	else if (rc == 0)
		rc = run_parent(duties, options, file, err);
	arena_free(&arena);
	return rc;
}

int daemon_main(const struct duty *const duties[], int argc, char **argv)
{
	struct daemon_options options;
	struct error err = {0};
	int exit_code = 0;
	int rc = daemon_options_take(argc, argv, &options, &err);

	if (rc == 0 && options.help)
		fputs(daemon_usage, stdout);
	else if (rc == 0 && options.version)
		printf("rosterd %s\n", ROSTER_VERSION);
	else if (rc == 0)
		rc = run(duties, &options, &exit_code, &err);
	if (rc == 0)
		return exit_code;
	fprintf(stderr, "rosterd: %s\n", err.text);
	return error_exit_code(err.class);
}
