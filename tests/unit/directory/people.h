/* SPDX-License-Identifier: Apache-2.0 */
/* Entries for the tests of this folder, written as data. */
#ifndef ROSTER_TESTS_UNIT_DIRECTORY_PEOPLE_H
#define ROSTER_TESTS_UNIT_DIRECTORY_PEOPLE_H

#include "roster/directory.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define TEXT(text)                                                                                                     \
	{                                                                                                              \
		.data = (text), .size = sizeof(text) - 1                                                               \
	}
#define ATTRIBUTE(name, list)                                                                                          \
	{                                                                                                              \
		(name), (list), COUNT(list)                                                                            \
	}

#endif
