/* SPDX-License-Identifier: Apache-2.0 */
#include "app/call.h"
#include "app/confirm.h"
#include "app/output.h"

#include <string.h>

enum { OPTIONS_MOST = 8, SECONDS_SIZE = 19 };

static const char agreed[] = "--yes", comma_separated[] = "--csv";

static bool is_option(const struct parameter *parameter)
{
	return parameter->from >= FROM_FLAG && parameter->from <= FROM_SEVERAL;
}

static struct option_value *option_named(struct words *words, const char *name)
{
	for (size_t i = 0; i < words->option_count; i++)
		if (strcmp(words->options[i].name, name) == 0)
			return &words->options[i];
	return NULL;
}

static enum option_kind kind_of(const struct parameter *parameter)
{
	if (parameter->from == FROM_FLAG)
		return OPTION_FLAG;
	return parameter->from == FROM_LIST || parameter->from == FROM_SEVERAL ? OPTION_LIST : OPTION_VALUE;
}

static void add_option(struct words *words, const char *name, enum option_kind kind)
{
	if (option_named(words, name) == NULL)
		words->options[words->option_count++] = (struct option_value){.name = name, .kind = kind};
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
			if (is_option(parameter))
				add_option(words, parameter->text, kind_of(parameter));
		}
		if (call->question != NULL)
			add_option(words, agreed, OPTION_FLAG);
		if (call->csv)
			add_option(words, comma_separated, OPTION_FLAG);
	}
}

static bool says_option(const struct words *words)
{
	for (size_t i = 0; i < words->option_count; i++)
		if (words->options[i].value != NULL)
			return true;
	return false;
}

/* Which of the verb's calls was meant; its word is taken out. */
static const struct call *choose(const struct verb *verb, struct words *words)
{
	const struct call *usual = NULL;

	for (size_t c = 0; c < verb->call_count; c++) {
		const struct call *call = &verb->calls[c];
		if (call->word == NULL && (usual == NULL || (call->bare && !says_option(words))))
			usual = call;
		else if (call->word != NULL && *words->argc > 1 && strcmp(words->argv[1], call->word) == 0) {
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
	return (call->question != NULL && strcmp(option, agreed) == 0) ||
	       (call->csv && strcmp(option, comma_separated) == 0);
}

static int refuse(const struct verb *verb, const char *what, const char *name, struct error *err)
{
	return error_set(err, ERR_USAGE, "%s%s: rosterctl %s %s", name, what, verb->name, verb->usage);
}

/* What stands in front of the only slash of an argument, and behind it. */
static bool has_two_parts(const char *argument)
{
	const char *slash = strchr(argument, '/');

	return slash != NULL && slash != argument && slash[1] != '\0' && strchr(slash + 1, '/') == NULL;
}

static int check_parameter(const struct verb *verb, const struct parameter *parameter, struct words *words,
			   struct error *err)
{
	if ((parameter->from == FROM_REQUIRED || parameter->from == FROM_LIST) &&
	    option_named(words, parameter->text)->value == NULL)
		return refuse(verb, " is missing", parameter->text, err);
	if (parameter->from == FROM_BEHIND_SLASH && !has_two_parts(words->argv[parameter->argument]))
		return refuse(verb, " has not two parts with a slash between", words->argv[parameter->argument], err);
	return 0;
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
	if (call->some && !says_option(words))
		return refuse(verb, " needs an option", verb->name, err);
	for (size_t p = 0; p < PARAMETERS_MOST; p++)
		if (check_parameter(verb, &call->params[p], words, err) != 0)
			return -1;
	return 0;
}

static const char *value_of(const struct parameter *parameter, struct words *words)
{
	const char *argument = parameter->argument < *words->argc ? words->argv[parameter->argument] : "";
	size_t slash = strcspn(argument, "/");

	switch (parameter->from) {
	case FROM_ARGUMENT:
		return parameter->argument < *words->argc ? argument : NULL;
	case FROM_BEFORE_SLASH:
		return arena_strndup(words->arena, argument, slash);
	case FROM_BEHIND_SLASH:
		return argument + slash + (argument[slash] == '/');
	case FROM_CONSTANT:
		return parameter->text;
	case FROM_NOTHING:
		return NULL;
	default:
		return option_named(words, parameter->text)->value;
	}
}

/* What an act gave, as people read it: a time without fractions. */
static void add_given(struct str *out, const struct pg_rows *rows)
{
	struct str text = {0};

	output_add_text(&text, pg_text(rows, 0, 0));
	bool time = pg_column_kind(rows, 0) == PG_KIND_TIME && text.size > SECONDS_SIZE;
	str_append(out, str_text(&text), time ? SECONDS_SIZE : text.size);
	str_free(&text);
}

static void say_done(struct app *app, const struct call *call, const struct words *words, const struct pg_rows *rows)
{
	struct str text = {0};

	for (const char *at = call->done; *at != '\0'; at++) {
		bool place = at[0] == '{' && at[1] != '\0' && at[2] == '}';
		if (!place) {
			str_add_char(&text, *at);
			continue;
		}
		if (at[1] == '=')
			add_given(&text, rows);
		else
			output_add_text(&text, words->argv[at[1] - '0']);
		at += 2;
	}
	app_done(app, "%s", str_text(&text));
	str_free(&text);
}

static int ask(struct app *app, const struct call *call, struct store *store, struct words *words,
	       const char *const params[], struct error *err)
{
	const struct option_value *csv = option_named(words, comma_separated);
	struct table *tables[2] = {NULL};
	struct pg_rows *rows = NULL, *more = NULL;
	int rc = -1;

	if (model_call(store, call->call, params, &rows, err) != 0 ||
	    (call->more_rows != NULL && model_call(store, call->more, params, &more, err) != 0))
		goto out;
	tables[0] = table_of_rows(app->arena, call->rows, rows);
	tables[0]->record = call->record;
	tables[0]->nothing = call->nothing;
	if (more != NULL)
		tables[1] = table_of_rows(app->arena, call->more_rows, more);
	rc = csv != NULL && csv->value != NULL ? output_csv(tables[0])
					       : app_print_tables(app, tables, more == NULL ? 1 : 2, err);
out:
	pg_free(&rows);
	pg_free(&more);
	return rc;
}

static int confirm(struct app *app, const struct call *call, struct store *store, const char *const params[], bool yes,
		   struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc;

	if (call->question == NULL)
		return 1;
	rc = model_call(store, call->preview, params, &rows, err);
	if (rc == 0)
		rc = app_confirm(app, pg_text(rows, 0, 0), call->question, yes) ? 1 : 0;
	pg_free(&rows);
	return rc;
}

static int act(struct app *app, const struct call *call, struct store *store, struct words *words,
	       const char *const params[], struct error *err)
{
	const struct option_value *yes = option_named(words, agreed);
	struct pg_rows *rows = NULL;
	int rc = confirm(app, call, store, params, yes != NULL && yes->value != NULL, err);

	if (rc != 1)
		return rc;
	rc = model_call(store, call->call, params, &rows, err);
	if (rc == 0)
		say_done(app, call, words, rows);
	pg_free(&rows);
	return rc;
}

static int perform(struct app *app, const struct call *call, struct words *words, struct error *err)
{
	const char *params[PARAMETERS_MOST];
	struct store *store = NULL;

	for (size_t p = 0; p < PARAMETERS_MOST; p++)
		params[p] = value_of(&call->params[p], words);
	int rc = app_connect(app, STORE_OPERATOR, &store, err);
	if (rc == 0)
		rc = (call->rows != NULL ? ask : act)(app, call, store, words, params, err);
	store_close(&store);
	return rc;
}

static int check_format(const struct app *app, struct words *words, struct error *err)
{
	const struct option_value *csv = option_named(words, comma_separated);

	if (csv != NULL && csv->value != NULL && app->format != OUTPUT_TEXT)
		return error_set(err, ERR_USAGE, "--csv, --json or --plain: one of them");
	return 0;
}

int call_run(struct app *app, int argc, char **argv, struct error *err)
{
	struct option_value options[OPTIONS_MOST] = {{NULL, OPTION_FLAG, NULL}};
	struct words words = {.argc = &argc, .argv = argv, .options = options, .arena = app->arena};

	collect(app->verb, &words);
	if (app_take_options(app->verb, &words, err) != 0 || check_format(app, &words, err) != 0)
		return -1;
	const struct call *call = choose(app->verb, &words);
	return check(app->verb, call, &words, err) == 0 ? perform(app, call, &words, err) : -1;
}
