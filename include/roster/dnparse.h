/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnparse: the facade over libldap's DN parser.
 *
 * Takes a DN apart into attribute types and unescaped values, in all the spellings RFC 4514 and RFC 1779 know. Nothing
 * is normalised here: that is the work of directory.h; the configuration only asks whether a text is a DN. No I/O, no
 * state.
 */
#ifndef ROSTER_DNPARSE_H
#define ROSTER_DNPARSE_H

#include "roster/error.h"

#include <stdbool.h>
#include <stddef.h>

/* One attribute type and value of an RDN. Octets of the type and the value are borrowed from the dn_parts. */
struct dn_ava {
	const char *type, *value;
	size_t type_size, value_size;
	size_t rdn; /* number of the RDN it stands in, from 0 */
	bool hex;   /* was written "#0403...": value is BER */
};

struct dn_parts {
	struct dn_ava *avas; /* in the order of the DN */
	size_t count;
	void *parsed; /* owns the octets */
};

/* Give the result back with dnparse_free(); the root DN "" has no parts. -1 with ERR_DATA when it is not a DN. */
int dnparse(const char *dn, size_t size, struct dn_parts *ret, struct error *err);
void dnparse_free(struct dn_parts *parts);

#endif
