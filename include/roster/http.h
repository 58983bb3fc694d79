/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: requests, many at once, to peers that may be slow, wrong or hostile; the facade over libcurl's multi interface.
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

/* Everything is copied but body, which must stay until the reply. */
struct http_request {
	const char *url;
	bool get;    /* a GET, without a body; otherwise a POST */
	size_t most; /* bytes of an answer that are read; 0 for HTTP_REPLY_MAX */
	/* To show in TLS (RFC 8705): a file in PEM, and its key in memory. NULL for none. */
	const char *certificate;
	const struct http_key *key;
	const struct http_header *headers;
	size_t header_count;
	const void *body;
	size_t size;
	const char *ca_file; /* "" or NULL for the system's */
	int64_t timeout_ms;  /* for the whole exchange; the connection alone gets at most 10 s of it */
	const char *socket;  /* a unix socket to connect to instead of the host in url; NULL for none */
	bool allow_loopback; /* the administrator wrote a loopback address; it is refused otherwise */
	void *context;       /* comes back with the reply */
};

struct http_key {
	const void *pem;
	size_t size;
};

enum { HTTP_REPLY_MAX = 64 * 1024 }; /* bytes of an answer that are read when nothing else is said */

struct http_reply {
	void *context;
	int status; /* 200 ...; 0 when there was no answer, and then error says why */
	/* Retry-After in seconds or as a date (RFC 9110 10.2.3); -1 when absent or unreadable; at most a day. */
	int64_t retry_after_ms;
	const char *body; /* NUL-terminated, as far as it was read; valid until the next http_ call */
	size_t size;
	bool cut;                        /* the answer is longer than what was read of it */
	const struct exchange *exchange; /* for http_reply_header() */
	double seconds;
	struct error error;
};

/* Start a request; the reply comes from http_next(). -1 only for a request that can never be sent (its URL, a header). */
int http_start(struct http *http, const struct http_request *request, struct error *err);

/* The value of a header of the last reply, the index-th of that name from 0; NULL when there is none. Valid until the next
 * http_ call. */
const char *http_reply_header(const struct http_reply *reply, const char *name, size_t index);

/* Start a request and wait for its reply, and for no other; nothing else may be under way. 0 with ret, in which status 0 says
 * that there was no answer; -1 for a request that cannot be sent, or when a signal came (ERR_CONFLICT). */
int http_fetch(struct http *http, const struct http_request *request, struct http_reply *ret, struct error *err);

/* Seconds since 1970 of a date (RFC 9110 5.6.7); -1 when it is none. */
int64_t http_date(const char *text);
/* Append text as it stands in a query or a form: letters, digits and -._~ as they are, all else %XX (RFC 3986 2.1). */
void http_escape(const char *text, struct str *out);
/* Do both begin with the same scheme, host and port (RFC 6454)? False when either is no http or https address, or names a user. */
bool http_same_origin(const char *a, const char *b);

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
