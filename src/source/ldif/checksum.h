/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROSTER_SOURCE_LDIF_CHECKSUM_H
#define ROSTER_SOURCE_LDIF_CHECKSUM_H

#include "roster/error.h"
#include "roster/sha256.h"

/* What path.sha256 (as sha256sum(1) writes it) says about the file path: 1 with the digits, 0 when there is no such
 * file, -1 when it is there but says nothing about path. */
int checksum_expected(const char *path, char ret[SHA256_TEXT], struct error *err);

#endif
