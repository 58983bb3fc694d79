/* SPDX-License-Identifier: Apache-2.0 */
/* A child of rosterd without a supervisor: serve DUTY SUBJECT FILE. A source's ends at TERM. */
#include "roster/daemon.h"
#include "roster/job.h"
#include "roster/log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t told;

static void note(int number)
{
	(void)number;
	told = 1;
}

bool child_must_stop(void)
{
	return told != 0;
}

void child_ready(void)
{
	log_info("ready");
}

void child_alive(void)
{
	log_debug("alive");
}

static int serve(char **argv, struct arena *arena, struct error *err)
{
	const struct duty *duty = strcmp(argv[1], "source") == 0 ? &duty_source : &duty_request;
	struct findings findings = {0};
	struct config *config;

	if (setup_load(argv[3], arena, &config, &findings, err) != 0)
		return -1;
	return duty->run(&(const struct child_context){.config_file = argv[3], .config = config, .subject = argv[2]},
			 err);
}

int main(int argc, char **argv)
{
	struct sigaction noting = {.sa_handler = note};
	struct arena *arena = arena_new();
	struct error err = {0};
	int rc = -1;

	sigaction(SIGTERM, &noting, NULL);
	if (argc == 4)
		rc = serve(argv, arena, &err);
	else
		error_set(&err, ERR_USAGE, "serve DUTY SUBJECT FILE");
	if (rc != 0)
		fprintf(stderr, "serve: %s\n", err.text);
	arena_free(&arena);
	return rc == 0 ? 0 : error_exit_code(err.class);
}
