/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8: what errors and log lines need to know about UTF-8: where a text may be cut, and which bytes are one character.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the first character of bytes[0..size), or 0 when none is well-formed there (RFC 3629). */
size_t utf8_decode(const char *bytes, size_t size, uint32_t *code);

/* The greatest length up to size that does not split a character; text[size] must be readable. */
size_t utf8_floor(const char *text, size_t size);

#endif
