/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration that is in force, or may come into force. */
#include "daemon/private.h"
#include "roster/job.h"
#include "roster/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void log_finding(const struct finding *finding)
{
	struct str text = {0};

	str_add(&text, finding->position.file);
	if (finding->position.line > 0)
		str_printf(&text, ":%d", finding->position.line);
	str_printf(&text, ": %s", finding->text);
	if (finding->hint)
		str_printf(&text, " (%s)", finding->hint);
	log_write(finding->warning ? LOG_WARN_LEVEL : LOG_ERROR_LEVEL, "%s", str_text(&text));
	str_free(&text);
}

static void print_findings(const struct findings *findings)
{
	struct str text = {0};

	findings_print(findings, &text);
	fputs(str_text(&text), stderr);
	str_free(&text);
}

int daemon_load(const char *file, enum tell tell, struct setup *ret, struct error *err)
{
	struct findings findings = {0};

	*ret = (struct setup){.arena = arena_new(), .handover = -1};
	int rc = setup_load(file, ret->arena, &ret->config, &findings, err);
	if (tell != TELL_LOG && (rc != 0 || tell == TELL_ALL))
		print_findings(&findings);
	if (tell != TELL_LOG && findings.errors > 0)
		findings_count(&findings, err);
	for (size_t i = 0; tell == TELL_LOG && i < findings.count; i++)
		log_finding(&findings.items[i]);
	return rc;
}

void daemon_log_as(const struct config *config)
{
	log_setup(log_level_named(config->log_level), log_format_named(config->log_format));
}

void daemon_unload(struct setup *setup)
{
	if (setup->arena != NULL && setup->handover >= 0)
		close(setup->handover);
	arena_free(&setup->arena);
	*setup = (struct setup){.handover = -1};
}

/* --- from the supervisor to its children --------------------------------------------------------------------------------- */

static int write_all(int file, const struct str *bytes)
{
	size_t done = 0;

	while (done < bytes->size) {
		ssize_t wrote = write(file, bytes->data + done, bytes->size - done);
		if (wrote < 0 && errno != EINTR)
			return -1;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return 0;
}

int daemon_hand_over(struct setup *setup, struct error *err)
{
	int file = memfd_create("configuration", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct str bytes = {0};
	int failed;

	config_pack(setup->config, &bytes);
	failed = file < 0 || write_all(file, &bytes) != 0 ||
		 fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0;
	if (failed)
		error_set(err, ERR_INTERNAL, "the configuration cannot be kept for children: %s", strerror(errno));
	str_free(&bytes);
	if (failed && file >= 0)
		close(file);
	else
		setup->handover = file;
	return failed ? -1 : 0;
}

/* All children have the file open at one and the same place, which therefore is not to be moved. */
static int read_handover(int file, struct arena *arena, const char **ret, size_t *size, struct error *err)
{
	struct stat info;
	char *bytes;
	size_t done = 0;

	if (fstat(file, &info) != 0)
		return error_set(err, ERR_INTERNAL, "no configuration was handed over: %s", strerror(errno));
	*size = (size_t)info.st_size;
	*ret = bytes = arena_alloc(arena, *size + 1);
	while (done < *size) {
		ssize_t got = pread(file, bytes + done, *size - done, (off_t)done);
		if (got == 0 || (got < 0 && errno != EINTR))
			return error_set(err, ERR_INTERNAL, "the configuration that was handed over cannot be read");
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int daemon_take_over(int handover, struct setup *ret, struct error *err)
{
	struct config_text *texts = NULL;
	const char *bytes = NULL;
	size_t size = 0, count = 0;

	*ret = (struct setup){.arena = arena_new(), .handover = -1};
	int rc = read_handover(handover, ret->arena, &bytes, &size, err);
	close(handover);
	if (rc == 0)
		rc = config_unpack(bytes, size, ret->arena, &texts, &count, err);
	return rc == 0 ? setup_load_texts(texts, count, ret->arena, &ret->config, err) : -1;
}

int daemon_permitted(const struct config *config, struct error *err)
{
	if (geteuid() != 0 || config->database.embedded[0] == '\0')
		return 0;
	return error_set(err, ERR_DENIED, "PostgreSQL does not run as root: start rosterd as a user of its own");
}
