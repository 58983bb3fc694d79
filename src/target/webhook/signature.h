/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature: the header webhook-signature of a message.
 *
 * A secret is one or more lines "whsec_BASE64" of 24 to 64 bytes each. Every key of every secret makes one signature
 * "v1,BASE64(HMAC-SHA256(key, id.timestamp.body))", the newest first, so that a receiver can change over.
 */
#ifndef TARGET_WEBHOOK_SIGNATURE_H
#define TARGET_WEBHOOK_SIGNATURE_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/str.h"

struct signed_message {
	const char *id;
	const char *timestamp; /* seconds since 1970, this attempt's */
	const void *body;
	size_t size;
};

/* Append the signatures made with the keys of one secret. ERR_CONFIG when it holds no key, or something else. */
int signature_add(const struct secret *secret, const struct signed_message *message, struct str *out,
		  struct error *err);

#endif
