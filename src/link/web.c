/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/web.h"
#include "link/loop_private.h"
#include "link/web_private.h"

#include "roster/arena.h"
#include "roster/text.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MS = 10000, CONNECTIONS = 64, HEADER_BYTES = 8192, LOOK_MS = 250 };

/* evhttp limits how long a client may be silent, but neither how long it may take in all nor how many there are, and does
 * not say when a connection ends. So each has a reference of ours, and is looked at now and then. */
struct connection {
	struct bufferevent *stream;
	int64_t since;
	struct connection *next;
};

struct web_request {
	struct web *web;
	struct evhttp_request *request;
	struct web_request *next;
};

struct web {
	struct loop *loop;
	struct evhttp *server;
	const struct web_page *pages;
	size_t page_count;
	struct web_limits limits;
	struct loop_timer *look;
	struct connection *connections; /* oldest first */
	size_t count;
	struct web_request *requests; /* not answered yet */
	struct str path;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- connections --------------------------------------------------------------------------------------------------------- */

/* When evhttp lets a connection go, nobody is called back any more. */
static bool is_over(const struct connection *connection)
{
	bufferevent_data_cb readable, writable;
	bufferevent_event_cb event;

	bufferevent_getcb(connection->stream, &readable, &writable, &event, NULL);
	return readable == NULL && writable == NULL && event == NULL;
}

/* evhttp then sees the end of it and clears up. */
static void cut(const struct connection *connection)
{
	shutdown(bufferevent_getfd(connection->stream), SHUT_RDWR);
}

static void forget(struct web *web, struct connection **link)
{
	struct connection *connection = *link;

	*link = connection->next;
	bufferevent_decref(connection->stream);
	free(connection);
	web->count--;
}

/* Forget those that are over, cut those that take too long, and of the rest the oldest while there are too many. */
static void look(void *context)
{
	struct web *web = context;
	struct connection **link = &web->connections;
	int64_t now = now_ms();
	size_t cuts = 0;

	while (*link != NULL)
		if (is_over(*link))
			forget(web, link);
		else
			link = &(*link)->next;
	for (const struct connection *c = web->connections; c != NULL; c = c->next)
		if (now - c->since > web->limits.request_ms || web->count - cuts > web->limits.connections) {
			cut(c);
			cuts++;
		}
	if (web->connections != NULL)
		loop_timer_start(web->look, LOOK_MS);
}

static struct bufferevent *new_connection(struct event_base *base, void *context)
{
	struct web *web = context;
	struct connection *connection = xcalloc(1, sizeof *connection), **last;

	look(web);
	connection->stream = bufferevent_socket_new(base, -1, 0);
	if (connection->stream == NULL)
		die("out of memory for a connection");
	bufferevent_incref(connection->stream);
	connection->since = now_ms();
	for (last = &web->connections; *last != NULL;)
		last = &(*last)->next;
	*last = connection;
	web->count++;
	loop_timer_start(web->look, LOOK_MS);
	return connection->stream;
}

/* --- answers -------------------------------------------------------------------------------------------------------------- */

static void send_reply(struct evhttp_request *request, int status, const char *type, const struct str *body)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *buffer = evbuffer_new();
	char size[32];

	if (buffer == NULL)
		die("out of memory for an answer");
	snprintf(size, sizeof size, "%zu", body->size);
	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Content-Length", size);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Connection", "close");
	if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
		evbuffer_add(buffer, str_text(body), body->size);
	evhttp_send_reply(request, status, NULL, buffer);
	evbuffer_free(buffer);
}

void web_answer(struct web_request *request, int status, const char *type, const struct str *body)
{
	struct web_request **link = &request->web->requests;

	while (*link != request)
		link = &(*link)->next;
	*link = request->next;
	/* Of a client that has gone nothing but the request is left; evhttp frees it. */
	send_reply(request->request, status, type, body);
	free(request);
}

const char *web_header(const struct web_request *request, const char *name)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request->request);
	const struct evkeyval *header;
	const char *value = NULL;

	for (header = headers->tqh_first; header != NULL; header = header->next.tqe_next) {
		if (!text_equal_fold(header->key, name))
			continue;
		if (value != NULL)
			return NULL;
		value = header->value;
	}
	return value;
}

void web_body(const struct web_request *request, struct str *out)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request->request);
	size_t size = evbuffer_get_length(body);

	str_append(out, (const char *)evbuffer_pullup(body, -1), size);
}

static void refuse_method(struct evhttp_request *request, bool post)
{
	struct str text = {0};

	str_printf(&text, "only %s\n", post ? "POST" : "GET and HEAD");
	evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", post ? "POST" : "GET, HEAD");
	send_reply(request, HTTP_BADMETHOD, "text/plain; charset=utf-8", &text);
	str_free(&text);
}

static void list_pages(const struct web *web, struct evhttp_request *request)
{
	struct str text = {0};

	str_add(&text, "there is no such page; there are:\n");
	for (size_t i = 0; i < web->page_count; i++)
		str_printf(&text, "%s\n", web->pages[i].path);
	send_reply(request, HTTP_NOTFOUND, "text/plain; charset=utf-8", &text);
	str_free(&text);
}

static const struct web_page *find_page(const struct web *web, struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);

	for (size_t i = 0; path != NULL && i < web->page_count; i++)
		if (strcmp(web->pages[i].path, path) == 0)
			return &web->pages[i];
	return NULL;
}

static bool takes(const struct web_page *page, enum evhttp_cmd_type method)
{
	if (page != NULL && page->post)
		return method == EVHTTP_REQ_POST;
	return page != NULL && (method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD);
}

static void came(struct evhttp_request *request, void *context)
{
	struct web *web = context;
	enum evhttp_cmd_type method = evhttp_request_get_command(request);
	const struct web_page *page = find_page(web, request);

	if (page == NULL && (method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD)) {
		list_pages(web, request);
	} else if (!takes(page, method)) {
		refuse_method(request, page != NULL && page->post);
	} else {
		struct web_request *asked = xcalloc(1, sizeof *asked);
		*asked = (struct web_request){web, request, web->requests};
		web->requests = asked;
		page->ask(asked, page->context);
	}
}

/* --- the server ------------------------------------------------------------------------------------------------------------- */

static void set_limits(struct web *web, const struct web_limits *limits)
{
	/* All that have a name, so that it is us who say 405. */
	enum {
		KNOWN_METHODS = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
				EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT |
				EVHTTP_REQ_PATCH
	};
	struct timeval silence;

	web->limits = *limits;
	if (web->limits.request_ms == 0)
		web->limits.request_ms = REQUEST_MS;
	if (web->limits.connections == 0)
		web->limits.connections = CONNECTIONS;
	if (web->limits.header_bytes == 0)
		web->limits.header_bytes = HEADER_BYTES;
	silence =
	    (struct timeval){.tv_sec = web->limits.request_ms / 1000, .tv_usec = web->limits.request_ms % 1000 * 1000};
	evhttp_set_timeout_tv(web->server, &silence);
	evhttp_set_max_headers_size(web->server, (ev_ssize_t)web->limits.header_bytes);
	evhttp_set_max_body_size(web->server, (ev_ssize_t)web->limits.body_bytes);
	evhttp_set_allowed_methods(web->server, KNOWN_METHODS);
}

struct web *web_new(struct loop *loop, const struct web_page *pages, size_t count, const struct web_limits *limits)
{
	struct web *web = xcalloc(1, sizeof *web);

	*web = (struct web){.loop = loop, .pages = pages, .page_count = count};
	web->server = evhttp_new(loop_base(loop));
	if (web->server == NULL)
		die("out of memory for a web server");
	set_limits(web, limits);
	evhttp_set_bevcb(web->server, new_connection, web);
	evhttp_set_gencb(web->server, came, web);
	web->look = loop_timer_new(loop, look, web);
	return web;
}

void web_free(struct web **web)
{
	static const char text[] = "the service is ending\n";
	struct str body = {0};

	if (*web == NULL)
		return;
	str_add(&body, text);
	for (struct web_request *request = (*web)->requests, *next; request != NULL; request = next) {
		next = request->next;
		web_answer(request, HTTP_SERVUNAVAIL, "text/plain; charset=utf-8", &body);
	}
	str_free(&body);
	if ((*web)->path.size > 0)
		unlink(str_text(&(*web)->path));
	str_free(&(*web)->path);
	evhttp_free((*web)->server);
	while ((*web)->connections != NULL)
		forget(*web, &(*web)->connections);
	loop_timer_free(&(*web)->look);
	free(*web);
	*web = NULL;
}

int web_listen(struct web *web, const char *address, struct error *err)
{
	int fd = web_socket(address, &web->path, err);

	if (fd < 0)
		return -1;
	/* From here on it closes fd. */
	if (evhttp_accept_socket_with_handle(web->server, fd) == NULL)
		die("out of memory for a listening socket");
	return 0;
}
