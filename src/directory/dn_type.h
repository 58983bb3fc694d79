/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROSTER_DIRECTORY_DN_TYPE_H
#define ROSTER_DIRECTORY_DN_TYPE_H

#include "roster/str.h"

#include <stddef.h>

/* The usual short name of an attribute type in DNs, given in lower case as a name or an OID; NULL when type is as
 * short as it gets or unknown. A name never gets longer. */
const char *dn_type_short(const char *lower, size_t size);

/* Append the canonical form of an attribute type: in lower case and by its short name. */
void dn_type_append(const char *type, size_t size, struct str *out);

#endif
