/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the handle -------------------------------------------------------------------------------------------------- */

struct http *http;

int set_up(void **state)
{
	struct error err = {0};

	(void)state;
	return http_new(&http, &err);
}

int tear_down(void **state)
{
	(void)state;
	http_free(&http);
	return http != NULL;
}

static void must_start(const struct http_request *request)
{
	struct error err = {0};

	if (http_start(http, request, &err))
		fail_msg("%s", err.text);
}

void start(const char *url, int64_t timeout_ms, void *context)
{
	struct http_request request = {
	    .url = url, .body = "{}", .size = 2, .timeout_ms = timeout_ms, .allow_loopback = true, .context = context};
	must_start(&request);
}

static void take(const struct http_request *request, struct http_reply *ret)
{
	struct error err = {0};
	int answered = 0;

	/* A wait may end early without a reply. */
	for (int round = 0; round < 20 && answered == 0; round++)
		answered = http_next(http, -1, 1000, ret, &err);
	if (answered != 1)
		fail_msg("no reply from %s: %s", request->url, err.text);
	assert_ptr_equal(ret->context, request->context);
}

void ask(const struct http_request *request, struct http_reply *ret)
{
	must_start(request);
	take(request, ret);
}

void ask_host(const char *host, int port, int64_t timeout_ms, struct http_reply *ret)
{
	struct http_request request = {.body = "{}", .size = 2, .timeout_ms = timeout_ms, .allow_loopback = true};
	char url[256];

	snprintf(url, sizeof(url), "http://%s:%d/hook", host, port);
	request.url = url;
	ask(&request, ret);
}

void assert_failed(const struct http_reply *reply, enum error_class class, const char *part)
{
	assert_int_equal(reply->status, 0);
	if (reply->error.class != class || !strstr(reply->error.text, part))
		fail_msg("%s: %s", error_class_name(reply->error.class), reply->error.text);
	assert_int_equal(reply->retry_after_ms, -1);
	assert_int_equal(reply->size, 0);
	assert_string_equal(reply->body, "");
}

double seconds_of(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- peers ------------------------------------------------------------------------------------------------------- */

static int listen_locally(int queue, int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	if (queue >= 0)
		assert_int_equal(listen(fd, queue), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* --- one connection: asserts belong to the test's own thread, so a fault here just ends it ------------------------ */

static bool send_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* Bytes of the request at text when it is complete, else 0. */
static size_t request_size(const char *text, size_t size)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\ncontent-length:");

	if (!end)
		return 0;
	size_t wanted = (size_t)(end - text) + 4;
	if (length && length < end)
		wanted += strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
	return size >= wanted ? wanted : 0;
}

/* Bytes read, 0 when the connection ended. */
static size_t read_request(int fd, char *text)
{
	size_t size = 0;

	text[0] = '\0';
	while (!request_size(text, size)) {
		ssize_t came = recv(fd, text + size, SERVER_REQUEST - 1 - size, 0);
		if (came <= 0)
			return 0;
		size += (size_t)came;
		text[size] = '\0';
	}
	return size;
}

static void count_request(struct server *server, const char *text, size_t size)
{
	pthread_mutex_lock(&server->lock);
	server->requests++;
	memcpy(server->last, text, size + 1);
	pthread_cond_broadcast(&server->changed);
	while (server->mode == SERVER_GATHERS && server->requests < server->gather && !server->stopping)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

/* false: the connection is over. */
static bool act(struct server *server, int fd)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	switch (server->mode) {
	case SERVER_SILENT:
		return true;
	case SERVER_RESETS:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		return false;
	case SERVER_HANGS_UP:
		send_all(fd, server->answer, server->answer_size);
		return false;
	case SERVER_ENDLESS:
		while (send_all(fd, server->answer, server->answer_size))
			continue;
		return false;
	default:
		return send_all(fd, server->answer, server->answer_size);
	}
}

struct connection {
	struct server *server;
	size_t number;
};

static void *serve(void *context)
{
	struct connection connection = *(struct connection *)context;
	struct server *server = connection.server;
	char *text = malloc(SERVER_REQUEST);
	int fd = server->sockets[connection.number];

	free(context);
	if (server->mode == SERVER_GREETS)
		send_all(fd, server->answer, server->answer_size);
	while (text) {
		size_t size = read_request(fd, text);
		if (size == 0)
			break;
		count_request(server, text, size);
		if (!act(server, fd))
			break;
	}
	free(text);
	pthread_mutex_lock(&server->lock);
	server->sockets[connection.number] = -1;
	close(fd);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

static void *accept_all(void *context)
{
	struct server *server = context;

	for (;;) {
		int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return NULL;
		pthread_mutex_lock(&server->lock);
		struct connection *connection = malloc(sizeof(*connection));
		if (!connection || server->stopping || server->connections == SERVER_CONNECTIONS) {
			free(connection);
			close(fd);
		} else {
			*connection = (struct connection){server, server->connections};
			server->sockets[server->connections] = fd;
			pthread_create(&server->threads[server->connections++], NULL, serve, connection);
		}
		pthread_mutex_unlock(&server->lock);
	}
}

/* --- the server -------------------------------------------------------------------------------------------------- */

void server_start(struct server *server, enum server_mode mode, const char *answer)
{
	sigset_t all, before;

	memset(server, 0, sizeof(*server));
	server->mode = mode;
	server->answer = answer;
	server->answer_size = strlen(answer);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	server->listener = listen_locally(SERVER_CONNECTIONS, &server->port);
	/* Signals are for the thread under test. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	assert_int_equal(pthread_create(&server->accepter, NULL, accept_all, server), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void server_stop(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_cond_broadcast(&server->changed);
	for (size_t i = 0; i < server->connections; i++) {
		if (server->sockets[i] >= 0)
			shutdown(server->sockets[i], SHUT_RDWR);
	}
	pthread_mutex_unlock(&server->lock);
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->accepter, NULL);
	close(server->listener);
	for (size_t i = 0; i < server->connections; i++)
		pthread_join(server->threads[i], NULL);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
}

void ask_server(const struct server *server, struct http_reply *ret)
{
	ask_host("127.0.0.1", server->port, 10000, ret);
}

size_t server_connections(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	size_t count = server->connections;
	pthread_mutex_unlock(&server->lock);
	return count;
}

size_t server_requests(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	size_t count = server->requests;
	pthread_mutex_unlock(&server->lock);
	return count;
}

/* --- ports where nobody answers ---------------------------------------------------------------------------------- */

int unused_port(void)
{
	int port;

	close(listen_locally(-1, &port));
	return port;
}

void crowd_gather(struct crowd *crowd)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	crowd->listener = listen_locally(0, &crowd->port);
	address.sin_port = htons((uint16_t)crowd->port);
	for (size_t i = 0; i < sizeof(crowd->members) / sizeof(crowd->members[0]); i++) {
		crowd->members[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_true(crowd->members[i] >= 0);
		if (connect(crowd->members[i], (struct sockaddr *)&address, sizeof(address)))
			assert_int_equal(errno, EINPROGRESS);
	}
}

void crowd_leave(struct crowd *crowd)
{
	for (size_t i = 0; i < sizeof(crowd->members) / sizeof(crowd->members[0]); i++)
		close(crowd->members[i]);
	close(crowd->listener);
}
