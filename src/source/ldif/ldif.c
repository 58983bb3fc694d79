/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver for directory content in an LDIF file: slapcat, ldapsearch or any other export (RFC 2849).
 *
 * What proves that a file is not everything: it holds no record; its last line has no end (a cut behind a whole line
 * cannot be ids: that is what FILE.sha256 and the result of ldapsearch are for); ldapsearch began it and did not finish
 * it, or finished with another result than 0; it points to other servers; its checksum differs; it changed while it was
 * read; a record that may be anybody's could not be read.
 */
#include "source/ids.h"
#include "source/ldif/checksum.h"
#include "source/ldif/kinds.h"
#include "source/ldif/record.h"
#include "source/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A group of half a million members needs 32 MiB. */
enum { RECORD_LIMIT = 64 << 20 };

/* What `struct source` is in this driver. */
struct ldif_source {
	const struct source_config *config;
	struct arena *arena; /* lives as long as the source */
	struct kinds *kinds;
};

/* One read. */
struct reading {
	const struct source_config *config;
	const struct kinds *kinds;
	struct entry_sink *sink;
	struct read_result *result;
	struct arena *arena; /* holds one record */
	struct named_ids ids;
	unsigned long records, results;
};

/* The first reason is the one to tell. */
static void __attribute__((format(printf, 2, 3))) not_complete(struct reading *reading, const char *format, ...)
{
	char *reason = reading->result->reason;
	va_list args;

	if (reading->result->completeness != READ_COMPLETE)
		return;
	reading->result->completeness = READ_INCOMPLETE;
	va_start(args, format);
	vsnprintf(reason, sizeof(reading->result->reason), format, args);
	va_end(args);
	/* What did not fit may have left half a character. */
	for (size_t size = strlen(reason); size > 0 && !text_is_valid(reason, size);)
		reason[--size] = '\0';
}

/* --- what cannot become an entry --------------------------------------------------------------------------------- */

static const char *origin(const struct reading *reading, const struct ldif_record *record)
{
	return arena_printf(reading->arena, "%s:%lu", reading->config->file, record->line);
}

static int unreadable(struct reading *reading, const struct ldif_record *record, const char *id, const char *why,
		      struct error *err)
{
	if (record->dn)
		why = arena_printf(reading->arena, "%s: %s", record->dn, why);
	reading->result->unreadable++;
	return reading->sink->unreadable(reading->sink, id, origin(reading, record), why, err);
}

/* Without an id nobody can tell whose record it is, so whoever seems to be missing may be the one. */
static int nobody(struct reading *reading, const struct ldif_record *record, const char *why, struct error *err)
{
	not_complete(reading, "the record at line %lu cannot be read and may be anybody's: %s", record->line, why);
	return unreadable(reading, record, NULL, why, err);
}

static int damaged(struct reading *reading, const struct ldif_record *record, const char *why, struct error *err)
{
	const char *id = record->cut ? NULL : kinds_any_id(reading->kinds, record, reading->arena);

	return id ? unreadable(reading, record, id, why, err) : nobody(reading, record, why, err);
}

/* --- entries ------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct source_config *config, const char *name)
{
	if (attribute_is_secret(name))
		return false;
	for (size_t i = 0; i < config->attribute_count; i++)
		if (text_equal_fold(config->attributes[i], name))
			return true;
	return false;
}

static void keep_wanted(const struct source_config *config, struct entry *entry)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry->attribute_count; i++)
		if (is_wanted(config, entry->attributes[i].name))
			entry->attributes[kept++] = entry->attributes[i];
	entry->attribute_count = kept;
}

/* 1 with entry->id, 0 when the record was reported instead, -1 to stop. */
static int identify(struct reading *reading, const struct ldif_record *record, struct entry *entry, struct error *err)
{
	const char *name = kinds_id_name(reading->kinds, entry->kind);
	const struct attribute *attribute = entry_attribute(entry, name);
	struct error problem = {0};

	if (!attribute)
		return nobody(reading, record,
			      arena_printf(reading->arena,
					   "it has no %s, set attributes.id of the source's %ss to an "
					   "attribute that all of them have and that never changes",
					   name, entry_kind_name(entry->kind)),
			      err);
	if (entry_id(attribute, reading->arena, &entry->id, &problem) < 0)
		return nobody(reading, record, problem.text, err);
	unsigned long line = ids_add(&reading->ids, entry->id, record->line);
	if (line == 0)
		return 1;
	/* The id is known, and so is its entry: the first one counts. */
	return unreadable(reading, record, NULL,
			  arena_printf(reading->arena,
				       "%s %s stands in line %lu and again in line %lu, the first counts", name,
				       entry->id, line, record->line),
			  err);
}

static int take_entry(struct reading *reading, const struct ldif_record *record, struct error *err)
{
	struct entry entry = {.dn = record->dn,
			      .attributes = record->attributes,
			      .attribute_count = record->attribute_count,
			      .origin = origin(reading, record)};
	struct error problem = {0};
	int found = kinds_find(reading->kinds, &entry, &problem);

	if (found < 0)
		return damaged(reading, record, problem.text, err);
	if (found == 0) {
		reading->result->ignored++;
		return 0;
	}
	found = identify(reading, record, &entry, err);
	if (found <= 0)
		return found;
	if (entry.kind == ENTRY_GROUP && kinds_hides_members(reading->kinds, &entry))
		return unreadable(reading, record, entry.id,
				  "it is a group that cannot be empty, but shows no member: the members may be hidden "
				  "from who wrote the file",
				  err);
	if (entry.kind == ENTRY_USER)
		entry_account(&entry, reading->arena, &entry.account);
	keep_wanted(reading->config, &entry);
	reading->result->entries++;
	return reading->sink->entry(reading->sink, &entry, err);
}

static void take_result(struct reading *reading, const struct ldif_record *record)
{
	reading->results++;
	if (strcmp(record->text, "0") != 0 && !text_starts_with(record->text, "0 "))
		not_complete(reading, "line %lu says that the search ended early: result %s", record->line,
			     record->text);
}

static int take_record(struct reading *reading, const struct ldif_record *record, struct error *err)
{
	if (record->cut)
		not_complete(reading,
			     "the file ends within the line that ends the record at line %lu: it may have been "
			     "cut off, a whole one ends with a newline",
			     record->line);
	switch (record->kind) {
	case LDIF_RESULT:
		take_result(reading, record);
		return 0;
	case LDIF_REFERENCE:
		not_complete(reading, "line %lu refers to entries on another server: %s", record->line, record->text);
		return 0;
	case LDIF_ENTRY:
		break;
	}
	reading->records++;
	if (record->problem)
		return damaged(reading, record, record->problem, err);
	if (record->cut)
		return damaged(reading, record, "the file ends inside this record", err);
	return take_entry(reading, record, err);
}

/* --- the file ------------------------------------------------------------------------------------------------------ */

static int read_records(struct reading *reading, struct ldif_lines *lines, struct error *err)
{
	struct ldif_records records = {.lines = lines, .limit = RECORD_LIMIT};
	struct ldif_record record;
	int more;

	do {
		arena_reset(reading->arena);
		more = ldif_record_next(&records, reading->arena, &record, err);
		if (more < 0)
			return error_prefix(err, "%s", reading->config->file);
		if (more == 1 && take_record(reading, &record, err) < 0)
			return -1;
	} while (more == 1);
	if (reading->records == 0)
		not_complete(reading, "the file holds no records");
	if (ldif_lines_announce_result(lines) && reading->results == 0)
		not_complete(reading,
			     "ldapsearch began this file but did not finish it: the line \"result:\" is missing");
	return 0;
}

static void check_sum(struct reading *reading, struct ldif_lines *lines)
{
	char want[SHA256_TEXT], have[SHA256_TEXT];
	struct error problem = {0};
	int expected = checksum_expected(reading->config->file, want, &problem);

	if (expected < 0)
		not_complete(reading, "%s", problem.text);
	if (expected <= 0)
		return;
	ldif_lines_sha256(lines, have);
	if (strcmp(want, have) != 0)
		not_complete(reading, "the SHA-256 of the file is %s, but %s.sha256 says %s", have,
			     reading->config->file, want);
}

static void check_unchanged(struct reading *reading, FILE *file, const struct stat *before)
{
	struct stat after;

	if (fstat(fileno(file), &after) < 0 || after.st_size != before->st_size ||
	    after.st_mtim.tv_sec != before->st_mtim.tv_sec || after.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		not_complete(reading, "the file changed while it was read: write another one and rename it");
}

static int open_file(const char *path, FILE **ret, struct stat *status, struct error *err)
{
	/* Opening a FIFO must not wait for its writer. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (descriptor < 0)
		return error_set(err, errno == EACCES ? ERR_DENIED : ERR_UNREACHABLE, "cannot open %s: %s", path,
				 strerror(errno));
	if (fstat(descriptor, status) < 0 || !S_ISREG(status->st_mode)) {
		close(descriptor);
		return error_set(err, ERR_CONFIG, "%s is not a regular file", path);
	}
	*ret = fdopen(descriptor, "r");
	if (!*ret)
		die("out of memory");
	return 0;
}

static int ldif_read_all(struct source *source, struct entry_sink *sink, struct read_result *result, struct error *err)
{
	const struct ldif_source *ldif = (const struct ldif_source *)source;
	struct reading reading = {.config = ldif->config, .kinds = ldif->kinds, .sink = sink, .result = result};
	struct ldif_lines *lines;
	struct stat status = {0};
	FILE *file = NULL;
	int done;

	*result = (struct read_result){.completeness = READ_FAILED};
	if (open_file(ldif->config->file, &file, &status, err) < 0)
		return -1;
	result->completeness = READ_COMPLETE;
	reading.arena = arena_new();
	lines = ldif_lines_new(file, RECORD_LIMIT);
	done = read_records(&reading, lines, err);
	check_sum(&reading, lines);
	check_unchanged(&reading, file, &status);
	if (done < 0)
		result->completeness = READ_FAILED;
	ldif_lines_free(&lines);
	ids_free(&reading.ids);
	arena_free(&reading.arena);
	fclose(file);
	return done;
}

static void ldif_close(struct source **source)
{
	struct ldif_source *ldif = (struct ldif_source *)*source;

	if (!ldif)
		return;
	arena_free(&ldif->arena);
	free(ldif);
	*source = NULL;
}

static int ldif_open(const struct source_config *config, struct source **ret, struct error *err)
{
	struct ldif_source *ldif = xcalloc(1, sizeof(*ldif));
	struct source *source = (struct source *)ldif;

	ldif->config = config;
	ldif->arena = arena_new();
	if (config->file[0] == '\0')
		error_set(err, ERR_CONFIG, "has no file");
	else
		ldif->kinds = kinds_new(config, ldif->arena, err);
	if (!ldif->kinds) {
		ldif_close(&source);
		return error_prefix(err, "source %s", config->name);
	}
	*ret = source;
	return 0;
}

const struct source_ops ldif_source_ops = {
    .name = "ldif",
    .open = ldif_open,
    .read_all = ldif_read_all,
    .close = ldif_close,
};
