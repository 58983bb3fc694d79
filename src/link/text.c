/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/text.h"

#include "roster/arena.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static size_t ascii_prefix(const char *bytes, size_t size)
{
	size_t i = 0;

	while (i < size && (unsigned char)bytes[i] < 0x80)
		i++;
	return i;
}

bool text_is_valid(const char *bytes, size_t size)
{
	if (size > 0 && memchr(bytes, '\0', size))
		return false;
	for (size_t i = ascii_prefix(bytes, size); i < size;) {
		utf8proc_int32_t code;
		size_t left = size - i < 4 ? size - i : 4;
		utf8proc_ssize_t length =
		    utf8proc_iterate((const utf8proc_uint8_t *)bytes + i, (utf8proc_ssize_t)left, &code);
		if (length <= 0)
			return false;
		i += (size_t)length;
	}
	return true;
}

/* 0 with memory to be freed, or -1 when bytes are not UTF-8. */
static int map(const utf8proc_uint8_t *bytes, size_t size, unsigned options, utf8proc_uint8_t **ret, size_t *ret_size)
{
	utf8proc_ssize_t mapped =
	    utf8proc_map(bytes, (utf8proc_ssize_t)size, ret, (utf8proc_option_t)(options | UTF8PROC_STABLE));
	if (mapped == UTF8PROC_ERROR_NOMEM || mapped == UTF8PROC_ERROR_OVERFLOW)
		die("out of memory");
	if (mapped < 0)
		return -1;
	*ret_size = (size_t)mapped;
	return 0;
}

/* Decomposing first puts combining marks in their canonical order; without it U+0345, whose folding is a letter, would
 * make two spellings of one Greek name differ (Unicode, D145). */
static int fold_unicode(const char *bytes, size_t size, struct str *out)
{
	utf8proc_uint8_t *decomposed, *folded;
	size_t decomposed_size, folded_size;

	if (map((const utf8proc_uint8_t *)bytes, size, UTF8PROC_DECOMPOSE, &decomposed, &decomposed_size) < 0)
		return -1;
	int result = map(decomposed, decomposed_size, UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &folded,
			 &folded_size);
	free(decomposed);
	if (result < 0)
		return -1;
	str_append(out, folded, folded_size);
	free(folded);
	return 0;
}

int text_fold(const char *bytes, size_t size, struct str *out)
{
	if (ascii_prefix(bytes, size) < size)
		return fold_unicode(bytes, size, out);
	size_t start = out->size;
	str_append(out, bytes, size);
	for (size_t i = start; i < out->size; i++)
		out->data[i] = ascii_lower(out->data[i]);
	return 0;
}

/* Looking SHA-256 up costs more than computing it over a DN: once per process, and one context per thread. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static pthread_key_t context_key;

static void context_free(void *context)
{
	EVP_MD_CTX_free(context);
}

static void prepare(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256 || pthread_key_create(&context_key, context_free) != 0)
		die("libcrypto offers no SHA-256");
}

static EVP_MD_CTX *context_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (!context)
		die("out of memory");
	return context;
}

static void context_start(EVP_MD_CTX *context)
{
	if (!EVP_DigestInit_ex2(context, sha256, NULL))
		die("libcrypto cannot start SHA-256");
}

static void context_add(EVP_MD_CTX *context, const void *bytes, size_t size)
{
	if (!EVP_DigestUpdate(context, bytes, size))
		die("libcrypto cannot compute SHA-256");
}

static struct digest context_finish(EVP_MD_CTX *context)
{
	unsigned char whole[EVP_MAX_MD_SIZE];
	struct digest digest;

	if (!EVP_DigestFinal_ex(context, whole, NULL))
		die("libcrypto cannot finish SHA-256");
	memcpy(digest.bytes, whole, sizeof(digest.bytes));
	return digest;
}

struct digest digest_of(const void *bytes, size_t size)
{
	pthread_once(&once, prepare);
	EVP_MD_CTX *context = pthread_getspecific(context_key);
	if (!context) {
		context = context_new();
		pthread_setspecific(context_key, context);
	}
	context_start(context);
	context_add(context, bytes, size);
	return context_finish(context);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Small pieces are gathered: to hand one on costs more than to digest it. */
struct digest_state {
	EVP_MD_CTX *context;
	size_t gathered;
	unsigned char bytes[4096];
};

struct digest_state *digest_start(void)
{
	pthread_once(&once, prepare);
	struct digest_state *state = xmalloc(sizeof(*state));
	state->gathered = 0;
	state->context = context_new();
	context_start(state->context);
	return state;
}

static void hand_on(struct digest_state *state)
{
	context_add(state->context, state->bytes, state->gathered);
	state->gathered = 0;
}

static void gather(struct digest_state *state, const void *bytes, size_t size)
{
	if (size > sizeof(state->bytes) - state->gathered)
		hand_on(state);
	if (size > sizeof(state->bytes)) {
		context_add(state->context, bytes, size);
		return;
	}
	memcpy(state->bytes + state->gathered, bytes, size);
	state->gathered += size;
}

void digest_add(struct digest_state *state, const void *bytes, size_t size)
{
	unsigned char frame[8];

	/* Byte by byte, so that a digest kept in the database means the same on every machine. */
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (unsigned char)((uint64_t)size >> 8 * i);
	gather(state, frame, sizeof(frame));
	if (size > 0)
		gather(state, bytes, size);
}

struct digest digest_finish(struct digest_state *state)
{
	hand_on(state);
	struct digest digest = context_finish(state->context);
	context_start(state->context);
	return digest;
}

void digest_free(struct digest_state **state)
{
	if (!*state)
		return;
	EVP_MD_CTX_free((*state)->context);
	free(*state);
	*state = NULL;
}

static bool is_hyphen_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

void uuid_format(const uint8_t bytes[16], char text[UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		if (is_hyphen_place(at))
			text[at++] = '-';
		text[at++] = digits[bytes[i] >> 4];
		text[at++] = digits[bytes[i] & 15];
	}
	text[at] = '\0';
}

/* One more than the value of a hexadecimal digit, 0 for what is none. */
static const uint8_t hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool uuid_parse(const char *text, uint8_t bytes[16])
{
	const unsigned char *at = (const unsigned char *)text;
	uint8_t parsed[16];

	for (size_t i = 0; i < sizeof(parsed); i++) {
		if (is_hyphen_place((size_t)(at - (const unsigned char *)text)) && *at++ != '-')
			return false;
		/* NUL is no digit: a short text ends here. */
		if (hex_values[at[0]] == 0 || hex_values[at[1]] == 0)
			return false;
		parsed[i] = (uint8_t)((hex_values[at[0]] - 1) << 4 | (hex_values[at[1]] - 1));
		at += 2;
	}
	if (*at != '\0')
		return false;
	memcpy(bytes, parsed, sizeof(parsed));
	return true;
}

size_t text_decode(const char *text, size_t size, uint32_t *code)
{
	utf8proc_int32_t found;
	size_t left = size < 4 ? size : 4;
	utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)left, &found);

	if (length <= 0)
		return 0;
	*code = (uint32_t)found;
	return (size_t)length;
}

size_t text_control_size(const char *text, size_t size)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (byte[0] < 0x20 || byte[0] == 0x7F)
		return 1;
	if (size >= 2 && byte[0] == 0xC2 && byte[1] >= 0x80 && byte[1] <= 0x9F)
		return 2;
	if (size >= 3 && byte[0] == 0xE2 && byte[1] == 0x80 && (byte[2] == 0xA8 || byte[2] == 0xA9))
		return 3;
	return 0;
}

bool text_has_control(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text_control_size(text + i, size - i) > 0)
			return true;
	return false;
}

bool text_has_hidden(const char *text, size_t size)
{
	utf8proc_int32_t code;

	for (size_t i = 0; i < size;) {
		utf8proc_ssize_t length =
		    utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(size - i), &code);
		if (length <= 0 || text_control_size(text + i, size - i) > 0 ||
		    utf8proc_category(code) == UTF8PROC_CATEGORY_CF)
			return true;
		i += (size_t)length;
	}
	return false;
}

void text_clean(char *text)
{
	size_t size = strlen(text), length;

	for (size_t i = 0; i < size; i += length) {
		utf8proc_int32_t code;
		size_t left = size - i < 4 ? size - i : 4, control = text_control_size(text + i, size - i);
		utf8proc_ssize_t found =
		    utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)left, &code);
		length = found > 0 ? (size_t)found : 1;
		if (found <= 0 || control > 0)
			memset(text + i, '?', length);
	}
}
