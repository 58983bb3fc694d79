/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Greatest first, so that the first unit that divides a duration gives its shortest form. */
static const struct {
	const char *name;
	int64_t milliseconds;
} units[] = {
    {"d", INT64_C(24) * 60 * 60 * 1000},
    {"h", INT64_C(60) * 60 * 1000},
    {"m", INT64_C(60) * 1000},
    {"s", 1000},
    {"ms", 1},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

int64_t duration_parse(const char *text)
{
	int64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *at - '0', &number))
			return -1;
	}
	if (at == text)
		return -1;
	for (size_t i = 0; i < UNITS; i++) {
		if (strcmp(at, units[i].name) == 0)
			return __builtin_mul_overflow(number, units[i].milliseconds, &number) ? -1 : number;
	}
	return -1;
}

const char *duration_format(int64_t milliseconds, char *buffer, size_t size)
{
	size_t unit = 0;

	if (milliseconds == 0) {
		snprintf(buffer, size, "0s");
		return buffer;
	}
	while (milliseconds % units[unit].milliseconds != 0)
		unit++;
	snprintf(buffer, size, "%" PRId64 "%s", milliseconds / units[unit].milliseconds, units[unit].name);
	return buffer;
}
