/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_fixture: a handle under test, and peers on 127.0.0.1 that say exactly the bytes a test wants, or nothing.
 */
#ifndef ROSTER_TESTS_HTTP_FIXTURE_H
#define ROSTER_TESTS_HTTP_FIXTURE_H

#include "roster/http.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* --- the handle: one for each test ------------------------------------------------------------------------------ */

extern struct http *http;
int set_up(void **state);
int tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* "{}" to a URL, loopback allowed. */
void start(const char *url, int64_t timeout_ms, void *context);
/* Send a request and fetch its reply, which must come within 20 seconds. */
void ask(const struct http_request *request, struct http_reply *ret);
/* "{}" to /hook of host at port, loopback allowed. */
void ask_host(const char *host, int port, int64_t timeout_ms, struct http_reply *ret);
/* There was no answer, for this reason. */
void assert_failed(const struct http_reply *reply, enum error_class class, const char *part);
double seconds_of(clockid_t clock);

/* --- peers ------------------------------------------------------------------------------------------------------- */

enum server_mode {
	SERVER_ANSWERS,  /* and waits for the next request */
	SERVER_HANGS_UP, /* after the answer, which may be "" */
	SERVER_RESETS,   /* instead of an answer */
	SERVER_SILENT,
	SERVER_ENDLESS, /* repeats the answer until the other side has enough */
	SERVER_GREETS,  /* with the answer, before anything is asked */
	SERVER_GATHERS, /* answers nobody before `gather` requests have come */
};

enum { SERVER_CONNECTIONS = 64, SERVER_REQUEST = 2 * 1024 * 1024 };

struct server {
	enum server_mode mode;
	const char *answer;
	size_t answer_size, gather;
	int listener, port;
	pthread_t accepter, threads[SERVER_CONNECTIONS];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopping;
	int sockets[SERVER_CONNECTIONS];
	size_t connections, requests;
	char last[SERVER_REQUEST]; /* the last request, head and body */
};

/* answer must stay until server_stop(). */
void server_start(struct server *server, enum server_mode mode, const char *answer);
void server_stop(struct server *server);
void ask_server(const struct server *server, struct http_reply *ret); /* within 10 seconds */
/* How many came so far. */
size_t server_connections(struct server *server);
size_t server_requests(struct server *server);

/* A port of 127.0.0.1 nobody listens at: connections are refused. */
int unused_port(void);
/* A listener whose queue is full: connections neither stand nor fail. Give back with crowd_leave(). */
struct crowd {
	int listener, port;
	int members[8];
};
void crowd_gather(struct crowd *crowd);
void crowd_leave(struct crowd *crowd);

#endif
