/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/sha256.h"

#include "roster/arena.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

struct sha256 {
	EVP_MD_CTX *context;
};

struct sha256_preparation {
	pthread_t thread;
};

static void *prepare(void *nothing)
{
	unsigned char bytes[SHA256_TEXT / 2];

	EVP_Digest("", 0, bytes, NULL, EVP_sha256(), NULL);
	return nothing;
}

struct sha256_preparation *sha256_prepare(void)
{
	struct sha256_preparation *preparation = xmalloc(sizeof(*preparation));

	if (pthread_create(&preparation->thread, NULL, prepare, NULL) == 0)
		return preparation;
	free(preparation);
	return NULL;
}

void sha256_prepared(struct sha256_preparation **preparation)
{
	if (!*preparation)
		return;
	pthread_join((*preparation)->thread, NULL);
	free(*preparation);
	*preparation = NULL;
}

/* libcrypto fails here only for want of memory or of the algorithm itself: nothing a caller could do about. */
static void must(int worked)
{
	if (worked != 1)
		die("libcrypto cannot compute SHA-256");
}

struct sha256 *sha256_new(void)
{
	struct sha256 *sha256 = xmalloc(sizeof(*sha256));

	sha256->context = EVP_MD_CTX_new();
	must(sha256->context != NULL);
	must(EVP_DigestInit_ex(sha256->context, EVP_sha256(), NULL));
	return sha256;
}

void sha256_add(struct sha256 *sha256, const void *bytes, size_t size)
{
	must(EVP_DigestUpdate(sha256->context, bytes, size));
}

void sha256_finish(struct sha256 *sha256, char text[SHA256_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SHA256_TEXT / 2];

	must(EVP_DigestFinal_ex(sha256->context, bytes, NULL));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[SHA256_TEXT - 1] = '\0';
}

void sha256_free(struct sha256 **sha256)
{
	if (!*sha256)
		return;
	EVP_MD_CTX_free((*sha256)->context);
	free(*sha256);
	*sha256 = NULL;
}

struct hmac {
	EVP_MAC_CTX *context;
};

struct hmac *hmac_new(const void *key, size_t size)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
				     OSSL_PARAM_construct_end()};
	struct hmac *hmac = xmalloc(sizeof(*hmac));
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);

	must(algorithm != NULL);
	hmac->context = EVP_MAC_CTX_new(algorithm);
	EVP_MAC_free(algorithm);
	must(hmac->context != NULL);
	must(EVP_MAC_init(hmac->context, key, size, params));
	return hmac;
}

void hmac_add(struct hmac *hmac, const void *bytes, size_t size)
{
	must(EVP_MAC_update(hmac->context, bytes, size));
}

void hmac_finish(struct hmac **hmac, uint8_t ret[HMAC_SIZE])
{
	size_t got = 0;

	must(EVP_MAC_final((*hmac)->context, ret, &got, HMAC_SIZE));
	must(got == HMAC_SIZE);
	EVP_MAC_CTX_free((*hmac)->context);
	free(*hmac);
	*hmac = NULL;
}
