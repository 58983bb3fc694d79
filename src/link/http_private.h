/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP facade share: one request under way, and what becomes of it.
 */
#ifndef ROSTER_LINK_HTTP_PRIVATE_H
#define ROSTER_LINK_HTTP_PRIVATE_H

#include "roster/http.h"

#include <curl/curl.h>
#include <sys/socket.h>

struct exchange {
	struct exchange *next, **link; /* link: where the pointer to this one stands */
	CURL *easy;
	CURLU *url;
	struct curl_slist *headers;
	char *peer; /* host or host:port, for messages */
	void *context;
	int64_t timeout_ms, connect_ms;
	bool allow_loopback;
	bool local;     /* over a unix socket */
	bool opened;    /* at least one address was good enough for a socket */
	char flaw[160]; /* of the first address that was not */
	size_t most;    /* bytes of the answer that are read */
	bool cut;       /* the answer was longer than that */
	struct str body;
	char detail[CURL_ERROR_SIZE];
};

/* --- addresses (http_address.c) ---------------------------------------------------------------------------------- */

/* A numeric address without brackets; false when it is none. */
bool http_address_parse(const char *text, struct sockaddr_storage *ret);

/* --- the outcome (http_reply.c) ---------------------------------------------------------------------------------- */

/* What libcurl says of a finished exchange; body and error text stay the exchange's. */
void http_reply_fill(const struct exchange *exchange, CURLcode code, struct http_reply *ret);
/* The value of Retry-After in milliseconds, as in struct http_reply. */
int64_t http_retry_after(const char *value);

#endif
