/* SPDX-License-Identifier: Apache-2.0 */
#include "target/webhook/signature.h"

#include "roster/sha256.h"

#include <string.h>

static const char prefix[] = "whsec_";

enum { KEY_LEAST = 24, KEY_MOST = 64 };

static void wipe(struct str *key)
{
	if (key->data != NULL)
		explicit_bzero(key->data, key->size);
	str_free(key);
}

static int decode_key(const char *line, size_t size, struct str *key, struct error *err)
{
	size_t skip = strlen(prefix);

	if (size < skip || memcmp(line, prefix, skip) != 0)
		return error_set(err, ERR_CONFIG,
				 "a key to sign with begins with \"%s\"; make one: echo %s$(openssl rand -base64 32)",
				 prefix, prefix);
	if (base64_decode(line + skip, size - skip, key) < 0)
		return error_set(err, ERR_CONFIG, "a key to sign with is not base64 behind \"%s\"", prefix);
	if (key->size < KEY_LEAST || key->size > KEY_MOST)
		return error_set(err, ERR_CONFIG, "a key to sign with has %zu bytes; it needs %d to %d", key->size,
				 KEY_LEAST, KEY_MOST);
	return 0;
}

static void sign(const struct str *key, const struct signed_message *message, struct str *out)
{
	struct hmac *hmac = hmac_new(key->data, key->size);
	uint8_t mac[HMAC_SIZE];

	hmac_add(hmac, message->id, strlen(message->id));
	hmac_add(hmac, ".", 1);
	hmac_add(hmac, message->timestamp, strlen(message->timestamp));
	hmac_add(hmac, ".", 1);
	hmac_add(hmac, message->body, message->size);
	hmac_finish(&hmac, mac);
	str_add(out, out->size == 0 ? "v1," : " v1,");
	base64_encode(out, mac, sizeof mac);
}

static int sign_line(const char *line, size_t size, const struct signed_message *message, struct str *out,
		     struct error *err)
{
	struct str key = {0};
	int rc = decode_key(line, size, &key, err);

	if (rc == 0)
		sign(&key, message, out);
	wipe(&key);
	return rc;
}

int signature_add(const struct secret *secret, const struct signed_message *message, struct str *out, struct error *err)
{
	size_t had = out->size;
	int rc = 0;

	for (const char *line = secret->bytes, *end = line + secret->size; rc == 0 && line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t whole = (size_t)((newline == NULL ? end : newline) - line);
		size_t size = whole > 0 && line[whole - 1] == '\r' ? whole - 1 : whole;
		if (size > 0)
			rc = sign_line(line, size, message, out, err);
		line += whole + 1;
	}
	return rc == 0 && out->size == had ? error_set(err, ERR_CONFIG, "it holds no key") : rc;
}
