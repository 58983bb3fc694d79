/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldif/checksum.h"

#include "roster/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "<64 digits>", or with "  name" or " *name" behind them. A line without a name speaks of the file it lies beside. */
static bool speaks_of(const char *line, const char *path, char ret[SHA256_TEXT])
{
	enum { DIGITS = SHA256_TEXT - 1 };
	const char *rest = line + DIGITS;

	if (strspn(line, "0123456789abcdefABCDEF") != DIGITS)
		return false;
	for (size_t i = 0; i < DIGITS; i++)
		ret[i] = ascii_lower(line[i]);
	ret[DIGITS] = '\0';
	if (*rest == '\0')
		return true;
	if (rest[0] != ' ' || (rest[1] != ' ' && rest[1] != '*'))
		return false;
	return strcmp(last_part(rest + 2), last_part(path)) == 0;
}

static int find(FILE *file, const char *path, char ret[SHA256_TEXT])
{
	char line[4096 + SHA256_TEXT];

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (speaks_of(line, path, ret))
			return 1;
	}
	return -1;
}

int checksum_expected(const char *path, char ret[SHA256_TEXT], struct error *err)
{
	struct str name = {0};
	FILE *file;
	int result;

	str_printf(&name, "%s.sha256", path);
	file = fopen(str_text(&name), "re");
	if (!file) {
		result =
		    errno == ENOENT ? 0 : error_set(err, ERR_DATA, "cannot open %s: %s", name.data, strerror(errno));
		goto out;
	}
	result = find(file, path, ret);
	if (result < 0)
		error_set(err, ERR_DATA, "%s holds no SHA-256 of %s", name.data, last_part(path));
	fclose(file);
out:
	str_free(&name);
	return result;
}
