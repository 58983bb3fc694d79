/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set(const struct setting *setting, const char *value)
{
	if (setting->list && *setting->list_count == LIST_MAX)
		return false;
	if (setting->list)
		setting->list[(*setting->list_count)++] = value;
	else if (setting->text)
		*setting->text = value;
	else if (setting->flag)
		*setting->flag = strcmp(value, "true") == 0;
	else
		*setting->number = strtoll(value, NULL, 10);
	return true;
}

bool take_arguments(int argc, char **argv, const struct setting *settings)
{
	for (int i = 1; i < argc; i++) {
		const struct setting *setting = settings;
		char *value = strchr(argv[i], '=');
		if (value)
			*value++ = '\0';
		while (setting->key && strcmp(setting->key, argv[i]) != 0)
			setting++;
		if (!value || !setting->key || !set(setting, value)) {
			fprintf(stderr, "%s: no such setting: %s\n", argv[0], argv[i]);
			return false;
		}
	}
	return true;
}

void print_line(struct json *line)
{
	struct str text = {0};

	json_print(line, false, &text);
	puts(str_text(&text));
	fflush(stdout);
	str_free(&text);
	json_free(&line);
}
