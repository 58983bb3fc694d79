/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/directory.h"

#include <string.h>

/* In a canonical DN a comma stands between RDNs only. */
static size_t count_rdns(const char *canonical)
{
	size_t count = *canonical ? 1 : 0;

	for (; *canonical; canonical++)
		count += *canonical == ',';
	return count;
}

/* Size of the first `count` RDNs of a DN in any spelling (RFC 4514, and the quotes and semicolons of RFC 1779). */
static size_t size_of_rdns(const char *dn, size_t count)
{
	bool quoted = false;
	size_t at = 0;

	for (; dn[at]; at++) {
		if (dn[at] == '\\' && dn[at + 1])
			at++;
		else if (dn[at] == '"')
			quoted = !quoted;
		else if (!quoted && (dn[at] == ',' || dn[at] == ';') && --count == 0)
			break;
	}
	return at;
}

bool dn_rebase(const char *dn, const char *canonical_from, const char *to, struct str *out)
{
	struct str canonical = {0};
	bool below =
	    dn_canonical(dn, strlen(dn), &canonical, NULL) == 0 && dn_is_under(str_text(&canonical), canonical_from);

	if (below) {
		size_t own = count_rdns(str_text(&canonical)) - count_rdns(canonical_from);
		if (own > 0) {
			str_append(out, dn, size_of_rdns(dn, own));
			if (*to)
				str_add_char(out, ',');
		}
		str_add(out, to);
	}
	str_free(&canonical);
	return below;
}
