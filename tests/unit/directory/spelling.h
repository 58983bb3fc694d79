/* SPDX-License-Identifier: Apache-2.0 */
/* Spellings of DNs, for tests of their one form. */
#ifndef ROSTER_TESTS_UNIT_DIRECTORY_SPELLING_H
#define ROSTER_TESTS_UNIT_DIRECTORY_SPELLING_H

#include "roster/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A DN or two spellings, and the one form they have. */
struct spelling {
	const char *dn, *canonical;
};

static inline void assert_canonical(const char *dn, const char *canonical)
{
	struct error err = {0};
	struct str out = {0};

	if (dn_canonical(dn, strlen(dn), &out, &err) < 0)
		fail_msg("%s: %s", dn, err.text);
	assert_string_equal(str_text(&out), canonical);
	str_free(&out);
}

static inline void assert_all_canonical(const struct spelling *spellings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_canonical(spellings[i].dn, spellings[i].canonical);
		assert_canonical(spellings[i].canonical, spellings[i].canonical);
	}
}

#endif
