/* SPDX-License-Identifier: Apache-2.0 */
#include "target/nats/subject.h"

#include <string.h>

static bool is_plain(unsigned char byte)
{
	return byte > ' ' && byte != 127 && !strchr(".*>%", byte);
}

void subject_of(const char *prefix, const char *resource, struct str *out)
{
	bool begins = true; /* a token */

	str_add(out, prefix);
	for (const char *at = resource; *at; at++) {
		/* The first colon ends the kind; a path begins with a slash, and that of the root is nothing else. */
		bool parts = *at == '/' || (*at == ':' && !memchr(resource, ':', (size_t)(at - resource)));
		if (parts) {
			begins = true;
			continue;
		}
		if (begins)
			str_add_char(out, '.');
		begins = false;
		if (is_plain((unsigned char)*at))
			str_add_char(out, *at);
		else
			str_printf(out, "%%%02X", (unsigned char)*at);
	}
}
