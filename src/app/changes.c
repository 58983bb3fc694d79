/* SPDX-License-Identifier: Apache-2.0 */
#include "app/changes.h"

#include "roster/json.h"

#include <inttypes.h>
#include <string.h>

/* How a change reads: sign, noun, and who or what it is about. */
struct line {
	char sign;
	const char *noun, *subject, *reference;
	struct str what;
};

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

/* He is there, and the source says that the account may not be used. */
static void describe_closed(const struct change_printer *printer, const struct change *change, struct line *line)
{
	str_clear(&line->what);
	str_printf(&line->what, "closed in %s: %s", printer->source->name, change->was);
}

static void describe_user(const struct change_printer *printer, const struct change *change, struct line *line)
{
	static const struct {
		const char *action;
		char sign;
		const char *words;
	} forms[] = {
	    {"add", '+', "new in"},       {"return", '+', "back in"},     {"link", '+', "known now also in"},
	    {"vanish", '-', "gone from"}, {"disable", '-', "deleted in"},
	};

	line->noun = "user";
	line->subject = change->login;
	line->reference = change->dn;
	line->sign = '~';
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (!is(change->action, forms[i].action))
			continue;
		line->sign = forms[i].sign;
		str_printf(&line->what, "%s %s", forms[i].words, printer->source->name);
	}
	if (is(change->action, "link"))
		str_printf(&line->what, ", as %s", change->was);
	if (line->sign == '~')
		str_printf(&line->what, "was %s", change->was);
	else if (is(change->action, "disable") && change->was[0] != '\0')
		describe_closed(printer, change, line);
}

static void describe_group(const struct change *change, struct line *line)
{
	bool add = is(change->action, "add");

	line->sign = add ? '+' : '-';
	line->noun = "group";
	line->subject = change->anchor;
	line->reference = change->position;
	if (add)
		str_printf(&line->what, "made by rule %s", change->rule);
	else
		str_add(&line->what, "no rule wants it any more, and it holds nothing");
}

static void describe_grant(const struct change *change, struct arena *arena, struct line *line)
{
	bool add = is(change->action, "add"), admin = is(change->role, "Group Administrator");

	line->sign = add ? '+' : '-';
	line->noun = admin ? "admin" : "member";
	line->subject = change->anchor;
	str_printf(&line->what, admin ? "%s" : "%s as %s", change->login, change->role);
	if (add)
		line->reference = arena_printf(arena, "rule %-12s %s", change->rule, change->position);
	else if (change->via[0] != '\0')
		line->reference = arena_printf(arena, "left %s", change->via);
	else
		line->reference = "no rule gives it any more";
}

static void print_text(struct change_printer *printer, const struct change *change)
{
	struct line line = {0};

	if (is(change->kind, "user"))
		describe_user(printer, change, &line);
	else if (is(change->kind, "group"))
		describe_group(change, &line);
	else
		describe_grant(change, printer->app->arena, &line);
	fprintf(printer->out, "  %c %-8s %-20s %-40s %s%s\n", line.sign, line.noun, line.subject, str_text(&line.what),
		line.reference,
		change->held       ? "   (held)"
		: change->rejected ? "   (rejected)"
				   : "");
	str_free(&line.what);
}

static void print_plain(const struct change_printer *printer, const struct change *change)
{
	fprintf(printer->out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printer->source->name, change->kind,
		change->action, change->login, change->anchor, change->role, change->rule, change->position, change->dn,
		change->held       ? "held"
		: change->rejected ? "rejected"
				   : "");
}

static void put_present(struct json *object, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_put_text(object, key, text, NULL);
}

static void print_json(struct change_printer *printer, const struct change *change)
{
	struct json *object = json_new_object();
	struct str text = {0};

	put_present(object, "kind", change->kind);
	put_present(object, "action", change->action);
	put_present(object, "login", change->login);
	put_present(object, "dn", change->dn);
	put_present(object, "id", change->external_id);
	put_present(object, "anchor", change->anchor);
	put_present(object, "role", change->role);
	put_present(object, "rule", change->rule);
	put_present(object, "position", change->position);
	put_present(object, "via", change->via);
	put_present(object, "was", change->was);
	json_put(object, "held", json_new_boolean(change->held), NULL);
	json_put(object, "rejected", json_new_boolean(change->rejected), NULL);
	json_print(object, false, &text);
	fprintf(printer->out, "%s\n    %s", printer->printed == 0 ? "" : ",", str_text(&text));
	str_free(&text);
	json_free(&object);
}

/* "1 user", "2 users" */
static void say_read(FILE *out, unsigned long count, const char *what)
{
	fprintf(out, "%lu %s%s", count, what, count == 1 ? "" : "s");
}

static void start(struct change_printer *printer)
{
	const struct sync_report *report = printer->report;

	printer->started = true;
	if (printer->format == OUTPUT_JSON) {
		fprintf(printer->out, "%s\n  {\"source\": \"%s\", \"changes\": [",
			printer->source->order == 0 ? "" : ",", printer->source->name);
	} else if (printer->format == OUTPUT_TEXT && is(report->completeness, "mirror")) {
		fprintf(printer->out, "source %-8s as last read\n", printer->source->name);
	} else if (printer->format == OUTPUT_TEXT) {
		fprintf(printer->out, "source %-8s read ", printer->source->name);
		say_read(printer->out, report->entries[ENTRY_USER], "user");
		fputs(", ", printer->out);
		say_read(printer->out, report->entries[ENTRY_GROUP], "group");
		if (report->entries[ENTRY_UNIT] > 0) {
			fputs(", ", printer->out);
			say_read(printer->out, report->entries[ENTRY_UNIT], "unit");
		}
		fprintf(printer->out, " in %.1f s (%s)\n", report->seconds, report->completeness);
	}
}

int change_print(struct change_sink *sink, const struct change *change, struct error *err)
{
	struct change_printer *printer = (struct change_printer *)sink;

	(void)err;
	if (!printer->started)
		start(printer);
	if (printer->format == OUTPUT_JSON)
		print_json(printer, change);
	else if (printer->format == OUTPUT_PLAIN)
		print_plain(printer, change);
	else
		print_text(printer, change);
	printer->printed++;
	return 0;
}

void changes_open(FILE *out, enum output_format format)
{
	if (format == OUTPUT_JSON)
		fputs("{\"schema\": 1, \"sources\": [", out);
}

void changes_close(FILE *out, enum output_format format)
{
	if (format == OUTPUT_JSON)
		fputs("\n]}\n", out);
}

static struct json *read_notified(const char *text)
{
	struct json *targets = NULL;

	if (text[0] != '\0')
		json_parse(text, strlen(text), NOTIFY_TEXT, &targets, NULL);
	return targets;
}

/* The name and number of the one at this place. */
static const char *notified(const struct json *targets, size_t at, int64_t *resources)
{
	const struct json *pair = json_item(targets, at);

	json_as_integer(json_item(pair, 1), resources);
	return json_as_text(json_item(pair, 0));
}

static void put_notified(struct json *object, const char *text)
{
	struct json *targets = read_notified(text), *list;

	if (targets == NULL)
		return;
	list = json_new_array();
	for (size_t i = 0; i < json_count(targets); i++) {
		struct json *item = json_new_object();
		int64_t resources = 0;
		json_put_text(item, "target", notified(targets, i, &resources), NULL);
		json_put(item, "resources", json_new_integer(resources), NULL);
		json_append(list, item, NULL);
	}
	json_put(object, "would_notify", list, NULL);
	json_free(&targets);
}

static void say_notified(FILE *out, const char *text)
{
	struct json *targets = read_notified(text);
	int64_t resources = 0;

	if (targets != NULL)
		fputs(json_count(targets) == 0 ? " Would notify nobody." : " Would notify: ", out);
	for (size_t i = 0; i < json_count(targets); i++) {
		const char *name = notified(targets, i, &resources);
		fprintf(out, "%s%s %" PRId64, i == 0 ? "" : ", ", name, resources);
	}
	if (json_count(targets) > 0)
		fputc('.', out);
	json_free(&targets);
}

static void end_json(struct change_printer *printer)
{
	const struct sync_report *report = printer->report;
	struct json *object = json_new_object();
	struct str text = {0};

	json_put(object, "run", json_new_integer(report->run), NULL);
	json_put_text(object, "state", report->state, NULL);
	json_put_text(object, "completeness", report->completeness, NULL);
	json_put_text(object, "reason", report->reason, NULL);
	json_put_text(object, "digest", report->digest, NULL);
	json_put(object, "users", json_new_integer((int64_t)report->entries[ENTRY_USER]), NULL);
	json_put(object, "groups", json_new_integer((int64_t)report->entries[ENTRY_GROUP]), NULL);
	json_put(object, "units", json_new_integer((int64_t)report->entries[ENTRY_UNIT]), NULL);
	json_put(object, "unreadable", json_new_integer((int64_t)report->unreadable), NULL);
	json_put(object, "add", json_new_integer(report->totals.add), NULL);
	json_put(object, "change", json_new_integer(report->totals.change), NULL);
	json_put(object, "remove", json_new_integer(report->totals.remove), NULL);
	json_put(object, "held", json_new_integer(report->totals.held), NULL);
	json_put(object, "rejected", json_new_integer(report->totals.rejected), NULL);
	json_put(object, "waiting", json_new_integer(report->waiting), NULL);
	json_put(object, "postponed", json_new_integer(report->postponed), NULL);
	put_notified(object, report->would_notify);
	json_put(object, "first_revision", json_new_integer(report->first_revision), NULL);
	json_put(object, "last_revision", json_new_integer(report->last_revision), NULL);
	json_print(object, false, &text);
	/* The members of this object go on in the one that start() opened. */
	fprintf(printer->out, "%s], %s", printer->printed == 0 ? "" : "\n  ", str_text(&text) + 1);
	str_free(&text);
	json_free(&object);
}

/* What did not pass through, because there were too many to read. */
static void tell_rest(const struct change_printer *printer)
{
	int64_t rest = printer->report->totals.changes - (int64_t)printer->printed;

	if (printer->sink.most != 0 && rest > 0)
		fprintf(printer->out,
			"  ... and %" PRId64 " more changes; rosterctl runs diff %s/%" PRId64 " lists what is done, "
			"--plain and --json print the whole plan\n",
			rest, printer->source->name, printer->report->run);
}

/* The guard judges each kind by itself. */
static void say_removed(FILE *out, const struct plan_totals *totals, const struct safety_config *safety)
{
	bool missed = totals->taken + totals->gone > 0;

	if (!missed && totals->closed == 0)
		return;
	fputs(" (", out);
	if (totals->gone > 0)
		fprintf(out, "%" PRId64 " of %" PRId64 " people", totals->gone, totals->people);
	if (totals->taken > 0)
		fprintf(out, "%s%" PRId64 " of %" PRId64 " memberships", totals->gone > 0 ? ", " : "", totals->taken,
			totals->grants);
	if (missed && safety->max_remove_percent < 100)
		fprintf(out, "; limit %" PRId64 " %%", safety->max_remove_percent);
	else if (missed)
		fprintf(out, "; limit %" PRId64, safety->max_remove);
	if (totals->closed > 0)
		fprintf(out, "%s%" PRId64 " %s closed; limit %" PRId64, missed ? "; " : "", totals->closed,
			totals->closed == 1 ? "account" : "accounts", safety->max_suspend);
	fputc(')', out);
}

static bool is_doubtful(const struct sync_report *report)
{
	return !is(report->completeness, "complete") && !is(report->completeness, "mirror") &&
	       !is(report->completeness, "changes");
}

static void end_text(struct change_printer *printer, const struct safety_config *safety)
{
	const struct sync_report *report = printer->report;
	const struct plan_totals *totals = &report->totals;
	FILE *out = printer->out;

	tell_rest(printer);
	if (is(report->completeness, "mirror") && report->reason[0] != '\0')
		fprintf(out, "  ! the source could not be asked, this follows from what it said last: %s\n",
			report->reason);
	else if (is_doubtful(report))
		fprintf(out, "  ! the read is %s, nothing is removed by it: %s\n", report->completeness,
			report->reason);
	if (report->postponed > 0)
		fprintf(out, "  ! %" PRId64 " %s for a complete read\n", report->postponed,
			report->postponed == 1 ? "removal waits" : "removals wait");
	if (totals->quarantined > 0)
		fprintf(out, "  ! in quarantine: %" PRId64 "; see: rosterctl quarantine\n", totals->quarantined);
	fprintf(out, "Plan for %s: %" PRId64 " to add, %" PRId64 " to change, %" PRId64 " to remove",
		printer->source->name, totals->add, totals->change, totals->remove);
	say_removed(out, totals, safety);
	fputc('.', out);
	say_notified(out, report->would_notify);
	fputc('\n', out);
}

void change_printer_end(struct change_printer *printer, const struct safety_config *safety)
{
	if (!printer->started)
		start(printer);
	if (printer->format == OUTPUT_JSON)
		end_json(printer);
	else if (printer->format == OUTPUT_TEXT)
		end_text(printer, safety);
}
