/* SPDX-License-Identifier: Apache-2.0 */
/* What a run did: as JSON for who asked from another process, and in words. */
#include "roster/job.h"
#include "roster/json.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { REPORT_MOST = 64 * 1024 };

/* The numbers of a report and their keys. */
static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
    {"run", offsetof(struct sync_report, run)},
    {"newly_held", offsetof(struct sync_report, newly_held)},
    {"postponed", offsetof(struct sync_report, postponed)},
    {"first_revision", offsetof(struct sync_report, first_revision)},
    {"last_revision", offsetof(struct sync_report, last_revision)},
    {"changes", offsetof(struct sync_report, totals.changes)},
    {"add", offsetof(struct sync_report, totals.add)},
    {"change", offsetof(struct sync_report, totals.change)},
    {"remove", offsetof(struct sync_report, totals.remove)},
    {"held", offsetof(struct sync_report, totals.held)},
    {"rejected", offsetof(struct sync_report, totals.rejected)},
    {"waiting", offsetof(struct sync_report, waiting)},
    {"taken", offsetof(struct sync_report, totals.taken)},
    {"gone", offsetof(struct sync_report, totals.gone)},
    {"closed", offsetof(struct sync_report, totals.closed)},
    {"grants", offsetof(struct sync_report, totals.grants)},
    {"people", offsetof(struct sync_report, totals.people)},
    {"drift", offsetof(struct sync_report, drift)},
    {"quarantined", offsetof(struct sync_report, totals.quarantined)},
};

static const char *const count_keys[ENTRY_KINDS] = {
    [ENTRY_USER] = "users", [ENTRY_GROUP] = "groups", [ENTRY_UNIT] = "units"};

/* --- writing ---------------------------------------------------------------------------------------------------------- */

/* A reason quotes servers, and may have been cut within a character: what is no text is not worth a run. */
static void put_text(struct json *object, const char *key, const char *text)
{
	if (json_put_text(object, key, text, NULL) != 0)
		json_put_text(object, key, "(not readable)", NULL);
}

static void put_integer(struct json *object, const char *key, int64_t number)
{
	json_put(object, key, json_new_integer(number), NULL);
}

void report_write(const struct sync_report *report, struct str *out)
{
	struct json *object = json_new_object();

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		put_integer(object, numbers[i].key, *(const int64_t *)((const char *)report + numbers[i].offset));
	for (enum entry_kind kind = 0; kind < ENTRY_KINDS; kind++)
		put_integer(object, count_keys[kind], (int64_t)report->entries[kind]);
	put_integer(object, "unreadable", (int64_t)report->unreadable);
	put_integer(object, "milliseconds", (int64_t)(report->seconds * 1000));
	json_put(object, "observed", json_new_boolean(report->observed), NULL);
	put_text(object, "state", report->state);
	put_text(object, "completeness", report->completeness);
	put_text(object, "reason", report->reason);
	put_text(object, "held_reason", report->held_reason);
	put_text(object, "waiting_runs", report->waiting_runs);
	put_text(object, "drifted", report->drifted);
	put_text(object, "digest", report->digest);
	put_text(object, "would_notify", report->would_notify);
	json_print(object, false, out);
	json_free(&object);
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

static int read_numbers(const struct json *object, struct sync_report *ret, struct error *err)
{
	int64_t number = 0;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (json_get_integer(object, numbers[i].key, (int64_t *)((char *)ret + numbers[i].offset), err) < 0)
			return -1;
	for (enum entry_kind kind = 0; kind < ENTRY_KINDS; kind++, number = 0) {
		if (json_get_integer(object, count_keys[kind], &number, err) < 0)
			return -1;
		ret->entries[kind] = (unsigned long)number;
	}
	if (json_get_integer(object, "unreadable", &number, err) < 0)
		return -1;
	ret->unreadable = (unsigned long)number;
	number = 0;
	if (json_get_integer(object, "milliseconds", &number, err) < 0)
		return -1;
	ret->seconds = (double)number / 1000.0;
	return 0;
}

static int read_text(const struct json *object, const char *key, char *out, size_t size, struct error *err)
{
	const char *text = "";

	if (json_get_text(object, key, &text, err) < 0)
		return -1;
	snprintf(out, size, "%s", text);
	return 0;
}

static int read_report(const struct json *object, struct arena *arena, struct sync_report *ret, struct error *err)
{
	const char *state = "nothing", *completeness = "failed";

	*ret = (struct sync_report){.state = "nothing", .completeness = "failed"};
	if (read_numbers(object, ret, err) != 0 || json_get_boolean(object, "observed", &ret->observed, err) < 0 ||
	    json_get_text(object, "state", &state, err) < 0 ||
	    json_get_text(object, "completeness", &completeness, err) < 0 ||
	    read_text(object, "reason", ret->reason, sizeof ret->reason, err) != 0 ||
	    read_text(object, "held_reason", ret->held_reason, sizeof ret->held_reason, err) != 0 ||
	    read_text(object, "waiting_runs", ret->waiting_runs, sizeof ret->waiting_runs, err) != 0 ||
	    read_text(object, "drifted", ret->drifted, sizeof ret->drifted, err) != 0 ||
	    read_text(object, "digest", ret->digest, sizeof ret->digest, err) != 0 ||
	    read_text(object, "would_notify", ret->would_notify, sizeof ret->would_notify, err) != 0)
		return -1;
	ret->state = arena_strdup(arena, state);
	ret->completeness = arena_strdup(arena, completeness);
	return 0;
}

int report_read(const char *text, struct arena *arena, struct sync_report *ret, struct error *err)
{
	struct json *object = NULL;
	int rc = json_parse(text, strlen(text), REPORT_MOST, &object, err);

	if (rc == 0)
		rc = read_report(object, arena, ret, err);
	json_free(&object);
	return rc == 0 ? 0 : error_prefix(err, "the report of the run");
}

/* --- words ------------------------------------------------------------------------------------------------------------ */

/* "1 change", "31 changes" */
static void add_changes(struct str *out, int64_t count)
{
	str_printf(out, "%" PRId64 " change%s", count, count == 1 ? "" : "s");
}

static int64_t applied(const struct sync_report *report)
{
	return report->totals.changes - report->totals.held - report->totals.rejected;
}

static void tell_held(const struct sync_report *report, const char *source, struct str *out)
{
	bool whole = strcmp(report->state, "held") == 0;

	str_printf(out, "held: run %s/%" PRId64, source, report->run);
	if (whole && applied(report) == 0) {
		str_add(out, " changed nothing");
	} else {
		str_add(out, " applied ");
		add_changes(out, applied(report));
	}
	str_add(out, " and holds ");
	add_changes(out, whole ? report->totals.held : report->newly_held);
	str_printf(out, ": %s%s", report->held_reason, whole ? "" : "; they wait until somebody decides");
}

static void tell_rejected(const struct sync_report *report, const char *source, struct str *out)
{
	bool one = report->totals.rejected == 1;

	str_printf(out, "run %s/%" PRId64, source, report->run);
	if (applied(report) == 0) {
		str_add(out, " changed nothing: ");
	} else {
		str_add(out, " applied ");
		add_changes(out, applied(report));
		str_add(out, ": ");
	}
	add_changes(out, report->totals.rejected);
	str_printf(out, " %s rejected before and %s still all there is to do", one ? "was" : "were",
		   one ? "is" : "are");
}

static void tell_applied(const struct sync_report *report, const char *source, struct str *out)
{
	str_printf(out, "run %s/%" PRId64 " applied ", source, report->run);
	add_changes(out, applied(report));
	if (report->first_revision == report->last_revision)
		str_printf(out, " (revision %" PRId64 ")", report->last_revision);
	else
		str_printf(out, " (revisions %" PRId64 " to %" PRId64 ")", report->first_revision,
			   report->last_revision);
}

void report_tell(const struct sync_report *report, const char *source, struct str *out)
{
	if (report->held_reason[0] != '\0')
		tell_held(report, source, out);
	else if (strcmp(report->state, "rejected") == 0)
		tell_rejected(report, source, out);
	else if (report->observed)
		str_add(out, "observed: nothing was written, because safety.mode is \"observe\"");
	else if (report->last_revision == 0)
		str_printf(out, "run %s/%" PRId64 ": nothing to do", source, report->run);
	else
		tell_applied(report, source, out);
	if (report->drift > 0)
		str_printf(out, "; the source had not told of %" PRId64 " change%s: %s", report->drift,
			   report->drift == 1 ? "" : "s", report->drifted);
	if (report->reason[0] != '\0' && strcmp(report->completeness, "mirror") == 0)
		str_add(out, "; the source could not be asked, this follows from what it said last");
	else if (report->reason[0] != '\0')
		str_printf(out, "; the read is %s, nothing is removed by it", report->completeness);
}
