/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_cluster CONFIG: the private PostgreSQL of a configuration, until INT or TERM, without the supervisor around it.
 *
 * Prints "ready" once the cluster is; ends with the exit code of the error's class and its message.
 */
#include "roster/arena.h"
#include "roster/daemon.h"
#include "roster/log.h"

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t told_to_stop;

/* These three stand for the daemon's own. */
bool child_must_stop(void)
{
	return told_to_stop != 0;
}

void child_ready(void)
{
	puts("ready");
	fflush(stdout);
}

void child_alive(void)
{
}

static void stop(int number)
{
	told_to_stop = number;
}

static int run(const char *file, struct arena *arena, struct error *err)
{
	struct child_context context = {.config_file = file, .subject = ""};
	struct config *config = NULL;
	struct findings findings = {0};

	if (config_load(file, arena, &config, &findings, err) != 0)
		return -1;
	context.config = config;
	return cluster_run(config->database.embedded, &context, err);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = stop};
	struct arena *arena = arena_new();
	struct error err = {0};

	if (argc != 2)
		die("usage: run_cluster CONFIG");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	int rc = run(argv[1], arena, &err);
	if (rc != 0)
		fprintf(stderr, "run_cluster: %s\n", err.text);
	arena_free(&arena);
	return rc == 0 ? 0 : error_exit_code(err.class);
}
