/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for monitoring. */
#include "roster/metrics.h"
#include "store/private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum phase { PHASE_IDLE, PHASE_START, PHASE_OPENING, PHASE_SCHEMA, PHASE_FIGURES };

struct metrics {
	const struct config *config;
	struct str sources; /* the parameter: names of the configured ones */
	struct pg *pg;
	enum phase phase;
	bool kept; /* the session is from an earlier question: it may have died since */
	int64_t deadline;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct sample *samples_find(const struct samples *samples, const char *metric, const char *label)
{
	for (size_t i = 0; i < samples->count; i++) {
		const struct sample *sample = &samples->items[i];
		if (strcmp(sample->metric, metric) == 0 && sample->labels[0] != NULL &&
		    strcmp(sample->labels[0], label) == 0)
			return sample;
	}
	return NULL;
}

struct metrics *metrics_new(const struct config *config)
{
	struct metrics *metrics = xcalloc(1, sizeof *metrics);

	metrics->config = config;
	for (size_t i = 0; i < config->source_count; i++)
		array_add(&metrics->sources, config->sources[i].name);
	array_close(&metrics->sources);
	return metrics;
}

void metrics_free(struct metrics **metrics)
{
	if (*metrics == NULL)
		return;
	pg_close(&(*metrics)->pg);
	str_free(&(*metrics)->sources);
	free(*metrics);
	*metrics = NULL;
}

void metrics_ask(struct metrics *metrics)
{
	/* An answer that is still on its way would be taken for the next one. */
	if (metrics->phase != PHASE_IDLE)
		pg_close(&metrics->pg);
	metrics->kept = metrics->pg != NULL;
	metrics->phase = PHASE_START;
	metrics->deadline = now_ms() + METRICS_ANSWER_MS;
}

/* --- steps ----------------------------------------------------------------------------------------------------------------- */

static int ask_schema(struct metrics *metrics, struct error *err)
{
	metrics->phase = PHASE_SCHEMA;
	return pg_send(metrics->pg, "select coalesce(max(version), 0) from migrations", NULL, 0, err);
}

/* The role could write through the functions it may call, and pages for a scraper need none of them: a session that
 * cannot write cannot be made to. Reading needs the function metrics(), which runs with its owner's rights. */
static int start(struct metrics *metrics, struct error *err)
{
	static const char settings[] = "-c default_transaction_read_only=on -c statement_timeout=5s -c lock_timeout=2s "
				       "-c client_connection_check_interval=2s -c jit=off";
	const struct database_config *database = &metrics->config->database;
	const struct pg_login login = {database->conninfo, database->daemon_role, "roster status", settings};

	if (metrics->pg != NULL)
		return ask_schema(metrics, err);
	metrics->phase = PHASE_OPENING;
	return pg_open_start(&login, &metrics->pg, err);
}

static int take_schema(struct metrics *metrics, struct error *err)
{
	const char *params[] = {str_text(&metrics->sources)};
	struct pg_rows *rows = NULL;
	struct schema_state state = {0};
	int rc = pg_receive(metrics->pg, &rows, err);

	if (rc <= 0)
		return rc;
	state.version = (int)pg_integer(rows, 0, 0);
	pg_free(&rows);
	if (schema_latest(&state.latest, err) != 0 || schema_judge(&state, err) != 0)
		return -1;
	metrics->phase = PHASE_FIGURES;
	return pg_send(metrics->pg,
		       "select * from metrics($1) "
		       "union all select 'now', null, null, extract(epoch from clock_timestamp())",
		       params, 1, err);
}

static const char *label_text(const struct pg_rows *rows, size_t row, int column, struct arena *arena)
{
	return pg_is_null(rows, row, column) ? NULL : arena_strdup(arena, pg_text(rows, row, column));
}

static int take_figures(struct metrics *metrics, struct arena *arena, struct samples *ret, struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc = pg_receive(metrics->pg, &rows, err);

	if (rc <= 0)
		return rc;
	*ret = (struct samples){.items = arena_alloc_array(arena, pg_count(rows), sizeof *ret->items)};
	for (size_t i = 0; i < pg_count(rows); i++)
		if (strcmp(pg_text(rows, i, 0), "now") == 0)
			ret->now = strtod(pg_text(rows, i, 3), NULL);
		else
			ret->items[ret->count++] = (struct sample){
			    .metric = arena_strdup(arena, pg_text(rows, i, 0)),
			    .labels = {label_text(rows, i, 1, arena), label_text(rows, i, 2, arena)},
			    .value = arena_strdup(arena, pg_text(rows, i, 3)),
			};
	pg_free(&rows);
	return 1;
}

static int go_on(struct metrics *metrics, struct arena *arena, struct samples *ret, struct error *err)
{
	int rc;

	switch (metrics->phase) {
	case PHASE_START:
		return start(metrics, err);
	case PHASE_OPENING:
		rc = pg_open_step(metrics->pg, err);
		return rc == 1 ? ask_schema(metrics, err) : rc;
	case PHASE_SCHEMA:
		return take_schema(metrics, err);
	case PHASE_FIGURES:
		return take_figures(metrics, arena, ret, err);
	default:
		return error_set(err, ERR_INTERNAL, "nobody asked for metrics");
	}
}

static int fail(struct metrics *metrics, struct error *err)
{
	static const char no_schema[] = "the database holds no roster schema; type: rosterctl database init";

	/* A server that was restarted is asked again at once. */
	pg_close(&metrics->pg);
	if (metrics->kept && err->class == ERR_UNREACHABLE) {
		metrics->kept = false;
		metrics->phase = PHASE_START;
		return 0;
	}
	/* Without a schema there is no table of migrations either. */
	if (metrics->phase == PHASE_SCHEMA && err->class == ERR_CONFIG && strstr(err->text, "migrations") != NULL)
		error_set(err, ERR_CONFIG, "%s", no_schema);
	metrics->phase = PHASE_IDLE;
	return -1;
}

int metrics_step(struct metrics *metrics, struct arena *arena, struct samples *ret, struct error *err)
{
	int rc = go_on(metrics, arena, ret, err);

	if (rc == 0 && now_ms() > metrics->deadline) {
		metrics->kept = false;
		rc = error_set(err, ERR_UNREACHABLE, "database: no answer within %d s", METRICS_ANSWER_MS / 1000);
	}
	if (rc < 0)
		return fail(metrics, err);
	if (rc == 1)
		metrics->phase = PHASE_IDLE;
	return rc;
}
