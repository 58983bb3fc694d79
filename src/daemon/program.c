/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/program.h"

#include "roster/arena.h"
#include "roster/log.h"
#include "roster/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MOST = 8192, LISTEN_MS = 200, NOT_EXECUTED = 127 };

struct program {
	pid_t pid;
	int output;
	int status; /* of waitpid(); valid once ended */
	bool ended;
	char end[32];
	pthread_t listener;
	bool listening;
	atomic_bool started, deaf;
	bool settled; /* the listener has noticed that it started */
	/* The listener's, until it is joined. */
	struct str line, last, grave;
	enum log_level level; /* of the line before */
};

/* --- its output ---------------------------------------------------------------------------------------------------------- */

static bool is_grave(const struct program *program, const char *line)
{
	return strstr(line, "PANIC:  ") ||
	       (!program->settled && (strstr(line, "FATAL:  ") || strstr(line, ": error: ")));
}

static void remember(struct str *memory, const char *line)
{
	str_clear(memory);
	str_add(memory, line);
}

/* By the word PostgreSQL puts in front; a line without one goes on about the line before. What clients did wrong is
 * theirs, and told to them: our own log it as they see fit, and what operators mistype would fill the log. */
static enum log_level level_of(const char *line, enum log_level before)
{
	static const struct {
		const char *word;
		enum log_level level;
	} words[] = {
	    {"LOG:  ", LOG_INFO_LEVEL},   {"WARNING:  ", LOG_WARN_LEVEL}, {"ERROR:  ", LOG_DEBUG_LEVEL},
	    {"FATAL:  ", LOG_WARN_LEVEL}, {"PANIC:  ", LOG_ERROR_LEVEL},  {": error: ", LOG_ERROR_LEVEL},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(line, words[i].word) != NULL)
			return words[i].level;
	return before;
}

static void end_line(struct program *program)
{
	const char *line = str_text(&program->line);

	if (program->started && !program->settled) {
		program->settled = true;
		str_clear(&program->grave);
	}
	if (is_grave(program, line))
		remember(&program->grave, line);
	if (*line && !strstr(line, "database system is shut down"))
		remember(&program->last, line);
	program->level = level_of(line, program->level);
	if (*line)
		log_write(program->level, "%s", line);
	str_clear(&program->line);
}

static void take_output(struct program *program, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\0')
			str_add_char(&program->line, bytes[i]);
		if (bytes[i] == '\n' || program->line.size == LINE_MOST)
			end_line(program);
	}
}

/* Until its end, or, since children of it may keep the pipe open, until it is told that all has been said. */
static void *listen_to(void *context)
{
	struct program *program = context;
	struct pollfd readable = {.fd = program->output, .events = POLLIN};
	char bytes[4096];

	for (;;) {
		bool last = program->deaf;
		if (poll(&readable, 1, last ? 0 : LISTEN_MS) == 0) {
			if (last)
				break;
			continue;
		}
		ssize_t got = read(program->output, bytes, sizeof bytes);
		if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
			break;
		take_output(program, bytes, got > 0 ? (size_t)got : 0);
	}
	if (program->line.size > 0)
		end_line(program);
	return NULL;
}

static int start_listener(struct program *program, struct error *err)
{
	sigset_t all, before;

	/* Signals are for the thread that waits, which they must wake. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&program->listener, NULL, listen_to, program);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	program->listening = failed == 0;
	return failed == 0 ? 0 : error_set(err, ERR_INTERNAL, "no thread can be started: %s", strerror(failed));
}

static void stop_listener(struct program *program)
{
	if (!program->listening)
		return;
	program->deaf = true;
	pthread_join(program->listener, NULL);
	program->listening = false;
}

/* --- the child ----------------------------------------------------------------------------------------------------------- */

static void reset_signals(void)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Its standard files, the one it is to keep, and no other. */
static void set_files(const struct program_start *start, int output)
{
	int nowhere = open("/dev/null", O_RDWR);

	dup2(start->input > 0 ? start->input : nowhere, STDIN_FILENO);
	dup2(start->quiet ? nowhere : output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	if (start->kept >= 0)
		fcntl(start->kept, F_SETFD, 0);
}

_Noreturn static void become(const struct program_start *start, pid_t parent, int output)
{
	prctl(PR_SET_PDEATHSIG, start->death_signal);
	if (getppid() != parent)
		_exit(NOT_EXECUTED); /* it ended before it could be watched */
	/* Away from the terminal: Ctrl-C is for rosterd, which stops everything in order. */
	setpgid(0, 0);
	reset_signals();
	set_files(start, output);
	execve(start->argv[0], (char *const *)start->argv,
	       start->environment != NULL ? (char *const *)start->environment : environ);
	dprintf(STDERR_FILENO, "%s: error: %s\n", start->argv[0], strerror(errno));
	_exit(NOT_EXECUTED);
}

/* A signal for the child waits until become() lets it in: our handlers would swallow it. */
static pid_t fork_quietly(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid != 0)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

int program_start(const struct program_start *start, struct program **ret, struct error *err)
{
	struct program *program = xcalloc(1, sizeof *program);
	pid_t parent = getpid();
	int ends[2];

	program->output = -1;
	program->level = LOG_INFO_LEVEL;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(err, ERR_INTERNAL, "%s cannot be started: %s", start->argv[0], strerror(errno));
		goto failed;
	}
	program->output = ends[0];
	program->pid = fork_quietly();
	if (program->pid == 0)
		become(start, parent, ends[1]);
	close(ends[1]);
	if (program->pid < 0) {
		error_set(err, ERR_INTERNAL, "%s cannot be started: %s", start->argv[0], strerror(errno));
		goto failed;
	}
	if (start_listener(program, err) != 0)
		goto failed;
	*ret = program;
	return 0;
failed:
	if (program->pid > 0)
		kill(program->pid, start->death_signal);
	program_free(&program);
	return -1;
}

static void note_end(struct program *program)
{
	if (WIFSIGNALED(program->status))
		snprintf(program->end, sizeof program->end, "signal %d", WTERMSIG(program->status));
	else
		snprintf(program->end, sizeof program->end, "exit status %d", WEXITSTATUS(program->status));
	program->ended = true;
	stop_listener(program);
}

static bool look(struct program *program)
{
	if (!program->ended && waitpid(program->pid, &program->status, WNOHANG) > 0)
		note_end(program);
	return program->ended;
}

bool program_wait(struct program *program, int milliseconds)
{
	if (look(program) || milliseconds == 0)
		return program->ended;
	poll(NULL, 0, milliseconds);
	return look(program);
}

const char *program_end(const struct program *program)
{
	return program->end;
}

bool program_succeeded(const struct program *program)
{
	return program->ended && WIFEXITED(program->status) && WEXITSTATUS(program->status) == 0;
}

void program_signal(struct program *program, int signal)
{
	if (!program->ended)
		kill(program->pid, signal);
}

void program_kill(struct program *program)
{
	/* Also by its own number: it may not have its group yet. */
	if (!program->ended) {
		kill(-program->pid, SIGKILL);
		kill(program->pid, SIGKILL);
	}
}

int program_id(const struct program *program)
{
	return (int)program->pid;
}

void program_started(struct program *program)
{
	program->started = true;
}

const char *program_last_words(struct program *program)
{
	return program->grave.size > 0 ? str_text(&program->grave) : str_text(&program->last);
}

void program_free(struct program **program)
{
	if (*program == NULL)
		return;
	stop_listener(*program);
	if ((*program)->output >= 0)
		close((*program)->output);
	str_free(&(*program)->line);
	str_free(&(*program)->last);
	str_free(&(*program)->grave);
	free(*program);
	*program = NULL;
}
