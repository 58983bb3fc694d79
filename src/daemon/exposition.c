/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char exposition_type[] = "text/plain; version=0.0.4; charset=utf-8";

struct definition {
	const char *name, *type, *help;
	const char *labels[SAMPLE_LABELS];
};

/* In rosterd(8) too. */
static const struct definition definitions[] = {
    {"roster_build_info", "gauge", "Always 1; the version of rosterd is the label.", {"version"}},
    {"roster_database_up", "gauge", "1 when the database answered the last question, else 0.", {0}},
    {"roster_metrics_age_seconds", "gauge", "Time since the database gave the figures below.", {0}},
    {"roster_revision", "gauge", "The latest revision of the model.", {0}},
    {"roster_users_active", "gauge", "Active people.", {0}},
    {"roster_source_last_complete_timestamp_seconds",
     "gauge",
     "When the source was last read completely; 0 for never.",
     {"source"}},
    {"roster_runs_total",
     "counter",
     "Runs that ended, by result: nothing, applied, held or failed.",
     {"source", "result"}},
    {"roster_run_held", "gauge", "Changes of the source that wait to be approved or rejected.", {"source"}},
    {"roster_quarantined", "gauge", "Entries, records and rules of the source that cannot be used.", {"source"}},
    {"roster_source_drift",
     "gauge",
     "Entries that the last whole read found changed without a word of the source.",
     {"source"}},
    {"roster_changes_total", "counter", "Changes that runs have applied.", {"kind", "action"}},
    {"roster_rule_matches", "gauge", "Entries of directories that the rule matches.", {"rule"}},
    {"roster_target_lag_revisions", "gauge", "Revisions the target has not confirmed yet.", {"target"}},
    {"roster_target_lag_seconds", "gauge", "Age of the oldest revision the target has not confirmed yet.", {"target"}},
    {"roster_propagation_seconds", "histogram", "Time from a revision to its confirmation by the target.", {"target"}},
    {"roster_target_lanes", "gauge", "Resources that are told to the target apart from the rest.", {"target"}},
};

/* The format knows these three escapes, and no other. */
static void print_label_value(const char *text, struct str *out)
{
	for (; *text != '\0'; text++)
		if (*text == '\n')
			str_add(out, "\\n");
		else if (*text == '\\' || *text == '"')
			str_printf(out, "\\%c", *text);
		else
			str_add_char(out, *text);
}

static const char bucket[] = "_bucket";

/* What a series is called behind the name of its metric, NULL when it is of another one. */
static const char *suffix_of(const struct definition *definition, const struct sample *sample)
{
	const char *const suffixes[] = {bucket, "_sum", "_count"};

	if (!text_starts_with(sample->metric, definition->name))
		return NULL;
	const char *suffix = sample->metric + strlen(definition->name);
	if (strcmp(definition->type, "histogram") != 0)
		return *suffix == '\0' ? suffix : NULL;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (strcmp(suffixes[i], suffix) == 0)
			return suffixes[i];
	return NULL;
}

/* The bound of a bucket comes behind the labels the metric has. */
static const char *label_of(const struct definition *definition, const char *suffix, size_t at)
{
	if (definition->labels[at] != NULL || suffix != bucket)
		return definition->labels[at];
	return at > 0 && definition->labels[at - 1] != NULL ? "le" : NULL;
}

static void print_sample(const struct definition *definition, const char *suffix, const struct sample *sample,
			 struct str *out)
{
	char separator = '{';

	str_add(out, sample->metric);
	for (size_t i = 0; i < SAMPLE_LABELS; i++) {
		const char *label = label_of(definition, suffix, i);
		if (label == NULL)
			continue;
		str_printf(out, "%c%s=\"", separator, label);
		print_label_value(sample->labels[i] == NULL ? "" : sample->labels[i], out);
		str_add_char(out, '"');
		separator = ',';
	}
	str_printf(out, "%s %s\n", separator == ',' ? "}" : "", sample->value);
}

static void print_all(const struct definition *definition, const struct samples *samples, struct str *out)
{
	for (size_t i = 0; i < samples->count; i++) {
		const char *suffix = suffix_of(definition, &samples->items[i]);
		if (suffix != NULL)
			print_sample(definition, suffix, &samples->items[i], out);
	}
}

void exposition_print(const struct exposition *exposition, struct str *out)
{
	char age[32];
	struct sample own[] = {{"roster_build_info", {exposition->version}, "1"},
			       {"roster_database_up", {NULL}, exposition->up ? "1" : "0"},
			       {"roster_metrics_age_seconds", {NULL}, age}};
	/* Without an answer there is no age. */
	const struct samples about = {.items = own, .count = exposition->any ? 3 : 2};

	snprintf(age, sizeof age, "%" PRId64 ".%03d", exposition->age_ms / 1000, (int)(exposition->age_ms % 1000));
	for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++) {
		str_printf(out, "# HELP %s %s\n", definitions[i].name, definitions[i].help);
		str_printf(out, "# TYPE %s %s\n", definitions[i].name, definitions[i].type);
		print_all(&definitions[i], &about, out);
		print_all(&definitions[i], exposition->known, out);
	}
}
