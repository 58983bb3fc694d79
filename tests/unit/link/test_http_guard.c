/* SPDX-License-Identifier: Apache-2.0 */
/* What never leaves: requests that are wrong, and those that lead where nothing must be sent. */
#include "roster/http.h"

#include "http_fixture.h"

#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static struct server server; /* large */

/* --- a name service of our own ----------------------------------------------------------------------------------- */

/* What names resolve to, in order; libcurl asks in threads of its own. */
static const struct {
	const char *name, *addresses[2];
} names[] = {
    {"here.test", {"127.0.0.1"}},
    {"metadata.test", {"169.254.169.254"}},
    {"mapped.test", {"::ffff:169.254.169.254"}},
    {"mixed.test", {"169.254.169.254", "127.0.0.1"}},
    {"both.test", {"169.254.169.254", "0.0.0.0"}},
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t waiting;     /* lookups of slow.test under way */
	bool open;          /* they may end */
	bool takes_signals; /* a lookup ran in a thread that does */
} resolver = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false, false};

static void note_signals(void)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	pthread_mutex_lock(&resolver.lock);
	resolver.takes_signals |= !sigismember(&mask, SIGTERM) || !sigismember(&mask, SIGHUP);
	pthread_mutex_unlock(&resolver.lock);
}

static int resolve_slowly(void)
{
	pthread_mutex_lock(&resolver.lock);
	resolver.waiting++;
	pthread_cond_broadcast(&resolver.changed);
	while (!resolver.open)
		pthread_cond_wait(&resolver.changed, &resolver.lock);
	resolver.waiting--;
	pthread_cond_broadcast(&resolver.changed);
	pthread_mutex_unlock(&resolver.lock);
	return EAI_AGAIN;
}

static int resolve_really(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	return next(name, service, hints, ret);
}

/* Stands before the C library's: libcurl, too, calls this one. */
int resolve(const char *name, const char *service, const struct addrinfo *hints,
	    struct addrinfo **ret) __asm__("getaddrinfo");

int resolve(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	size_t i = 0;

	note_signals();
	if (strcmp(name, "slow.test") == 0)
		return resolve_slowly();
	while (i < COUNT(names) && strcmp(name, names[i].name) != 0)
		i++;
	if (i == COUNT(names))
		return EAI_NONAME;
	*ret = NULL;
	for (size_t k = 0; k < 2 && names[i].addresses[k]; k++) {
		struct addrinfo **end = ret;
		while (*end)
			end = &(*end)->ai_next;
		if (resolve_really(names[i].addresses[k], service, hints, end))
			return EAI_FAIL;
	}
	return 0;
}

/* --- addresses --------------------------------------------------------------------------------------------------- */

static void ask_strictly(const char *host, struct http_reply *ret)
{
	struct http_request request = {.body = "{}", .size = 2, .timeout_ms = 10000};
	char url[256];

	snprintf(url, sizeof(url), "http://%s:%d/hook", host, server.port);
	request.url = url;
	ask(&request, ret);
}

static void addresses_are_judged_however_they_are_spelt(void **state)
{
	static const char *const hosts[] = {
	    "169.254.169.254",
	    "0xa9.254.169.254",
	    "0251.0376.0251.0376",
	    "2852039166",
	    "169.16689662",
	    "[fe80::1]",
	    "[::ffff:169.254.169.254]",
	    "[::ffff:a9fe:a9fe]",
	    "[::a9fe:a9fe]",
	    "[2002:a9fe:a9fe::]",
	    "[64:ff9b::a9fe:a9fe]",
	    "0.0.0.0",
	    "0",
	    "[::]",
	    "255.255.255.255",
	    "224.0.0.1",
	    "100.100.100.200",
	};
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		ask_host(hosts[i], 80, 10000, &reply);
		assert_failed(&reply, ERR_DENIED, "leads to an address that is never called: ");
	}
}

static void names_are_judged_by_what_they_resolve_to(void **state)
{
	struct http_reply reply;

	(void)state;
	ask_host("metadata.test", 80, 10000, &reply);
	assert_failed(&reply, ERR_DENIED, "169.254.169.254 is a link-local address");
	assert_non_null(strstr(reply.error.text, "metadata.test"));
	ask_host("mapped.test", 80, 10000, &reply);
	assert_failed(&reply, ERR_DENIED, "holds 169.254.169.254, a link-local address");
	ask_host("both.test", 80, 10000, &reply);
	assert_failed(&reply, ERR_DENIED, "169.254.169.254 is a link-local address");
}

static void loopback_is_refused_unless_allowed(void **state)
{
	static const char *const hosts[] = {
	    "localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "here.test", "x.localhost",
	};
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ANSWERS, OK);
	for (size_t i = 0; i < COUNT(hosts); i++) {
		ask_strictly(hosts[i], &reply);
		assert_failed(&reply, ERR_DENIED, "a loopback address (a URL that says localhost");
	}
	assert_int_equal(server_connections(&server), 0);
	ask_host("localhost", server.port, 10000, &reply);
	assert_int_equal(reply.status, 200);
	ask_host("here.test", server.port, 10000, &reply);
	assert_int_equal(reply.status, 200);
	server_stop(&server);
}

static void kept_connection_is_judged_again(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ANSWERS, OK);
	for (int round = 0; round < 3; round++) {
		ask_host("here.test", server.port, 10000, &reply);
		assert_int_equal(reply.status, 200);
		ask_strictly("here.test", &reply);
		assert_failed(&reply, ERR_DENIED, "127.0.0.1 is a loopback address");
	}
	assert_int_equal(server_requests(&server), 3);
	server_stop(&server);
}

static void good_address_is_called_when_another_is_refused(void **state)
{
	struct http_reply reply;

	(void)state;
	server_start(&server, SERVER_ANSWERS, OK);
	ask_strictly("mixed.test", &reply);
	assert_failed(&reply, ERR_DENIED, "169.254.169.254 is a link-local address");
	ask_host("mixed.test", server.port, 10000, &reply);
	assert_int_equal(reply.status, 200);
	assert_int_equal(server_requests(&server), 1);
	server_stop(&server);
	/* The refusal is not why this one fails. */
	ask_host("mixed.test", unused_port(), 10000, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "Connection refused");
}

/* --- names that lead nowhere ------------------------------------------------------------------------------------- */

static void unknown_name_is_unreachable(void **state)
{
	struct http_reply reply;

	(void)state;
	ask_host("nowhere.test", 80, 10000, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "nowhere.test:80 cannot be reached: Could not resolve host");
}

static void silent_name_server_holds_nobody_up(void **state)
{
	struct http_reply reply;

	(void)state;
	double begin = seconds_of(CLOCK_MONOTONIC);
	ask_host("slow.test", 80, 300, &reply);
	assert_failed(&reply, ERR_UNREACHABLE, "slow.test:80 cannot be reached: no connection within 300ms");
	start("http://slow.test/", 60000, NULL);
	assert_int_equal(http_next(http, -1, 100, &reply, NULL), 0);
	http_free(&http);
	assert_true(seconds_of(CLOCK_MONOTONIC) - begin < 5);

	pthread_mutex_lock(&resolver.lock);
	resolver.open = true;
	pthread_cond_broadcast(&resolver.changed);
	while (resolver.waiting > 0)
		pthread_cond_wait(&resolver.changed, &resolver.lock);
	pthread_mutex_unlock(&resolver.lock);
	/* Signals are for the one who waits. */
	assert_false(resolver.takes_signals);
}

/* --- requests that can never be sent ----------------------------------------------------------------------------- */

static void assert_refused(const char *url, const struct http_header *header, const char *part)
{
	struct http_request request = {.url = url, .headers = header, .header_count = 1, .timeout_ms = 10000};
	struct http_reply reply;
	struct error err = {0};

	if (http_start(http, &request, &err) != -1)
		fail_msg("%s with header %s is accepted", url, header->name);
	if (err.class != ERR_CONFIG || !strstr(err.text, part))
		fail_msg("%s: %s: %s", url, error_class_name(err.class), err.text);
	assert_null(strstr(err.text, "secret"));
	/* And so it is never answered. */
	assert_int_equal(http_next(http, -1, 0, &reply, &err), 0);
}

static void wrong_url_is_refused_at_once(void **state)
{
	static const struct http_header header = {"a", "b"};
	static const struct {
		const char *url, *part;
	} urls[] = {
	    {"", "the URL \"\" must begin with https:// or http://"},
	    {"http://", "cannot be used"},
	    {"hook.test/path", "must begin with https:// or http://"},
	    {"//hook.test/path", "must begin with https:// or http://"},
	    {"ftp://hook.test/", "must begin with https:// or http://"},
	    {"file:///etc/passwd", "must begin with https:// or http://"},
	    {"gopher://hook.test/", "must begin with https:// or http://"},
	    {"ldap://hook.test/", "must begin with https:// or http://"},
	    {"unknown://hook.test/", "must begin with https:// or http://"},
	    {"http://hook.test:99999/", "cannot be used"},
	    {"http://hook.test:x/", "cannot be used"},
	    {"http://hook test/", "cannot be used"},
	    {"http://hook.test/\r\nX: y", "cannot be used"},
	    {"http://hook.test/\tx", "cannot be used"},
	    {"http://[::1/", "cannot be used"},
	    {"http://user:secret@hook.test/", "must not hold a user name"},
	    {"http://user@hook.test/", "must not hold a user name"},
	    {"http://user:secret#@hook.test/", "not shown"},
	    {"ftp://user:secret@hook.test/", "must not hold a user name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++)
		assert_refused(urls[i].url, &header, urls[i].part);
}

static void wrong_header_is_refused_at_once(void **state)
{
	static const struct http_header headers[] = {
	    {"x", "secret\r\nInjected: yes"},
	    {"x", "secret\n"},
	    {"x", "\rsecret"},
	    {"x", "secret\x7f"},
	    {"x", "secret\x01"},
	    {"x\r\nInjected: yes", "secret"},
	    {"x: y", "secret"},
	    {"x\t", "secret"},
	    {"", "secret"},
	    {"Content-Length", "secret"},
	    {"transfer-encoding", "chunked"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_refused("http://hook.test/", &headers[i], "header");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(addresses_are_judged_however_they_are_spelt),
	    TEST(names_are_judged_by_what_they_resolve_to),
	    TEST(loopback_is_refused_unless_allowed),
	    TEST(kept_connection_is_judged_again),
	    TEST(good_address_is_called_when_another_is_refused),
	    TEST(unknown_name_is_unreachable),
	    TEST(silent_name_server_holds_nobody_up),
	    TEST(wrong_url_is_refused_at_once),
	    TEST(wrong_header_is_refused_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
