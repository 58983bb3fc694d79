/* SPDX-License-Identifier: Apache-2.0 */
#include "app/confirm.h"

#include "app/output.h"
#include "roster/json.h"

#include <string.h>
#include <unistd.h>

enum { ANSWER_SIZE = 16, EXIT_CHANGES_PENDING = 2 };

static bool ask(const char *question)
{
	char answer[ANSWER_SIZE] = "";

	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	if (fgets(answer, sizeof answer, stdin) == NULL)
		fputc('\n', stderr);
	answer[strcspn(answer, "\n")] = '\0';
	return strcmp(answer, "y") == 0 || strcmp(answer, "yes") == 0;
}

static void print_json(const char *what)
{
	struct json *object = json_new_object();

	json_put_text(object, "would", what, NULL);
	output_json(object, NULL);
}

bool app_confirm(struct app *app, const char *what, const char *question, bool yes)
{
	bool terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	struct str text = {0};

	output_add_text(&text, what);
	fprintf(stderr, "%s\n", str_text(&text));
	str_free(&text);
	if (yes || (terminal && ask(question)))
		return true;
	app->exit_code = EXIT_CHANGES_PENDING;
	if (app->format == OUTPUT_JSON)
		print_json(what);
	fprintf(stderr, "Nothing was done.%s\n", terminal ? "" : " To do it, say --yes.");
	return false;
}
