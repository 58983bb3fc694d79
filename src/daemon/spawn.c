/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/spawn.h"

#include "roster/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char spawn_supervisor_variable[] = "ROSTER_SUPERVISOR";
const char spawn_instance_variable[] = "ROSTER_INSTANCE";
const char spawn_refusal_variable[] = "ROSTER_REFUSAL";

static void set_supervisor(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof text, "%ld", (long)pid);
	setenv(spawn_supervisor_variable, text, 1);
}

/* The handlers of the supervisor write into its event loop, so they must be gone before a signal may come. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: a session of its own, so that Ctrl-C at a terminal reaches the supervisor alone, which knows the order. */
static _Noreturn void become(char *const argv[], int channel, int handover)
{
	setsid();
	/* First out of each other's place. */
	channel = fcntl(channel, F_DUPFD, HANDOVER_FD + 1);
	handover = fcntl(handover, F_DUPFD, HANDOVER_FD + 1);
	if (channel >= 0 && handover >= 0 && dup2(channel, CHANNEL_FD) >= 0 && dup2(handover, HANDOVER_FD) >= 0) {
		close_range(HANDOVER_FD + 1, UINT_MAX, 0);
		reset_signals();
		/* By this link, also after an upgrade: a child is never another version than its supervisor. */
		execv("/proc/self/exe", argv);
	}
	log_error("%s cannot be started: %s", argv[0], strerror(errno));
	_exit(error_exit_code(ERR_INTERNAL));
}

int spawn(const struct spawning *spawning, struct spawned *ret, struct error *err)
{
	const char *title = spawning->title;
	char *argv[] = {(char *)title,
			(char *)"--child",
			(char *)spawning->duty,
			(char *)spawning->subject,
			(char *)"-f",
			(char *)spawning->config_file,
			NULL};
	int ends[2];
	sigset_t all, before;
	pid_t supervisor = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return error_set(err, ERR_INTERNAL, "no channel to %s: %s", title, strerror(errno));
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0) {
		set_supervisor(supervisor);
		become(argv, ends[1], spawning->handover);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_set(err, ERR_INTERNAL, "%s cannot be started: %s", title, strerror(errno));
	}
	*ret = (struct spawned){.pid = pid, .channel = ends[0]};
	return 0;
}
