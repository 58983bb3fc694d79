/* SPDX-License-Identifier: Apache-2.0 */
#include "job/import_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void import_lines_add(struct import_lines *lines, const struct import_statement *statement)
{
	if (lines->count == lines->room) {
		lines->room = lines->room * 2 + 64;
		struct import_statement *grown = arena_alloc_array(lines->arena, lines->room, sizeof *grown);
		if (lines->count > 0)
			memcpy(grown, lines->statements, lines->count * sizeof *grown);
		lines->statements = grown;
	}
	lines->statements[lines->count++] = *statement;
}

void import_lines_refuse(struct import_lines *lines, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = xvasprintf(format, args);
	va_end(args);
	if (lines->problem_count == lines->problem_room) {
		lines->problem_room = lines->problem_room * 2 + 16;
		struct import_problem *grown = arena_alloc_array(lines->arena, lines->problem_room, sizeof *grown);
		if (lines->problem_count > 0)
			memcpy(grown, lines->problems, lines->problem_count * sizeof *grown);
		lines->problems = grown;
	}
	lines->problems[lines->problem_count++] = (struct import_problem){line, arena_strdup(lines->arena, text)};
	free(text);
}
