/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/child.h"

#include "daemon/spawn.h"
#include "roster/elapsed.h"
#include "roster/log.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ALIVE_MS = 200 }; /* between two signs of life */

/* Of the whole process; what handlers touch is what the language allows them. */
static volatile sig_atomic_t must_stop, seconds_left;
static pid_t supervisor; /* 0: none, the child was started by hand */

bool child_must_stop(void)
{
	return must_stop != 0;
}

/* --- signals ----------------------------------------------------------------------------------------------------------- */

/* A signal that comes between the question whether to stop and a wait would be slept through, so the timer repeats it. */
static void told_to_stop(int number)
{
	const struct itimerval each_second = {{1, 0}, {1, 0}};

	(void)number;
	if (must_stop == 0)
		setitimer(ITIMER_REAL, &each_second, NULL);
	must_stop = 1;
}

/* A child that hangs is killed by its supervisor; one that has none any more has to do that itself. */
static void second_passed(int number)
{
	(void)number;
	if (supervisor != 0 && getppid() != supervisor && --seconds_left <= 0)
		_exit(1);
}

static void nothing(int number)
{
	(void)number;
}

/* Without SA_RESTART: waits end. What signals mean to the supervisor they do not mean
 * to a child; handlers, other than ignored signals, do not pass to programs it starts. */
static void handle_signals(void)
{
	static const struct {
		int number;
		void (*handler)(int number);
	} handlers[] = {{SIGTERM, told_to_stop}, {SIGINT, told_to_stop}, {SIGALRM, second_passed}, {SIGHUP, nothing},
			{SIGUSR1, nothing},      {SIGUSR2, nothing},     {SIGPIPE, nothing}};
	struct sigaction action = {.sa_handler = NULL};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
		action.sa_handler = handlers[i].handler;
		sigaction(handlers[i].number, &action, NULL);
	}
}

/* --- the supervisor ------------------------------------------------------------------------------------------------------ */

int child_prepare(const struct duty *duty)
{
	enum { MS = 1000 };
	const char *pid = getenv(spawn_supervisor_variable);

	seconds_left = (sig_atomic_t)((duty->stop_ms > 0 ? duty->stop_ms : CHILD_STOP_MS) / MS) + 1;
	handle_signals();
	prctl(PR_SET_NAME, "rosterd");
	if (pid == NULL)
		return 0;
	supervisor = (pid_t)strtol(pid, NULL, 10);
	unsetenv(spawn_supervisor_variable);
	fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC);
	/* In this order: a supervisor that ends after the first line sends a signal, one that ended before is seen. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return getppid() == supervisor ? 0 : -1;
}

bool child_is_supervised(void)
{
	return supervisor != 0;
}

int64_t child_supervisor(void)
{
	return supervisor;
}

const char *child_instance(void)
{
	const char *instance = getenv(spawn_instance_variable);

	return instance == NULL ? "" : instance;
}

const char *child_refusal(void)
{
	return getenv(spawn_refusal_variable);
}

void child_ask_reload(void)
{
	if (supervisor != 0 && getppid() == supervisor)
		kill(supervisor, SIGHUP);
}

bool child_supervisor_ends(void)
{
	char word = 0;

	return supervisor != 0 && recv(CHANNEL_FD, &word, sizeof word, MSG_DONTWAIT) == 1 && word == CHANNEL_END;
}

static void tell(char what)
{
	if (supervisor != 0)
		send(CHANNEL_FD, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void child_ready(void)
{
	tell(CHANNEL_READY);
}

/* Each wakes the supervisor, who counts in seconds. */
void child_alive(void)
{
	static int64_t told_at;
	int64_t now = clock_ms();

	if (told_at != 0 && now - told_at < ALIVE_MS)
		return;
	told_at = now;
	tell(CHANNEL_ALIVE);
}

/* --- its life ------------------------------------------------------------------------------------------------------------ */

const char *child_title(const struct duty *duty, const char *subject, struct arena *arena)
{
	return arena_printf(arena, "%s%s%s", duty->name, subject[0] == '\0' ? "" : " ", subject);
}

int child_main(const struct duty *duty, const struct child_context *context)
{
	struct error err = {0};

	if (duty->run(context, &err) == 0)
		return 0;
	log_error("%s", err.text);
	if (err.class == ERR_SCHEMA && child_is_supervised())
		return CHILD_EXIT_SCHEMA;
	return error_exit_code(err.class);
}
