/* SPDX-License-Identifier: Apache-2.0 */
#include "link/http_private.h"

#include "roster/arena.h"
#include "roster/text.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Idle connections are kept for this many peers. A CA file that was replaced counts after a minute. The kernel takes so
 * much of a body at once, where libcurl would give it 64 KiB. */
enum { CONNECT_MS = 10000, IDLE_CONNECTIONS = 256, CA_CACHE_SECONDS = 60, UPLOAD_BYTES = 256 * 1024 };

struct http {
	CURLM *multi;
	struct exchange *first; /* under way */
	struct exchange *told;  /* the last reply's: its body is still lent out */
};

/* --- the handle -------------------------------------------------------------------------------------------------- */

static CURLcode library_status;

static void start_library(void)
{
	library_status = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_new(struct http **ret, struct error *err)
{
	/* Never undone: a thread that still waits for a name server may outlive its request. */
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start_library);
	if (library_status)
		return error_set(err, ERR_INTERNAL, "cannot start libcurl: %s", curl_easy_strerror(library_status));
	struct http *http = xcalloc(1, sizeof(*http));
	http->multi = curl_multi_init();
	if (!http->multi) {
		free(http);
		return error_set(err, ERR_INTERNAL, "cannot start libcurl: it has no memory");
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	*ret = http;
	return 0;
}

static void exchange_free(struct exchange **exchange)
{
	if (!*exchange)
		return;
	curl_easy_cleanup((*exchange)->easy);
	curl_url_cleanup((*exchange)->url);
	curl_slist_free_all((*exchange)->headers);
	str_free(&(*exchange)->body);
	free((*exchange)->peer);
	free(*exchange);
	*exchange = NULL;
}

static void enlist(struct http *http, struct exchange *exchange)
{
	exchange->next = http->first;
	exchange->link = &http->first;
	if (exchange->next)
		exchange->next->link = &exchange->next;
	http->first = exchange;
}

static void delist(struct http *http, struct exchange *exchange)
{
	curl_multi_remove_handle(http->multi, exchange->easy);
	*exchange->link = exchange->next;
	if (exchange->next)
		exchange->next->link = exchange->link;
}

static void abandon(struct http *http)
{
	for (struct exchange *exchange = http->first, *next; exchange; exchange = next) {
		next = exchange->next;
		curl_multi_remove_handle(http->multi, exchange->easy);
		exchange_free(&exchange);
	}
	http->first = NULL;
}

void http_free(struct http **http)
{
	if (!*http)
		return;
	abandon(*http);
	exchange_free(&(*http)->told);
	curl_multi_cleanup((*http)->multi);
	free(*http);
	*http = NULL;
}

/* --- what libcurl asks while it works ---------------------------------------------------------------------------- */

static bool is_refused(struct exchange *exchange, const struct sockaddr *address)
{
	if (address->sa_family == AF_UNIX)
		return false; /* who asks names it */
	const char *flaw = http_address_flaw(address, exchange->allow_loopback);

	if (flaw && !*exchange->flaw)
		snprintf(exchange->flaw, sizeof(exchange->flaw), "%s", flaw);
	return flaw != NULL;
}

/* Between the lookup and the connection: what is judged is what is called. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *exchange = context;

	(void)purpose;
	if (is_refused(exchange, &address->addr))
		return CURL_SOCKET_BAD;
	exchange->opened = true;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A connection that is used again was judged for another request, which may have been allowed more. */
static int judge_connection(void *context, char *peer, char *own, int peer_port, int own_port)
{
	struct exchange *exchange = context;
	struct sockaddr_storage address;

	(void)own;
	(void)peer_port;
	(void)own_port;
	if (exchange->local)
		return CURL_PREREQFUNC_OK;
	if (!http_address_parse(peer, &address) || is_refused(exchange, (struct sockaddr *)&address))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static size_t receive(char *bytes, size_t one, size_t size, void *context)
{
	struct exchange *exchange = context;
	size_t room = exchange->most - exchange->body.size;

	(void)one;
	exchange->cut = size > room;
	str_append(&exchange->body, bytes, exchange->cut ? room : size);
	/* Less than what came ends the transfer: nobody makes us read for ever. */
	return exchange->cut ? room : size;
}

/* --- one request ------------------------------------------------------------------------------------------------- */

static int refuse_url(const char *url, CURLUcode code, struct error *err)
{
	struct str shown = {0};

	if (strchr(url, '@'))
		str_add(&shown, "the URL (not shown, it may hold a password)");
	else
		str_printf(&shown, "the URL \"%s\"", url);
	if (code == CURLUE_USER_NOT_ALLOWED)
		error_set(err, ERR_CONFIG, "the URL must not hold a user name or password: use a header");
	else if (code == CURLUE_UNSUPPORTED_SCHEME || code == CURLUE_BAD_SCHEME)
		error_set(err, ERR_CONFIG, "%s must begin with https:// or http://", str_text(&shown));
	else
		error_set(err, ERR_CONFIG, "%s cannot be used: %s", str_text(&shown), curl_url_strerror(code));
	str_free(&shown);
	return -1;
}

static int parse_url(struct exchange *exchange, const char *url, struct error *err)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	struct str peer = {0};

	CURLUcode code = curl_url_set(exchange->url, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	if (!code)
		code = curl_url_get(exchange->url, CURLUPART_SCHEME, &scheme, 0);
	if (!code && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		code = CURLUE_UNSUPPORTED_SCHEME;
	if (!code)
		code = curl_url_get(exchange->url, CURLUPART_HOST, &host, 0);
	if (!code) {
		str_add(&peer, host);
		if (!curl_url_get(exchange->url, CURLUPART_PORT, &port, 0))
			str_printf(&peer, ":%s", port);
		exchange->peer = str_take(&peer);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return code ? refuse_url(url, code, err) : 0;
}

/* RFC 9110 5.6.2 */
static bool is_token(const char *text)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	return *text && text[strspn(text, letters)] == '\0';
}

static int check_header(const struct http_header *header, struct error *err)
{
	/* The value may be a secret and is not shown. */
	if (!is_token(header->name))
		return error_set(err, ERR_CONFIG, "\"%s\" is no name of a header: letters, digits and - are",
				 header->name);
	if (text_has_control(header->value, strlen(header->value)))
		return error_set(err, ERR_CONFIG, "the value of header %s holds a control character", header->name);
	if (text_equal_fold(header->name, "Content-Length") || text_equal_fold(header->name, "Transfer-Encoding"))
		return error_set(err, ERR_CONFIG, "header %s cannot be set: it follows from the body", header->name);
	return 0;
}

static void add_line(struct exchange *exchange, const char *line)
{
	struct curl_slist *list = curl_slist_append(exchange->headers, line);

	if (!list)
		die("out of memory");
	exchange->headers = list;
}

static int add_headers(struct exchange *exchange, const struct http_request *request, struct error *err)
{
	struct str line = {0};

	/* Those libcurl would add: a wait for "100 Continue", and a type that only a form has. */
	add_line(exchange, "Expect:");
	add_line(exchange, "Content-Type:");
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_header *header = &request->headers[i];
		if (check_header(header, err)) {
			str_free(&line);
			return -1;
		}
		str_clear(&line);
		/* A colon and nothing would take the header away. */
		str_printf(&line, "%s%s%s", header->name, *header->value ? ": " : ";", header->value);
		add_line(exchange, str_text(&line));
	}
	str_free(&line);
	return 0;
}

/* The options; 0 only when libcurl took them all, as none may be missing. */
static unsigned set_limits(struct exchange *exchange, int64_t timeout_ms)
{
	CURL *easy = exchange->easy;
	unsigned bad = 0;

	exchange->timeout_ms = timeout_ms < 1 ? 1 : timeout_ms < INT_MAX ? timeout_ms : INT_MAX;
	exchange->connect_ms = exchange->timeout_ms < CONNECT_MS ? exchange->timeout_ms : CONNECT_MS;
	bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)exchange->connect_ms);
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A name server that is silent must not hold up everybody: its thread is left alone. */
	bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, judge_connection);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
	return bad;
}

static unsigned set_tls(CURL *easy, const char *ca_file)
{
	unsigned bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_SECONDS);
	/* Debian's libcurl also trusts a folder of authorities: beside a file of the administrator's that is too much. */
	bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (ca_file && *ca_file)
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	return bad;
}

/* libcurl makes no copy of the key: it lives as long as the request's owner keeps it. */
static unsigned set_identity(CURL *easy, const struct http_request *request)
{
	unsigned bad = 0;

	if (!request->certificate)
		return 0;
	struct curl_blob key = {(void *)(uintptr_t)request->key->pem, request->key->size, CURL_BLOB_COPY};
	bad |= curl_easy_setopt(easy, CURLOPT_SSLCERT, request->certificate);
	bad |= curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
	return bad;
}

static unsigned set_exchange(struct exchange *exchange, const struct http_request *request)
{
	CURL *easy = exchange->easy;
	unsigned bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->detail);
	bad |= curl_easy_setopt(easy, CURLOPT_CURLU, exchange->url);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
	if (request->get) {
		bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	} else {
		bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
		/* NULL would make libcurl ask a callback for the body. */
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->size ? request->body : "");
	}
	if (request->socket)
		bad |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket);
	bad |= curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	return bad;
}

static int prepare(struct exchange *exchange, const struct http_request *request, struct error *err)
{
	exchange->easy = curl_easy_init();
	exchange->url = curl_url();
	if (!exchange->easy || !exchange->url)
		die("out of memory");
	exchange->context = request->context;
	exchange->allow_loopback = request->allow_loopback;
	exchange->local = request->socket != NULL;
	exchange->most = request->most ? request->most : HTTP_REPLY_MAX;
	if (parse_url(exchange, request->url, err) || add_headers(exchange, request, err))
		return -1;
	if (set_limits(exchange, request->timeout_ms) | set_tls(exchange->easy, request->ca_file) |
	    set_identity(exchange->easy, request) | set_exchange(exchange, request))
		return error_set(err, ERR_INTERNAL, "libcurl refuses an option that roster needs");
	return 0;
}

int http_start(struct http *http, const struct http_request *request, struct error *err)
{
	struct exchange *exchange = xcalloc(1, sizeof(*exchange));

	exchange_free(&http->told);
	if (prepare(exchange, request, err)) {
		exchange_free(&exchange);
		return -1;
	}
	CURLMcode code = curl_multi_add_handle(http->multi, exchange->easy);
	if (code) {
		exchange_free(&exchange);
		return error_set(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
	}
	enlist(http, exchange);
	return 0;
}

/* --- waiting ----------------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int library_failed(CURLMcode code, struct error *err)
{
	return error_set(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
}

/* Do what can be done without waiting. 1 when a signal came meanwhile: it is let through at the end, and was kept back
 * because libcurl's threads, which look names up, are made here and must not take signals from the one who waits. */
static int perform(struct http *http, struct error *err)
{
	sigset_t all, before, pending;
	int running, came = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	CURLMcode code = curl_multi_perform(http->multi, &running);
	sigpending(&pending);
	for (int number = 1; number < NSIG; number++)
		came |= sigismember(&pending, number) == 1 && sigismember(&before, number) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code ? library_failed(code, err) : came;
}

/* 1 when the caller has to look: at fd, or because of a signal. */
static int await(struct http *http, int fd, int64_t wait_ms, struct error *err)
{
	struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};
	int ready = 0;

	/* libcurl makes a wait of its own end early look like one that was interrupted: errno tells them apart. */
	errno = 0;
	CURLMcode code =
	    curl_multi_poll(http->multi, &extra, fd >= 0, wait_ms < INT_MAX ? (int)wait_ms : INT_MAX, &ready);
	bool interrupted = ready == 0 && errno == EINTR;
	if (code)
		return library_failed(code, err);
	return interrupted || extra.revents;
}

static bool take_reply(struct http *http, struct http_reply *ret)
{
	CURLMsg *message;
	int left;

	do
		message = curl_multi_info_read(http->multi, &left);
	while (message && message->msg != CURLMSG_DONE);
	if (!message)
		return false;
	/* The message dies with the handle's membership. */
	CURLcode code = message->data.result;
	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&http->told);
	delist(http, http->told);
	http_reply_fill(http->told, code, ret);
	return true;
}

int http_next(struct http *http, int fd, int64_t wait_ms, struct http_reply *ret, struct error *err)
{
	int64_t started = now_ms(), passed = 0;

	exchange_free(&http->told);
	for (;;) {
		int came = perform(http, err);
		if (came < 0)
			return -1;
		if (take_reply(http, ret))
			return 1;
		if (came || passed >= wait_ms)
			return 0;
		came = await(http, fd, wait_ms - passed, err);
		if (came)
			return came < 0 ? -1 : 0;
		passed = now_ms() - started;
	}
}

int http_fetch(struct http *http, const struct http_request *request, struct http_reply *ret, struct error *err)
{
	/* The exchange has deadlines of its own, and ends by them. */
	int came =
	    http_start(http, request, err) ? -1 : http_next(http, -1, request->timeout_ms + CONNECT_MS, ret, err);

	if (came == 1)
		return 0;
	abandon(http);
	return came < 0 ? -1 : error_set(err, ERR_CONFLICT, "a signal came before the answer");
}
