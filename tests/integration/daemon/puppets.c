/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puppets: rosterd with children that do what tests ask for.
 *
 * The sources of the configuration are the puppets, and what they do is their name. The one called "base" is the
 * foundation, ready when its file exists, and hopeless when that is called "nowhere"; the file of "gate" is what requests wait for, that of "anchor" what the
 * foundation waits for before it ends.
 */
#include "roster/daemon.h"
#include "roster/log.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUND_MS = 50, RUDE_MS = 1000 };

static bool is_base(const struct source_config *source)
{
	return strcmp(source->name, "base") == 0;
}

static bool is_puppet(const struct source_config *source)
{
	static const char *const others[] = {"base", "gate", "anchor", "balance"};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(source->name, others[i]) == 0)
			return false;
	return true;
}

static bool is_rude(const struct source_config *source)
{
	return text_starts_with(source->name, "rude");
}

static void wait_a_round(void)
{
	const struct timespec round = {.tv_nsec = ROUND_MS * 1000000L};

	nanosleep(&round, NULL);
}

static bool gate_is_open(const struct child_context *context, const char *name)
{
	const struct source_config *source = config_source(context->config, name);

	return source == NULL || access(source->file, F_OK) == 0;
}

static int live(bool alive)
{
	while (!child_must_stop()) {
		if (alive)
			child_alive();
		wait_a_round();
	}
	log_info("ends");
	return 0;
}

static int begin(void)
{
	log_info("begins as %d", (int)getpid());
	return 0;
}

/* --- duties ------------------------------------------------------------------------------------------------------------ */

static int run_base(const struct child_context *context, struct error *err)
{
	begin();
	if (text_ends_with(config_source(context->config, "base")->file, "nowhere.gate"))
		return error_set(err, ERR_CONFIG, "there is no ground");
	while (!child_must_stop() && !gate_is_open(context, "base"))
		wait_a_round();
	child_ready();
	live(true);
	while (!gate_is_open(context, "anchor"))
		wait_a_round();
	return 0;
}

static int run_puppet(const struct child_context *context, struct error *err)
{
	begin();
	child_ready();
	if (strcmp(context->subject, "crash") == 0)
		return error_set(err, ERR_UNREACHABLE, "the string is cut");
	while (strcmp(context->subject, "rude-stubborn") == 0) {
		child_alive();
		wait_a_round();
	}
	return live(strcmp(context->subject, "rude-silent") != 0);
}

static int run_request(const struct child_context *context, struct error *err)
{
	(void)err;
	begin();
	while (!child_must_stop() && !gate_is_open(context, "gate"))
		wait_a_round();
	log_info("ends");
	return 0;
}

/* Objects to a source "objection", and takes its time where the file of "balance" is not there. */
static int run_trial(const struct child_context *context, struct error *err)
{
	log_info("tries %s", context->subject);
	while (!child_must_stop() && !gate_is_open(context, "balance"))
		wait_a_round();
	if (config_source(context->config, "objection") != NULL)
		return error_set(err, ERR_CONFIG, "this will not do");
	return 0;
}

static void want(const struct config *config, bool (*is)(const struct source_config *source), bool rude,
		 void (*add)(void *context, const char *subject), void *context)
{
	for (size_t i = 0; i < config->source_count; i++)
		if (is(&config->sources[i]) && is_rude(&config->sources[i]) == rude)
			add(context, is_base(&config->sources[i]) ? "" : config->sources[i].name);
}

static void want_base(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	want(config, is_base, false, add, context);
}

static void want_puppets(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	want(config, is_puppet, false, add, context);
}

static void want_rude(const struct config *config, void (*add)(void *context, const char *subject), void *context)
{
	want(config, is_puppet, true, add, context);
}

static bool keeps_base(const struct config *before, const struct config *after)
{
	const struct source_config *a = config_source(before, "base"), *b = config_source(after, "base");

	return a != NULL && b != NULL && strcmp(a->file, b->file) == 0;
}

static const struct duty base = {
    .name = "base", .run = run_base, .wanted = want_base, .foundation = true, .keeps = keeps_base};
static const struct duty puppet = {.name = "puppet", .run = run_puppet, .wanted = want_puppets};
static const struct duty rude = {
    .name = "rude", .run = run_puppet, .wanted = want_rude, .silence_ms = RUDE_MS, .stop_ms = RUDE_MS};
static const struct duty request = {.name = "request", .run = run_request};
static const struct duty trial = {.name = "trial", .run = run_trial, .keeps = keeps_base};
static const struct duty *const duties[] = {&base, &puppet, &rude, &request, &trial, NULL};

int main(int argc, char **argv)
{
	return daemon_main(duties, argc, argv);
}
