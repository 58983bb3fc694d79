/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_ROOM = 65536 };

static int saved = -1;
static FILE *file;

void capture_start(void)
{
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	file = tmpfile();
	if (saved < 0 || file == NULL || dup2(fileno(file), STDOUT_FILENO) < 0)
		abort();
}

const char *capture_end(void)
{
	static char text[TEXT_ROOM];
	size_t size;

	fflush(stdout);
	rewind(file);
	size = fread(text, 1, sizeof text - 1, file);
	text[size] = '\0';
	dup2(saved, STDOUT_FILENO);
	close(saved);
	fclose(file);
	return text;
}
