/* SPDX-License-Identifier: Apache-2.0 */
#include "app/start.h"

#include "app/help.h"
#include "app/sign_in.h"
#include "app/verbs.h"
#include "roster/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char default_config[] = "/etc/roster/rosterd.conf";

enum { EXIT_WRITE_FAILED = 1 };

static bool is(const char *word, const char *name, const char *short_name)
{
	return strcmp(word, name) == 0 || (short_name != NULL && strcmp(word, short_name) == 0);
}

/* 1 taken, 0 none of ours. */
static int take_flag(const char *word, struct global_options *options, struct error *err)
{
	enum output_format before = options->format;

	if (is(word, "--json", NULL))
		options->format = OUTPUT_JSON;
	else if (is(word, "--plain", NULL))
		options->format = OUTPUT_PLAIN;
	else if (is(word, "--no-color", NULL))
		options->no_color = true;
	else if (is(word, "--verbose", "-v"))
		options->verbose = true;
	else if (is(word, "--help", "-h"))
		options->help = true;
	else if (is(word, "--version", "-V"))
		options->version = true;
	else
		return 0;
	if (before != OUTPUT_TEXT && before != options->format)
		return error_set(err, ERR_USAGE, "--json or --plain: one of them");
	return 1;
}

int global_options_take(int *argc, char **argv, struct global_options *ret, struct error *err)
{
	int kept = 0, taken;
	bool plain = false;

	*ret = (struct global_options){.format = OUTPUT_TEXT};
	for (int at = 0; at < *argc; at++) {
		char *word = argv[at];
		plain = plain || strcmp(word, "--") == 0;
		bool named = !plain && is(word, "--config", "-f");
		if (named && at + 1 == *argc)
			return error_set(err, ERR_USAGE, "%s needs the name of a file", word);
		if (named)
			ret->config_file = argv[++at];
		else if (!plain && text_starts_with(word, "--config="))
			ret->config_file = word + strlen("--config=");
		else if ((taken = plain ? 0 : take_flag(word, ret, err)) < 0)
			return -1;
		else if (taken == 0)
			argv[kept++] = word;
	}
	*argc = kept;
	return 0;
}

static const char *config_file(const struct global_options *options)
{
	const char *named = getenv("ROSTER_CONFIG");

	if (options->config_file != NULL)
		return options->config_file;
	return named == NULL || named[0] == '\0' ? default_config : named;
}

static bool wants_color(const struct global_options *options)
{
	const char *refused = getenv("NO_COLOR");

	return !options->no_color && (refused == NULL || refused[0] == '\0') && isatty(STDOUT_FILENO);
}

/* An option in front of the verb that is none of the global ones. */
static int refuse_option(const char *word, struct error *err)
{
	static const char *const names[] = {"--config", "--json",    "--plain",  "--no-color",
					    "--help",   "--version", "--verbose"};
	const char *near = text_nearest(word, names, sizeof names / sizeof names[0]);

	if (near != NULL)
		return error_set(err, ERR_USAGE, "there is no option %s; did you mean %s?", word, near);
	return error_set(err, ERR_USAGE, "there is no option %s; see: rosterctl help", word);
}

/* An act that the model wants more proof for has done nothing: it is done once the person has given it. */
static int run_verb(struct app *app, int argc, char **argv, struct error *err)
{
	char **again = arena_alloc_array(app->arena, (size_t)argc + 1, sizeof *again);

	memcpy(again, argv, (size_t)argc * sizeof *again);
	int rc = app->verb->run(app, argc, argv, err);
	if (rc == 0 || err->class != ERR_UNPROVEN || app->config == NULL || !app->config->signin.present)
		return rc;
	if (!sign_in_is_possible())
		return error_hint(err, "type: rosterctl login%s", app->session_ended ? "" : " --second-factor");
	fprintf(stderr, "rosterctl: %s\n", err->text);
	*err = (struct error){.class = ERR_NONE};
	rc = sign_in(app, !app->session_ended, err);
	return rc == 0 ? app->verb->run(app, argc, again, err) : rc;
}

static int run(struct app *app, const struct global_options *options, int argc, char **argv, struct error *err)
{
	int used = 0;

	if (options->version) {
		printf("rosterctl %s\n", ROSTER_VERSION);
		return 0;
	}
	if (argc > 0 && argv[0][0] == '-')
		return refuse_option(argv[0], err);
	if (argc == 0 && options->help)
		return help_print(NULL, err);
	if (options->help && verb_find(argv, argc, &app->verb, &used, NULL) != 0)
		return help_print(argv[0], err);
	if (verb_find(argv, argc, &app->verb, &used, err) != 0)
		return -1;
	if (options->help)
		return help_print(app->verb->name, err);
	return run_verb(app, argc - used, argv + used, err);
}

static int finish(const struct app *app, int rc, const struct error *err)
{
	if (rc != 0)
		fprintf(stderr, "rosterctl: %s\n", err->text);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("rosterctl: standard output cannot be written\n", stderr);
		return rc != 0 ? error_exit_code(err->class) : EXIT_WRITE_FAILED;
	}
	return rc != 0 ? error_exit_code(err->class) : app->exit_code;
}

int app_main(int argc, char **argv)
{
	struct global_options options;
	struct app app = {.arena = arena_new()};
	struct error err = {0};
	int words = argc > 0 ? argc - 1 : 0, rc;

	rc = global_options_take(&words, argv + 1, &options, &err);
	if (rc == 0) {
		app.config_file = config_file(&options);
		app.format = options.format;
		app.color = wants_color(&options);
		log_setup(options.verbose ? LOG_DEBUG_LEVEL : LOG_WARN_LEVEL, LOG_HUMAN);
		rc = run(&app, &options, words, argv + 1, &err);
	}
	rc = finish(&app, rc, &err);
	arena_free(&app.arena);
	return rc;
}
