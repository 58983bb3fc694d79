/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: Unicode and digests, the facade over utf8proc and libcrypto.
 *
 * Nothing here does I/O; the results depend on the input alone. Pure modules may use it.
 */
#ifndef ROSTER_TEXT_H
#define ROSTER_TEXT_H

#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 without NUL: what a PostgreSQL text takes. */
bool text_is_valid(const char *bytes, size_t size);

/* Bytes of the character at text, and which it is; 0 when there is none. */
size_t text_decode(const char *text, size_t size, uint32_t *code);
/* Bytes of the control character at text, 0 when there is none: C0, DEL, C1, and the separators of lines and paragraphs,
 * which PostgreSQL's [[:cntrl:]] counts too. Names and logins hold none. */
size_t text_control_size(const char *text, size_t size);
bool text_has_control(const char *text, size_t size);
/* The same, or a character that shows nothing by itself, such as one without width or one that turns the direction (Unicode
 * general category Cf): with it, two texts that differ look alike. The text is valid UTF-8. */
bool text_has_hidden(const char *text, size_t size);
/* Make what a stranger said, and what may have been cut anywhere, a valid text on one line: bytes that are no text or make a
 * control character become '?'. */
void text_clean(char *text);

/* Append NFKC with full case folding (Unicode toNFKC_Casefold without removal of ignorables); -1 when bytes are not
 * UTF-8. ASCII takes a fast path. Idempotent. */
int text_fold(const char *bytes, size_t size, struct str *out);

/* A 128-bit key: the first half of SHA-256. Nobody can make two texts that share one, so it may stand for a DN. */
struct digest {
	uint8_t bytes[16];
};
struct digest digest_of(const void *bytes, size_t size);
bool digest_equal(const struct digest *a, const struct digest *b);

/* The same over several pieces; each piece is framed by its size, so ("a","bc") differs from ("ab","c"). */
struct digest_state;
struct digest_state *digest_start(void);
void digest_add(struct digest_state *state, const void *bytes, size_t size);
/* The digest; state starts anew and may be used again. */
struct digest digest_finish(struct digest_state *state);
void digest_free(struct digest_state **state);

enum { UUID_TEXT = 37 };
/* 8-4-4-4-12 lower-case hex and NUL. */
void uuid_format(const uint8_t bytes[16], char text[UUID_TEXT]);
/* true when text is a UUID in 8-4-4-4-12 form, any case. */
bool uuid_parse(const char *text, uint8_t bytes[16]);

#endif
