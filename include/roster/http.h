/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: many requests at once to peers that may be slow, wrong or hostile; the facade over libcurl's multi interface.
 *
 * Takes off your hands: connection reuse, TLS (at least 1.2, always verified), deadlines on every wait, the size limit of
 * an answer, and the address guard: whatever a name resolves to is judged before the connection is made, so neither an
 * odd spelling nor a name that changes between two lookups leads anywhere it must not. Redirects are never followed, no
 * proxy and no netrc of the environment is used, no cookie is kept, and only http and https are spoken (RFC 9110).
 *
 * One struct http belongs to one process and one thread.
 */
#ifndef ROSTER_HTTP_H
#define ROSTER_HTTP_H

#include "roster/error.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;

int http_new(struct http **ret, struct error *err);
/* Gives up what is still under way. Accepts NULL and sets *http to NULL. */
void http_free(struct http **http);

struct http_header {
	const char *name, *value; /* refused when either holds a control character */
};

/* A POST. Everything is copied but body, which must stay until the reply. */
struct http_request {
	const char *url;
	const struct http_header *headers;
	size_t header_count;
	const void *body;
	size_t size;
	const char *ca_file; /* "" or NULL for the system's */
	int64_t timeout_ms;  /* for the whole exchange; the connection alone gets at most 10 s of it */
	bool allow_loopback; /* the administrator wrote a loopback address; it is refused otherwise */
	void *context;       /* comes back with the reply */
};

enum { HTTP_REPLY_MAX = 64 * 1024 }; /* bytes of an answer that are read; a longer one is cut, not refused */

struct http_reply {
	void *context;
	int status; /* 200 ...; 0 when there was no answer, and then error says why */
	/* Retry-After in seconds or as a date (RFC 9110 10.2.3); -1 when absent or unreadable; at most a day. */
	int64_t retry_after_ms;
	const char *body; /* NUL-terminated, as far as it was read; valid until the next http_ call */
	size_t size;
	double seconds;
	struct error error;
};

/* Start a request; the reply comes from http_next(). -1 only for a request that can never be sent (its URL, a header). */
int http_start(struct http *http, const struct http_request *request, struct error *err);

/* The next reply: 1, or 0 when wait_ms has passed, fd (a descriptor to watch besides, -1 for none) has become readable,
 * or a signal came. -1 when the library itself fails. */
int http_next(struct http *http, int fd, int64_t wait_ms, struct http_reply *ret, struct error *err);

/* NULL when a connection to this address is allowed, else why not, for people: "169.254.169.254 is a link-local address".
 * Refused always: unspecified, link-local (where cloud metadata lives), other metadata addresses, multicast, broadcast,
 * and each of them wrapped in IPv6 (v4-mapped, v4-compatible, 6to4, NAT64); loopback unless allowed. The text is valid
 * until the next call. */
struct sockaddr;
const char *http_address_flaw(const struct sockaddr *address, bool allow_loopback);

/* Does the URL name a loopback address literally: localhost, 127.0.0.0/8, [::1]? */
bool http_url_is_loopback(const char *url);

/* The same call as a line for a shell, to try it by hand: headers named in `secret` are left out. For the log. */
void http_command(const struct http_request *request, const char *secret, struct str *out);

#endif
