/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JWT facade share. */
#ifndef ROSTER_LINK_JWT_PRIVATE_H
#define ROSTER_LINK_JWT_PRIVATE_H

#include "roster/jwt.h"

#include <jansson.h>

/* struct json is jansson's json_t under a name of ours (see json.c). */
static inline json_t *jwt_theirs(const struct json *value)
{
	return (json_t *)value;
}

/* Can a key of this kind sign so? Only asymmetric algorithms are known here (RFC 7518 section 3.1). */
bool jwt_fits(const json_t *key, const char *algorithm);
/* Bits of an RSA key; 0 for any other. */
size_t jwt_rsa_bits(const json_t *key);

enum { JWT_RSA_BITS_LEAST = 2048 };

#endif
