/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a command and write down what it took:
 *
 *     measured FILE COMMAND [ARGUMENT]...
 *
 * FILE gets one line: seconds of wall, user and system time, the most memory it had in KiB, and its exit code (128 and the
 * signal's number when it was killed). A small program does this because the memory of a process counts from before its
 * exec(): a child of the interpreter would never have less than the interpreter.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void fail(const char *what)
{
	fprintf(stderr, "measured: %s: %s\n", what, strerror(errno));
	exit(2);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: measured FILE COMMAND [ARGUMENT]...\n");
		return 2;
	}
	FILE *file = fopen(argv[1], "we");
	if (file == NULL)
		fail(argv[1]);
	double start = now();
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "measured: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (wait4(child, &status, 0, &usage) != child)
		fail("wait4");
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(file, "%.6f %.6f %.6f %ld %d\n", now() - start, seconds(&usage.ru_utime), seconds(&usage.ru_stime),
		usage.ru_maxrss, code);
	return fclose(file) == 0 ? 0 : 1;
}
