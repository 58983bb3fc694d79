/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a configuration file: it is refused with findings that can be printed, or it is a configuration that,
 * shown and read again, is the same.
 */
#include "config/load.h"
#include "roster/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_findings(const struct findings *findings)
{
	struct str out = {0};
	size_t errors = 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		must(finding->text && finding->position.line >= 0);
		must(!finding->source_line || text_is_valid(finding->source_line, strlen(finding->source_line)));
		errors += !finding->warning;
	}
	must(errors == findings->errors);
	findings_print(findings, &out);
	for (size_t i = 0; i < out.size; i++)
		must((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
	str_free(&out);
}

static void check_round(const struct config *config, struct arena *arena)
{
	struct str once = {0}, twice = {0};
	struct findings findings;
	struct config *again;
	struct error err = {0};

	config_show(config, true, &once);
	must(config_load_text(str_text(&once), once.size, arena, &again, &findings, &err) == 0);
	config_show(again, true, &twice);
	must(strcmp(str_text(&once), str_text(&twice)) == 0);
	str_free(&once);
	str_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct findings findings;
	struct config *config = NULL;
	struct error err = {0};
	int status = config_load_text((const char *)data, size, arena, &config, &findings, &err);

	must((status == 0) == (config != NULL) && (status == 0) == (findings.errors == 0));
	check_findings(&findings);
	if (config)
		check_round(config, arena);
	arena_free(&arena);
	return 0;
}
