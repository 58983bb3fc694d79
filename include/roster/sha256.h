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

/* HMAC-SHA256 of a stream (RFC 2104). */
enum { HMAC_SIZE = 32 };

struct hmac;

struct hmac *hmac_new(const void *key, size_t size);
void hmac_add(struct hmac *hmac, const void *bytes, size_t size);
/* Frees it, sets NULL. */
void hmac_finish(struct hmac **hmac, uint8_t ret[HMAC_SIZE]);

/* Let libcrypto read its configuration and find its algorithms while the caller waits for something else: it takes as long
 * as a server takes to let somebody in. Whoever begins it ends it, before the environment is changed. NULL when it is not
 * done ahead, which is no error. */
struct sha256_preparation;
struct sha256_preparation *sha256_prepare(void);
void sha256_prepared(struct sha256_preparation **preparation); /* accepts NULL, sets NULL */

#endif
