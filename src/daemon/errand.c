/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/errand.h"

#include "daemon/program.h"
#include "roster/daemon.h"
#include "roster/elapsed.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOOK_MS = 20 };

/* A file and not a pipe: who does not read it keeps nobody waiting. */
static int input_file(const struct str *input, struct error *err)
{
	int file = memfd_create("input", MFD_CLOEXEC);
	size_t done = 0;

	while (file >= 0 && done < input->size) {
		ssize_t wrote = write(file, input->data + done, input->size - done);
		if (wrote < 0 && errno != EINTR)
			break;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	if (file >= 0 && done == input->size && lseek(file, 0, SEEK_SET) == 0)
		return file;
	error_set(err, ERR_INTERNAL, "no file can be made to read from: %s", strerror(errno));
	if (file >= 0)
		close(file);
	return -1;
}

/* True when it ended by itself in time. */
static bool await(struct program *program, const struct errand *errand)
{
	int64_t until = clock_ms() + errand->most_ms;
	bool stopping = false;

	while (!program_wait(program, LOOK_MS)) {
		int64_t now = clock_ms();
		if (child_must_stop() && !stopping) {
			stopping = true;
			until = until < now + errand->stopping_ms ? until : now + errand->stopping_ms;
		}
		if (now >= until)
			return false;
	}
	return true;
}

static int judge(struct program *program, const struct errand *errand, struct error *err)
{
	const char *words;

	if (!await(program, errand)) {
		program_kill(program);
		while (!program_wait(program, LOOK_MS))
			;
		return error_set(err, ERR_UNREACHABLE, "%s was killed: it did not end in time", errand->argv[0]);
	}
	if (program_succeeded(program))
		return 0;
	words = program_last_words(program);
	return error_set(err, ERR_UNREACHABLE, "%s ended with %s%s%s", errand->argv[0], program_end(program),
			 *words == '\0' ? "" : ": ", words);
}

int errand_run(const struct errand *errand, struct error *err)
{
	static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
						  "LANG=C.UTF-8", NULL};
	struct program_start start = {
	    .argv = errand->argv, .death_signal = SIGKILL, .kept = -1, .environment = environment};
	struct program *program = NULL;
	int rc;

	start.input = input_file(errand->input, err);
	if (start.input < 0)
		return -1;
	rc = program_start(&start, &program, err);
	close(start.input);
	if (rc == 0)
		rc = judge(program, errand, err);
	program_free(&program);
	return rc;
}
