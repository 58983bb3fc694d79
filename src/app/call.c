/* SPDX-License-Identifier: Apache-2.0 */
#include "app/call.h"
#include "app/output.h"

#include <string.h>

enum { OPTIONS_MOST = 8 };

static bool is_option(const struct parameter *parameter)
{
	return parameter->from == FROM_OPTION || parameter->from == FROM_REQUIRED || parameter->from == FROM_LIST;
}

static struct option_value *option_named(struct words *words, const char *name)
{
	for (size_t i = 0; i < words->option_count; i++)
		if (strcmp(words->options[i].name, name) == 0)
			return &words->options[i];
	return NULL;
}

/* The options of all calls of the verb, and how many arguments they take together with the word that chooses. */
static void collect(const struct verb *verb, struct words *words)
{
	for (size_t c = 0; c < verb->call_count; c++) {
		const struct call *call = &verb->calls[c];
		int extra = call->word == NULL ? 0 : 1;
		words->least = c == 0 || call->least + extra < words->least ? call->least + extra : words->least;
		words->most = call->most + extra > words->most ? call->most + extra : words->most;
		for (size_t p = 0; p < PARAMETERS_MOST; p++) {
			const struct parameter *parameter = &call->params[p];
			if (!is_option(parameter) || option_named(words, parameter->text) != NULL)
				continue;
			words->options[words->option_count++] = (struct option_value){
			    .name = parameter->text,
			    .kind = parameter->from == FROM_LIST ? OPTION_LIST : OPTION_VALUE,
			};
		}
	}
}

/* Which of the verb's calls was meant; its word is taken out. */
static const struct call *choose(const struct verb *verb, struct words *words)
{
	const struct call *usual = NULL;

	for (size_t c = 0; c < verb->call_count; c++) {
		const struct call *call = &verb->calls[c];
		if (call->word == NULL)
			usual = call;
		else if (*words->argc > 1 && strcmp(words->argv[1], call->word) == 0) {
			memmove(words->argv + 1, words->argv + 2, (size_t)(*words->argc - 2) * sizeof *words->argv);
			--*words->argc;
			return call;
		}
	}
	return usual;
}

static bool uses(const struct call *call, const char *option)
{
	for (size_t p = 0; p < PARAMETERS_MOST; p++)
		if (is_option(&call->params[p]) && strcmp(call->params[p].text, option) == 0)
			return true;
	return false;
}

static int refuse(const struct verb *verb, const char *what, const char *name, struct error *err)
{
	return error_set(err, ERR_USAGE, "%s%s: rosterctl %s %s", name, what, verb->name, verb->usage);
}

static int check(const struct verb *verb, const struct call *call, struct words *words, struct error *err)
{
	if (call == NULL)
		return refuse(verb, " is not enough", verb->name, err);
	if (*words->argc < call->least)
		return refuse(verb, " needs more words", verb->name, err);
	if (*words->argc > call->most)
		return refuse(verb, " does not belong here", words->argv[call->most], err);
	for (size_t i = 0; i < words->option_count; i++)
		if (words->options[i].value != NULL && !uses(call, words->options[i].name))
			return refuse(verb, " does not belong here", words->options[i].name, err);
	for (size_t p = 0; p < PARAMETERS_MOST; p++) {
		const struct parameter *parameter = &call->params[p];
		if ((parameter->from == FROM_REQUIRED || parameter->from == FROM_LIST) &&
		    option_named(words, parameter->text)->value == NULL)
			return refuse(verb, " is missing", parameter->text, err);
	}
	return 0;
}

static void fill(const struct call *call, struct words *words, const char *params[PARAMETERS_MOST])
{
	for (size_t p = 0; p < PARAMETERS_MOST; p++) {
		const struct parameter *parameter = &call->params[p];
		if (is_option(parameter))
			params[p] = option_named(words, parameter->text)->value;
		else if (parameter->from == FROM_ARGUMENT && parameter->argument < *words->argc)
			params[p] = words->argv[parameter->argument];
		else
			params[p] = parameter->from == FROM_CONSTANT ? parameter->text : NULL;
	}
}

static void say_done(struct app *app, const struct call *call, const struct words *words)
{
	struct str text = {0};

	for (const char *at = call->done; *at != '\0'; at++) {
		bool place = at[0] == '{' && at[1] >= '0' && at[1] - '0' < *words->argc && at[2] == '}';
		if (place) {
			output_add_text(&text, words->argv[at[1] - '0']);
			at += 2;
		} else {
			str_add_char(&text, *at);
		}
	}
	app_done(app, "%s", str_text(&text));
	str_free(&text);
}

static int perform(struct app *app, const struct call *call, struct words *words, struct error *err)
{
	const char *params[PARAMETERS_MOST];
	struct store *store = NULL;
	struct pg_rows *rows = NULL;
	int rc = -1;

	fill(call, words, params);
	if (app_connect(app, STORE_OPERATOR, &store, err) != 0 ||
	    model_call(store, call->call, params, &rows, err) != 0)
		goto out;
	rc = 0;
	if (call->rows != NULL) {
		struct table *table = table_of_rows(app->arena, call->rows, rows);
		table->record = call->record;
		table->nothing = call->nothing;
		rc = app_print_tables(app, &table, 1, err);
	} else {
		say_done(app, call, words);
	}
out:
	pg_free(&rows);
	store_close(&store);
	return rc;
}

int call_run(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[OPTIONS_MOST] = {{NULL, OPTION_FLAG, NULL}};
	struct words words = {.argc = &argc, .argv = argv, .options = options, .arena = app->arena};

	collect(app->verb, &words);
	if (app_take_options(app->verb, &words, err) != 0)
		return -1;
	const struct call *call = choose(app->verb, &words);
	return check(app->verb, call, &words, err) == 0 ? perform(app, call, &words, err) : -1;
}
