/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web: a small HTTP server for a few pages on this host; the facade over libevent's evhttp (RFC 9110, 9112).
 *
 * Takes off your hands: listening on a unix socket or a loopback port, reading requests, methods a page does not take
 * (405), unknown paths (404 with the list of pages), and clients that are slow, many or wrong: a request has a size
 * and a time, one connection carries one request, and when there are too many connections the oldest makes room.
 *
 * A page is asked for from loop_run(); it answers at once or later, exactly once. One struct web belongs to one loop and
 * must be freed before it. The process must not end by SIGPIPE.
 */
#ifndef ROSTER_WEB_H
#define ROSTER_WEB_H

#include "roster/error.h"
#include "roster/loop.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web;
struct web_request;

struct web_page {
	const char *path; /* "/metrics"; what stands behind a ? does not count */
	void (*ask)(struct web_request *request, void *context);
	void *context;
	bool post; /* asked by POST; otherwise by GET and HEAD */
};

struct web_limits {
	int64_t request_ms;  /* from the connection to the last byte of the answer; 0 for 10 s */
	size_t connections;  /* at once; 0 for 64 */
	size_t header_bytes; /* 0 for 8 KiB */
	size_t body_bytes;   /* 0: a request with a body is refused */
};

/* pages must live as long as the server does. */
struct web *web_new(struct loop *loop, const struct web_page *pages, size_t count, const struct web_limits *limits);
/* Requests that were not answered yet get a 503. Accepts NULL and sets *web to NULL; the socket's file is removed. */
void web_free(struct web **web);

/* "unix:/PATH", "127.0.0.1:PORT" or "[::1]:PORT". A unix socket has mode 0660. A socket nobody listens on any more is
 * replaced, any other file is left alone: ERR_CONFLICT when somebody listens already, ERR_CONFIG for what is no socket or
 * cannot be made. Once for each struct web. */
int web_listen(struct web *web, const char *address, struct error *err);

/* Until it is answered. NULL when there is no such header, or it is there twice. */
const char *web_header(const struct web_request *request, const char *name);
/* Append what was posted. */
void web_body(const struct web_request *request, struct str *out);

/* type is the media type; the body is copied. For HEAD its length is sent, and the body is not. The request is gone then;
 * so may the client be, which is not the caller's concern. */
void web_answer(struct web_request *request, int status, const char *type, const struct str *body);

#endif
