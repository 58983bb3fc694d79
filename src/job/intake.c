/* SPDX-License-Identifier: Apache-2.0 */
#include "job/intake.h"
#include "job/staging.h"

#include "roster/json.h"

#include <stdlib.h>
#include <string.h>

/* A place that deep is a loop in somebody's head, and no index takes it. */
enum { ANCHOR_MOST = 2000 };

struct intake {
	struct entry_sink sink;
	const struct config *config;
	const struct source_config *source;
	struct store *store;
	int64_t run;
	struct mirror *mirror;
	struct rules *rules;
	struct arena *kept;    /* matches, for the whole run */
	struct arena *scratch; /* one entry */
	struct arena *ruled;   /* the rules */
	struct stager *stager;
	struct matches matches;
	size_t mapping_room, problem_room;
	unsigned long counts[ENTRY_KINDS];
	unsigned long nameless; /* records that could be any entry we know */
	unsigned long staged;
	unsigned shown; /* of any account */
};

static struct intake *intake_of(struct entry_sink *sink)
{
	return (struct intake *)sink; /* the sink is the first member */
}

/* A copy the database takes: bytes that are not UTF-8 are written out in hexadecimal. NULL gives NULL. */
static const char *storable(struct arena *arena, const char *text)
{
	struct str out = {0};

	if (text == NULL || text_is_valid(text, strlen(text)))
		return arena_strdup(arena, text);
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x80)
			str_add_char(&out, *text);
		else
			str_printf(&out, "\\x%02x", (unsigned char)*text);
	const char *copy = arena_strdup(arena, str_text(&out));
	str_free(&out);
	return copy;
}

static void keep_problem(struct intake *intake, const struct staged_problem *problem)
{
	struct matches *matches = &intake->matches;

	if (matches->problem_count == intake->problem_room) {
		intake->problem_room = intake->problem_room == 0 ? 64 : intake->problem_room * 2;
		matches->problems = xrealloc(matches->problems, intake->problem_room, sizeof *matches->problems);
	}
	matches->problems[matches->problem_count++] = (struct staged_problem){
	    .id = storable(intake->kept, problem->id),
	    .rule = problem->rule,
	    .lasting = problem->lasting,
	    .what = storable(intake->kept, problem->what),
	    .why = storable(intake->kept, problem->why),
	};
}

static void keep_mapping(struct intake *intake, const struct entry *entry, const struct mapping *mapping)
{
	struct matches *matches = &intake->matches;

	if (matches->mapping_count == intake->mapping_room) {
		intake->mapping_room = intake->mapping_room == 0 ? 256 : intake->mapping_room * 2;
		matches->mappings = xrealloc(matches->mappings, intake->mapping_room, sizeof *matches->mappings);
	}
	matches->mappings[matches->mapping_count++] = (struct staged_mapping){
	    .id = arena_strdup(intake->kept, entry->id),
	    .rule = (size_t)(mapping->rule - intake->config->rules) + 1,
	    .anchor = arena_strdup(intake->kept, mapping->anchor),
	    .role = mapping->admin ? NULL : arena_strdup(intake->kept, mapping->role),
	    .captures = arena_strdup(intake->kept, mapping->captures),
	};
}

int intake_match(struct intake *intake, const struct entry *entry, struct error *err)
{
	struct mappings mappings = {0};

	(void)err;
	rules_match(intake->rules, entry, intake->scratch, &mappings);
	for (size_t i = 0; i < mappings.count; i++)
		if (strlen(mappings.items[i].anchor) <= ANCHOR_MOST)
			keep_mapping(intake, entry, &mappings.items[i]);
		else
			keep_problem(intake,
				     &(struct staged_problem){
					 .id = entry->id,
					 .rule = (size_t)(mappings.items[i].rule - intake->config->rules) + 1,
					 .what = entry->dn,
					 .lasting = true,
					 .why = "the path of its group is longer than 2000 bytes; set max_depth",
				     });
	for (size_t i = 0; i < mappings.problem_count; i++)
		keep_problem(intake, &(struct staged_problem){
					 .id = entry->id,
					 .rule = (size_t)(mappings.problems[i].rule - intake->config->rules) + 1,
					 .lasting = mappings.problems[i].undecided,
					 .what = arena_printf(intake->scratch, "rule %s on %s",
							      mappings.problems[i].rule->name, entry->dn),
					 .why = mappings.problems[i].why,
				     });
	arena_reset(intake->scratch);
	return 0;
}

static int take_unreadable(struct entry_sink *sink, const char *id, const char *what, const char *why,
			   struct error *err)
{
	struct intake *intake = intake_of(sink);

	struct digest reference;

	(void)err;
	if (id != NULL && mirror_kind(intake->mirror, id) >= 0)
		mirror_see(intake->mirror, (enum entry_kind)mirror_kind(intake->mirror, id), id, NULL);
	else if (id != NULL)
		mirror_see(intake->mirror, ENTRY_USER, id, NULL);
	else if (stager_reference(intake->stager, what, &reference) != 0 || !mirror_spare(intake->mirror, &reference))
		intake->nameless++;
	keep_problem(intake, &(struct staged_problem){.id = id, .what = what, .why = why});
	return 0;
}

static int stage(struct intake *intake, const struct entry *entry, const struct digest *content, struct error *err)
{
	const struct digest *remembered = stager_remembers(intake->stager, entry->id);
	struct staged_entry staged;
	struct error why = {0};

	/* It may not have been committed, or somebody else read it since. */
	if (remembered != NULL && !mirror_holds(intake->mirror, entry->id, remembered))
		stager_forget(intake->stager, entry->id);
	if (stager_fill(intake->stager, entry, content, intake->scratch, &staged, &why) != 0) {
		mirror_see(intake->mirror, entry->kind, entry->id, NULL);
		return take_unreadable(&intake->sink, entry->id, entry->dn, why.text, err);
	}
	if (store_stage_entry(intake->store, intake->run, &staged, err) != 0)
		return -1;
	intake->staged++;
	for (size_t i = 0; i < stager_remark_count(intake->stager); i++)
		keep_problem(intake, &(struct staged_problem){.id = entry->id,
							      .lasting = true,
							      .what = entry->dn,
							      .why = stager_remark(intake->stager, i)});
	return intake_match(intake, entry, err);
}

static int take_entry(struct entry_sink *sink, const struct entry *entry, struct error *err)
{
	struct intake *intake = intake_of(sink);
	struct digest content = stager_content(intake->stager, entry);

	intake->counts[entry->kind]++;
	intake->shown |= entry->account.shown;
	switch (mirror_see(intake->mirror, entry->kind, entry->id, &content)) {
	case MIRROR_SAME:
		return 0;
	case MIRROR_TWICE:
		return take_unreadable(sink, entry->id, entry->dn,
				       "another entry of this read has the same id; the first one counts", err);
	default:
		return stage(intake, entry, &content, err);
	}
}

int intake_new(const struct config *config, const struct source_config *source, struct intake **ret, struct error *err)
{
	struct intake *intake = xcalloc(1, sizeof *intake);

	intake->sink = (struct entry_sink){.entry = take_entry, .unreadable = take_unreadable};
	intake->config = config;
	intake->source = source;
	intake->kept = arena_new();
	intake->scratch = arena_new();
	intake->ruled = arena_new();
	intake->stager = stager_new(source);
	if (rules_compile(config, source->name, intake->ruled, &intake->rules, err) != 0) {
		intake_free(&intake);
		return -1;
	}
	*ret = intake;
	return 0;
}

void intake_settle(struct intake *intake, const struct source_config *source)
{
	intake->source = source;
	stager_settle(intake->stager, source);
}

void intake_begin(struct intake *intake, struct store *store, int64_t run)
{
	intake->store = store;
	intake->run = run;
	intake->nameless = intake->staged = 0;
	intake->shown = 0;
	intake->matches.mapping_count = intake->matches.problem_count = 0;
	memset(intake->counts, 0, sizeof intake->counts);
	arena_reset(intake->kept);
	arena_reset(intake->scratch);
	mirror_free(&intake->mirror);
	intake->mirror = mirror_new();
	stager_begin(intake->stager, false);
}

int intake_load(struct intake *intake, int source, struct error *err)
{
	mirror_free(&intake->mirror);
	stager_begin(intake->stager, true);
	return store_mirror_load(intake->store, source, &intake->mirror, err);
}

/* Keep what is about other entries, in order. */
void intake_forget(struct intake *intake, const char *id)
{
	struct matches *matches = &intake->matches;
	size_t mappings = 0, problems = 0;

	for (size_t i = 0; i < matches->mapping_count; i++)
		if (strcmp(matches->mappings[i].id, id) != 0)
			matches->mappings[mappings++] = matches->mappings[i];
	for (size_t i = 0; i < matches->problem_count; i++)
		if (matches->problems[i].id == NULL || strcmp(matches->problems[i].id, id) != 0)
			matches->problems[problems++] = matches->problems[i];
	matches->mapping_count = mappings;
	matches->problem_count = problems;
	mirror_unsee(intake->mirror, id);
}

void intake_free(struct intake **intake)
{
	if (*intake == NULL)
		return;
	stager_free(&(*intake)->stager);
	mirror_free(&(*intake)->mirror);
	rules_free(&(*intake)->rules);
	arena_free(&(*intake)->kept);
	arena_free(&(*intake)->scratch);
	arena_free(&(*intake)->ruled);
	free((*intake)->matches.mappings);
	free((*intake)->matches.problems);
	free(*intake);
	*intake = NULL;
}

bool intake_names_by_identity(const struct intake *intake)
{
	return dialect_find(intake->source->dialect)->names_by_identity;
}

bool intake_has_paths(const struct intake *intake)
{
	return dialect_find(intake->source->dialect)->is_api;
}

/* The plug-in of 389 Directory Server writes it as anybody would. */
bool intake_reads_backlinks(const struct intake *intake)
{
	const struct source_config *source = intake->source;
	bool reads = false;

	for (size_t i = 0; i < source->attribute_count; i++)
		reads = reads || text_equal_fold(source->attributes[i], "memberOf");
	return reads && !dialect_find(source->dialect)->tells_backlinks;
}

struct entry_sink *intake_sink(struct intake *intake)
{
	return &intake->sink;
}

struct mirror *intake_mirror(struct intake *intake)
{
	return intake->mirror;
}

const struct matches *intake_matches(struct intake *intake)
{
	return &intake->matches;
}

struct digest intake_rules_fingerprint(const struct intake *intake)
{
	return rules_fingerprint(intake->rules);
}

unsigned long intake_nameless(const struct intake *intake)
{
	return intake->nameless;
}

const unsigned long *intake_counts(const struct intake *intake)
{
	return intake->counts;
}

unsigned intake_shown(const struct intake *intake)
{
	return intake->shown;
}

unsigned long intake_staged(const struct intake *intake)
{
	return intake->staged;
}

int intake_reference(struct intake *intake, const char *dn, struct digest *reference, struct digest *parent)
{
	return stager_names(intake->stager, dn, reference, parent, NULL);
}
