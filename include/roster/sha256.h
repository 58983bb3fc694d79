/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sha256: the SHA-256 of a stream in hexadecimal, as sha256sum(1) prints it, and HMAC over it. Facade over libcrypto.
 */
#ifndef ROSTER_SHA256_H
#define ROSTER_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_TEXT = 65 };

struct sha256;

struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha256, const void *bytes, size_t size);
/* 64 lower-case hexadecimal digits and NUL; nothing can be added afterwards. */
void sha256_finish(struct sha256 *sha256, char text[SHA256_TEXT]);
void sha256_free(struct sha256 **sha256);

/* HMAC-SHA256 of one message (RFC 2104). */
enum { HMAC_SIZE = 32 };
void hmac_sha256(const void *key, size_t key_size, const void *message, size_t size, uint8_t ret[HMAC_SIZE]);

#endif
