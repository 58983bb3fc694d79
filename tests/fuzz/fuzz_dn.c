/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a DN: the canonical form is canonical itself, and does not depend on which of the two parsers made it.
 */
#include "roster/directory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A canonical DN is text that is safe to print, and its own canonical form. */
static void check_canonical(const struct str *canonical)
{
	struct str again = {0};

	must(text_is_valid(str_text(canonical), canonical->size));
	must(strpbrk(str_text(canonical), "\n\r\";<>") == NULL);
	must(dn_canonical(str_text(canonical), canonical->size, &again, NULL) == 0);
	must(again.size == canonical->size && strcmp(str_text(&again), str_text(canonical)) == 0);
	must(dn_is_under(str_text(canonical), dn_parent(str_text(canonical))));
	str_free(&again);
}

/* An RDN in front that only the thorough parser reads takes the rest there with it. */
static void check_paths(const uint8_t *data, size_t size, int result, const struct str *canonical)
{
	struct str longer = {0}, thorough = {0};

	str_add(&longer, "x=\\41,");
	str_append(&longer, data, size);
	must(dn_canonical(longer.data, longer.size, &thorough, NULL) == result);
	must(result < 0 || strcmp(thorough.data + strlen("x=a,"), str_text(canonical)) == 0);
	str_free(&longer);
	str_free(&thorough);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str canonical = {0}, value = {0};
	char *text = strndup((const char *)data, size);
	int result = dn_canonical((const char *)data, size, &canonical, NULL);

	if (result == 0)
		check_canonical(&canonical);
	if (size > 0)
		check_paths(data, size, result, &canonical);
	if (dn_first_value(text, &value, NULL) < 0)
		must(value.size == 0);
	free(text);
	str_free(&canonical);
	str_free(&value);
	return 0;
}
