/* SPDX-License-Identifier: Apache-2.0 */
#include "target/exec/coprocess.h"

#include "roster/arena.h"
#include "roster/elapsed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MOST = 64 * 1024, GRACE_MS = 1000, LOOK_MS = 10 };
enum { SOON_MS = 200 }; /* between the end of what it says and its own */

struct coprocess {
	pid_t pid;
	int in, out; /* its standard input and output */
	struct str said;
	size_t used; /* of it, by the last answer */
};

/* --- starting -------------------------------------------------------------------------------------------------------------- */

static int make_pipes(int to[2], int from[2], struct error *err)
{
	if (pipe2(to, O_CLOEXEC) == 0) {
		if (pipe2(from, O_CLOEXEC) == 0)
			return 0;
		close(to[0]);
		close(to[1]);
	}
	return error_set(err, ERR_INTERNAL, "no pipe can be made: %s", strerror(errno));
}

/* Ours, and the name of the target in front. */
static char **make_environment(const char *name, struct arena *arena)
{
	static const char variable[] = "ROSTER_TARGET=";
	size_t count = 0, made = 0;

	while (environ[count])
		count++;
	char **variables = arena_alloc_array(arena, count + 2, sizeof(*variables));
	variables[made++] = arena_printf(arena, "%s%s", variable, name);
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], variable, strlen(variable)) != 0)
			variables[made++] = environ[i];
	return variables;
}

static int spawn(struct coprocess *coprocess, const char *path, char **variables, const int ends[2])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char *words[] = {(char *)(uintptr_t)path, NULL};
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, ends[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int status = posix_spawn(&coprocess->pid, path, &files, &attributes, words, variables);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return status;
}

int coprocess_start(const char *path, const char *name, struct coprocess **ret, struct error *err)
{
	struct arena *arena = arena_new();
	struct coprocess coprocess = {0};
	int to[2] = {-1, -1}, from[2] = {-1, -1}, status = -1;

	if (make_pipes(to, from, err) == 0) {
		const int ends[2] = {to[0], from[1]};
		status = spawn(&coprocess, path, make_environment(name, arena), ends);
		close(ends[0]);
		close(ends[1]);
		coprocess.in = to[1];
		coprocess.out = from[0];
		if (status != 0) {
			close(coprocess.in);
			close(coprocess.out);
			status = error_set(err, ERR_CONFIG, "%s cannot be started: %s", path, strerror(status));
		}
	}
	arena_free(&arena);
	if (status)
		return -1;
	fcntl(coprocess.in, F_SETFL, O_NONBLOCK);
	fcntl(coprocess.out, F_SETFL, O_NONBLOCK);
	*ret = xcalloc(1, sizeof(**ret));
	**ret = coprocess;
	return 0;
}

/* --- ending ---------------------------------------------------------------------------------------------------------------- */

/* It is not reaped yet, so that its number is nobody else's. */
static bool has_ended(pid_t pid, int64_t within_ms, siginfo_t *how)
{
	int64_t until = clock_ms() + within_ms;

	for (;;) {
		*how = (siginfo_t){0};
		if (waitid(P_PID, (id_t)pid, how, WEXITED | WNOHANG | WNOWAIT) == 0 && how->si_pid == pid)
			return true;
		if (clock_ms() >= until)
			return false;
		poll(NULL, 0, LOOK_MS);
	}
}

/* It sees the end of its input first, and has a second to go by itself. */
void coprocess_end(struct coprocess **coprocess)
{
	if (!*coprocess)
		return;
	pid_t pid = (*coprocess)->pid;
	siginfo_t how;

	close((*coprocess)->in);
	has_ended(pid, GRACE_MS, &how);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close((*coprocess)->out);
	str_free(&(*coprocess)->said);
	free(*coprocess);
	*coprocess = NULL;
}

/* --- a line ---------------------------------------------------------------------------------------------------------------- */

static int it_is_gone(const struct coprocess *coprocess, struct error *err)
{
	siginfo_t how;

	if (!has_ended(coprocess->pid, SOON_MS, &how))
		return error_set(err, ERR_UNREACHABLE, "the program has closed its input or output");
	if (how.si_code == CLD_EXITED)
		return error_set(err, ERR_UNREACHABLE, "the program ended with status %d", how.si_status);
	return error_set(err, ERR_UNREACHABLE, "the program was ended by signal %d", how.si_status);
}

/* 1: the line is there. */
static int take_output(struct coprocess *coprocess, const char **answer, struct error *err)
{
	char bytes[4096];
	ssize_t size = read(coprocess->out, bytes, sizeof(bytes));

	if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
		return it_is_gone(coprocess, err);
	if (size > 0)
		str_append(&coprocess->said, bytes, (size_t)size);
	char *end = coprocess->said.size > 0 ? memchr(coprocess->said.data, '\n', coprocess->said.size) : NULL;
	if (!end && coprocess->said.size > LINE_MOST)
		return error_set(err, ERR_PROTOCOL, "the program answers with a line of more than 64 KiB");
	if (!end)
		return 0;
	*end = '\0';
	coprocess->used = (size_t)(end - coprocess->said.data) + 1;
	*answer = coprocess->said.data;
	return 1;
}

static int put_input(struct coprocess *coprocess, const struct str *line, size_t *done, struct error *err)
{
	ssize_t size = write(coprocess->in, line->data + *done, line->size - *done);

	if (size > 0)
		*done += (size_t)size;
	return size < 0 && errno != EAGAIN && errno != EINTR ? it_is_gone(coprocess, err) : 0;
}

static void drop_answer(struct coprocess *coprocess)
{
	if (coprocess->used == 0)
		return;
	memmove(coprocess->said.data, coprocess->said.data + coprocess->used, coprocess->said.size - coprocess->used);
	coprocess->said.size -= coprocess->used;
	coprocess->used = 0;
}

int coprocess_ask(struct coprocess *coprocess, const struct str *line, int64_t until, int stop, const char **answer,
		  struct error *err)
{
	size_t done = 0;
	int status = 0;

	drop_answer(coprocess);
	while (status == 0) {
		int64_t wait = until - clock_ms();
		struct pollfd watched[] = {{.fd = coprocess->out, .events = POLLIN},
					   {.fd = done < line->size ? coprocess->in : -1, .events = POLLOUT},
					   {.fd = stop, .events = POLLIN}};
		if (wait <= 0)
			return error_set(err, ERR_UNREACHABLE, "the program does not answer in time");
		if (poll(watched, 3, (int)wait) < 0 && errno != EINTR)
			return error_set(err, ERR_INTERNAL, "waiting failed: %s", strerror(errno));
		if (watched[2].revents)
			return error_set(err, ERR_CONFLICT, "told to stop before there was an answer");
		if (watched[1].revents)
			status = put_input(coprocess, line, &done, err);
		if (status == 0 && watched[0].revents)
			status = take_output(coprocess, answer, err);
	}
	return status < 0 ? -1 : 0;
}
